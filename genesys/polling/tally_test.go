package polling

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnAnswerThatIsNotUnderstoodHoldsUpNoOtherUnlessAllAreSo(t *testing.T) {
	odd, broken := notUnderstood("a page"), errors.New("broken")
	var one tally
	for _, err := range []error{odd, nil, odd, odd, odd, odd, nil} {
		require.NoError(t, one.note(err))
	}
	require.NoError(t, one.err())
	require.Equal(t, broken, one.note(broken))
	var all tally
	require.NoError(t, all.err(), "nothing was asked")
	require.NoError(t, all.note(odd))
	require.Equal(t, odd, all.err())
	require.NoError(t, all.note(odd))
	require.Equal(t, odd, all.note(odd), "the others are not asked for")
}
