package polling

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAJobThatFailsAgainIsARefusalOfItsInterval(t *testing.T) {
	f, from := newFailedJobs(), time.Unix(0, 0)
	failed := &jobError{"FAILED"}
	require.False(t, refused(f.judge(from, failed)), "it may pass")
	require.False(t, refused(f.judge(from.Add(time.Hour), failed)), "another interval")
	require.True(t, refused(f.judge(from, failed)))
	require.NoError(t, f.judge(from, nil))
	require.False(t, refused(f.judge(from, failed)), "it worked in between")
	broken := errors.New("broken")
	require.Equal(t, broken, f.judge(from, broken))
}

// The position may have been saved by a process in another time zone.
func TestAJobIsTheSameInWhateverTimeZoneItsStartIsGiven(t *testing.T) {
	f, from, failed := newFailedJobs(), time.Unix(1e9, 0), &jobError{"FAILED"}
	require.NotErrorIs(t, f.judge(from.In(time.FixedZone("", 5*3600+1800)), failed), errRefused)
	require.ErrorIs(t, f.judge(from.In(time.FixedZone("", 5*3600+1800)), failed), errRefused)
}
