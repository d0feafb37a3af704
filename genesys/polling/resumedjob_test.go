package polling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAJobThatCannotBeResumedTimeAndAgainIsGivenUp(t *testing.T) {
	var r resumedJob
	require.False(t, r.failed("a"))
	require.False(t, r.failed("a"))
	require.False(t, r.failed("b"), "another job")
	require.False(t, r.failed("b"))
	require.True(t, r.failed("b"))
}
