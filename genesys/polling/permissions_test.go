package polling

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

func TestAReadWithoutARightIsLeftOutForAWhileAfterSomeTries(t *testing.T) {
	p := newPermissions(slog.New(slog.DiscardHandler))
	forbidden, broken := &genesys.APIError{Status: http.StatusForbidden, Code: "missing.permissions"}, errors.New("broken")
	tries := 0
	do := func(err error) error { return p.try("surveys", "a right", func() error { tries++; return err }) }
	require.NoError(t, do(forbidden))
	require.NoError(t, do(forbidden))
	require.ErrorIs(t, do(broken), broken, "another error is one")
	for range 10 {
		require.NoError(t, do(forbidden))
	}
	require.Equal(t, 3+mostRefused, tries)
	require.True(t, p.leftOut("surveys", time.Now()))
	require.False(t, p.leftOut("surveys", time.Now().Add(leaveOut)))
	require.False(t, p.leftOut("jobs", time.Now()))
}

func TestAReadThatIsAllowedInBetweenIsNotLeftOut(t *testing.T) {
	p, now := newPermissions(slog.New(slog.DiscardHandler)), time.Unix(1e9, 0)
	for n := range 10 * mostRefused {
		require.False(t, p.note("surveys", "a right", n%mostRefused != 0, now), "one refusal may be one conversation's division")
	}
	require.False(t, p.leftOut("surveys", now))
	require.Empty(t, p.refusals(now))
}

func TestWhatIsLeftOutIsListedWithTheRightThatIsMissingUntilItIsTriedAgain(t *testing.T) {
	p, now := newPermissions(slog.New(slog.DiscardHandler)), time.Unix(1e9, 0)
	for _, what := range []string{"surveys", "jobs", "evaluations"} {
		for n := range mostRefused {
			forbidden := what != "evaluations"
			require.Equal(t, forbidden && n == mostRefused-1, p.note(what, "the right for "+what, forbidden, now), "it is said once")
		}
	}
	until := now.Add(leaveOut).UTC()
	require.Equal(t, []conversation.RefusedRead{
		{Read: "jobs", MissingPermissions: []string{"the right for jobs"}, Until: until},
		{Read: "surveys", MissingPermissions: []string{"the right for surveys"}, Until: until},
	}, p.refusals(until.Add(-1)))
	require.Empty(t, p.refusals(until))
}

// Reads wait for the platform: none of them may hold up the others meanwhile.
func TestReadsOfDifferentKindsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPermissions(slog.New(slog.DiscardHandler))
		var reading sync.WaitGroup
		began := time.Now()
		for _, what := range []string{"surveys", "jobs", "surveys", "evaluations"} {
			reading.Go(func() {
				_ = p.try(what, "a right", func() error { time.Sleep(time.Minute); return nil })
			})
		}
		reading.Wait()
		require.Equal(t, time.Minute, time.Since(began))
	})
}
