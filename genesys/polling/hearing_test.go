package polling

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// said returns what the hearing reports now.
func said(h *hearing) (is conversation.SourceHealth) {
	h.say(&is, time.Now())
	return is
}

// taking is a task that takes a second and then returns *err.
func taking(err *error) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(time.Second)
		return *err
	}
}

func TestItHearsSinceTheLastOfTheTasksSucceededFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fine error
		h := &hearing{}
		follow, discover := h.watch(taking(&fine)), h.watch(taking(&fine))
		require.NoError(t, discover(t.Context()))
		require.Zero(t, said(h).HeardSince, "the other has not been done yet")
		require.NoError(t, follow(t.Context()))
		since := time.Now()
		time.Sleep(time.Minute)
		require.NoError(t, discover(t.Context()))
		is := said(h)
		require.True(t, is.HeardSince.Equal(since), "what succeeds again goes on")
		require.Equal(t, time.UTC, is.HeardSince.Location())
		require.Zero(t, is.BlindSince)
	})
}

func TestItIsBlindSinceWhatFailsLastSucceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fine, trouble, other error
		h := &hearing{}
		discover, follow := h.watch(taking(&trouble)), h.watch(taking(&other))
		require.Equal(t, fine, discover(t.Context()))
		since := time.Now()
		require.Equal(t, fine, follow(t.Context()))
		time.Sleep(time.Minute)
		trouble, other = errors.New("no connection"), errors.New("something else")
		for range 3 {
			require.Error(t, follow(t.Context()))
			require.Error(t, discover(t.Context()))
			time.Sleep(time.Minute)
		}
		is := said(h)
		require.True(t, is.BlindSince.Equal(since), "the one that succeeded longest ago decides")
		require.Equal(t, "no connection", is.Reason)
		require.Zero(t, is.HeardSince)
		trouble, other = nil, nil
		require.NoError(t, discover(t.Context()))
		require.Equal(t, "something else", said(h).Reason)
		require.NoError(t, follow(t.Context()))
		is = said(h)
		require.Zero(t, is.BlindSince)
		require.True(t, is.HeardSince.Equal(time.Now()), "it was blind until now")
	})
}

func TestWhatHasNeverSucceededIsBlindSinceItWasFirstTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trouble := errors.New("no connection")
		h := &hearing{}
		discover, began := h.watch(taking(&trouble)), time.Now()
		for range 3 {
			require.Error(t, discover(t.Context()))
		}
		require.True(t, said(h).BlindSince.Equal(began))
	})
}

func TestBeingStoppedIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fine error
		h := &hearing{}
		discover := h.watch(taking(&fine))
		require.NoError(t, discover(t.Context()))
		since := time.Now()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		fine = context.Canceled
		require.Error(t, discover(ctx))
		is := said(h)
		require.Zero(t, is.BlindSince)
		require.True(t, is.HeardSince.Equal(since))
	})
}

func TestItIsBlindWhileWhatIsBeingReadGetsNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hearing{}
		end := make(chan struct{})
		discover := h.watch(func(context.Context) error { <-end; return nil })
		var reading sync.WaitGroup
		reading.Go(func() { _ = discover(t.Context()) })
		for range 5 { // a long read hears with each answer
			time.Sleep(mostQuiet)
			require.Zero(t, said(h).BlindSince)
			h.answer(time.Now())
		}
		since := time.Now()
		time.Sleep(mostQuiet + 1)
		is := said(h)
		require.True(t, is.BlindSince.Equal(since))
		require.True(t, is.LastHeard.Equal(since))
		require.NotEmpty(t, is.Reason)
		paused := conversation.SourceHealth{API: &conversation.APIHealth{PauseReason: "the rate limit"}}
		h.say(&paused, time.Now())
		require.Equal(t, "the rate limit", paused.Reason, "that is why")
		close(end)
		reading.Wait()
		require.Zero(t, said(h).BlindSince)
		time.Sleep(10 * mostQuiet)
		require.Zero(t, said(h).BlindSince, "nothing is being read, so no answer is due")
	})
}

func TestARefusedReadNamesThePermissionThatItNeeds(t *testing.T) {
	for _, named := range [][]string{nil, {"some:other:view"}} {
		synctest.Test(t, func(t *testing.T) {
			var refused error = &genesys.APIError{Status: http.StatusForbidden, Code: "missing.permissions", MissingPermissions: named}
			h := &hearing{}
			require.Error(t, h.watch(taking(&refused))(t.Context()))
			want := named
			if want == nil {
				want = []string{readRecords}
			}
			require.Equal(t, want, said(h).MissingPermissions)
		})
	}
}

func TestItIsSaidHowItHearsWhileEverythingIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fine error
		h := &hearing{}
		var working sync.WaitGroup
		for range 4 {
			do := h.watch(taking(&fine))
			working.Go(func() {
				for range 100 {
					_ = do(t.Context())
					h.answer(time.Now())
					_ = said(h)
				}
			})
		}
		working.Wait()
		is := said(h)
		require.False(t, is.HeardSince.IsZero())
		require.True(t, is.LastHeard.Equal(time.Now()))
	})
}
