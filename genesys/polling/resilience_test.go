package polling_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
)

// still is a poller that does nothing by itself but follow, so that only a
// repair can find something.
var still = polling.Config{DiscoverEvery: 24 * time.Hour, FollowEvery: 24 * time.Hour, FollowBeside: 24 * time.Hour, FollowLeast: 24 * time.Hour,
	JobsEvery: -1, LateAfter: []time.Duration{}}

// gap has a gap repaired that ends now.
func (w *world) gap(from time.Time) {
	w.source.Repair(conversation.Gap{Source: "notifications", From: from, To: time.Now()})
}

func TestAGapThatComesDuringARepairIsRepairedToo(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(still)
		w.settle(time.Minute)
		first := time.Now()
		for i := range 300 {
			w.waiting(fmt.Sprintf("o-%03d", i))
		}
		w.settle(time.Minute)
		w.gap(first)
		w.settle(20 * time.Second) // discovering is done, the live reads go on
		second := time.Now()
		w.call("c-new") // nobody hears it
		w.settle(10 * time.Second)
		require.Zero(t, w.source.Stats().Repaired)
		w.gap(second)
		w.settle(time.Hour)
		require.Equal(t, int64(2), w.source.Stats().Repaired)
		require.Equal(t, conversation.StatusActive, w.status("c-new"))
	})
}

// TestNoGapIsLostWithTheAnswersOfTheStore has two gaps that began at the same time,
// as two processes can report them, the second one during the repair of the first.
func TestNoGapIsLostWithTheAnswersOfTheStore(t *testing.T) {
	for name, loses := range map[string]func(n int) bool{
		"none is lost":               nil,
		"each first answer is lost":  func(n int) bool { return n%2 == 0 },
		"each second answer is lost": func(n int) bool { return n%2 == 1 },
		"two of three are lost":      func(n int) bool { return n%3 != 0 },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(still)
				w.settle(time.Minute)
				w.frail.loses = loses
				first := time.Now()
				for i := range 300 {
					w.waiting(fmt.Sprintf("o-%03d", i))
				}
				w.settle(time.Minute)
				w.gap(first)
				w.settle(20 * time.Second) // discovering is done, the live reads go on
				w.call("c-new")            // nobody hears it
				w.settle(10 * time.Second)
				require.Zero(t, w.source.Stats().Repaired)
				w.gap(first)
				w.settle(time.Hour)
				w.demand([]string{"c-new"})
			})
		})
	}
}

func TestARepairComesToItsEndAlthoughSomeCallsFail(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(still)
		from := time.Now()
		for i := range 300 {
			w.waiting(fmt.Sprintf("c-%04d", i))
		}
		w.settle(time.Minute)
		w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusServiceUnavailable, Chance: 0.05})
		w.gap(from)
		w.settle(10 * time.Minute)
		require.Equal(t, int64(1), w.source.Stats().Repaired)
	})
}

func TestAConversationThatTheStoreRefusesHoldsUpNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.refuse(func(c *conversation.Conversation) bool { return strings.HasPrefix(c.ID, "bad") })
		w.start(polling.Config{})
		w.waiting("bad")
		w.call("good")
		w.settle(20 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.status("good"))
	})
}

func TestItHearsAgainSoonAfterTheStoreIsBack(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var down atomic.Bool
		w.refuseWith(func(*conversation.Conversation) error {
			if down.Load() {
				return errors.New("the store is down")
			}
			return nil
		})
		w.start(polling.Config{})
		w.settle(time.Minute)
		down.Store(true)
		w.waiting("c-1")
		w.settle(10 * time.Minute)
		require.NotZero(t, w.source.Health().BlindSince)
		down.Store(false)
		w.settle(5 * time.Second)
		require.Zero(t, w.source.Health().BlindSince)
		require.Equal(t, conversation.StatusQueued, w.status("c-1"))
	})
}

// divisionCodes are what the platform says of a conversation in a division in which the
// client lacks the permission (protocol 8.4).
var divisionCodes = []string{"missing.division.permission", "missing.any.division.permissions"}

func TestRefusalsOfDivisionsDoNotSwitchLiveReadsOff(t *testing.T) {
	for _, code := range divisionCodes {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(still)
			from := time.Now()
			for i := range 50 {
				w.waiting(fmt.Sprintf("c-%04d", i))
			}
			w.settle(time.Minute)
			w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, path string) bool { return path == livePath },
				Status: http.StatusForbidden, Code: code, Times: 10})
			w.gap(from)
			w.settle(10 * time.Minute)
			require.Len(t, exactly(w.requests(livePath, from), livePath), 50)
			require.Empty(t, w.source.Health().RefusedReads)
			require.Equal(t, 1, strings.Count(w.log.String(), "division"), "it is said once")
		})
	}
}

func TestRefusalsOfDivisionsDoNotSwitchLateReadsOff(t *testing.T) {
	for _, code := range divisionCodes {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
			w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
				if r.Path == "/api/v2/quality/evaluations/query" && strings.HasPrefix(r.Query.Get("conversationId"), "b-") {
					return nil, &genesys.APIError{Method: http.MethodGet, Path: r.Path, Status: http.StatusForbidden, Code: code}
				}
				return body, err
			})
			for _, id := range []string{"b-1", "b-2", "b-3"} {
				w.judged(id)
			}
			w.settle(2 * time.Minute)
			w.judged("a-1")
			w.settle(2 * time.Hour)
			require.True(t, w.get("a-1").Evaluations[0].Detailed())
			require.True(t, w.get("b-1").Surveys[0].Detailed())
		})
	}
}

// A job concerns no division of its own: the permission is missing in all of them.
func TestARefusalOfJobsInAllDivisionsIsAMissingPermission(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, path string) bool { return strings.HasPrefix(path, jobsPath) },
			Status: http.StatusForbidden, Code: "missing.any.division.permissions"})
		w.start(polling.Config{JobsEvery: time.Minute, LateAfter: []time.Duration{}})
		w.settle(10 * time.Minute)
		refused := w.source.Health().RefusedReads
		require.Len(t, refused, 1)
		require.Equal(t, "details jobs", refused[0].Read)
	})
}

func TestAnOddAnswerDoesNotEndTheSource(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusConflict, http.StatusBadRequest} {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(polling.Config{})
			w.settle(time.Minute)
			w.server.Faults().Requests(genesystest.RequestFault{Match: func(_, path string) bool { return path == queryPath }, Status: status, Times: 2})
			w.call("c-1")
			w.settle(20 * time.Minute)
			require.Equal(t, conversation.StatusEnded, w.status("c-1"))
		})
	}
}

// TestARefusalThatIsNotThePlatformsDoesNotEndTheSource: a 403 of a proxy or a firewall
// has no code of the platform, and one of the login host says nothing of what the
// client may read.
func TestARefusalThatIsNotThePlatformsDoesNotEndTheSource(t *testing.T) {
	for _, strange := range strangeRefusals {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(polling.Config{})
			w.settle(time.Minute)
			times := 0
			w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
				if r.Path == queryPath && times < 2 {
					times++
					return nil, strange(r)
				}
				return body, err
			})
			w.call("c-1")
			w.settle(time.Minute)
			require.NotContains(t, w.source.Health().MissingPermissions, "analytics:conversationDetail:view")
			w.settle(20 * time.Minute)
			require.Equal(t, 2, times)
			require.Equal(t, conversation.StatusEnded, w.status("c-1"))
		})
	}
}

func TestAStateOfAClockThatWasAheadHidesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		stop := w.start(polling.Config{})
		w.settle(time.Minute)
		stop()
		_, version, err := w.store.Value(t.Context(), "polling")
		require.NoError(t, err)
		ahead := time.Now().Add(24 * time.Hour).Format(time.RFC3339)
		_, err = w.store.SetValue(t.Context(), "polling", fmt.Appendf(nil, `{"discovered":%q,"late":{"1h0m0s":%q}}`, ahead, ahead), version)
		require.NoError(t, err)
		w.start(polling.Config{})
		w.waiting("c-1")
		w.settle(10 * time.Minute)
		require.Equal(t, conversation.StatusQueued, w.status("c-1"))
	})
}

func TestActivityIsReadAlthoughTheClockWasAheadAtTheFirstStart(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.startAt(polling.Config{}, `{"discovered":%[1]q,"jobs":%[2]q}`, time.Now().Add(300*day))
		w.waiting("c-1")
		w.settle(3 * time.Hour)
		require.NotZero(t, w.source.Stats().Active)
	})
}

// Leadership moves between processes, and no two clocks are the same.
func TestAClockThatIsALittleBehindReadsNothingAnew(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.settle(3 * day)
		w.startAt(still, `{"discovered":%[2]q}`, time.Now().Add(30*time.Second))
		w.settle(time.Minute)
		asked := w.calls.questions()
		require.NotEmpty(t, asked)
		for _, q := range asked {
			require.WithinDuration(t, time.Now(), q.from, 2*time.Hour)
		}
	})
}

// When a gap begins in the future, it was recorded by a clock that was ahead, and
// when it began is unknown.
func TestAGapOfAClockThatWasAheadIsRepairedAsFarAsTheSourceLooksBack(t *testing.T) {
	ahead := func() time.Time { return time.Now().Add(24 * time.Hour) }
	for name, start := range map[string]func(w *world){
		"announced": func(w *world) {
			w.startAt(still, `{"discovered":%[1]q,"repair":%[2]q}`, time.Time{})
			w.settle(time.Minute)
			w.gap(ahead())
		},
		"saved":      func(w *world) { w.startAt(still, `{"discovered":%[1]q,"repair":%[2]q}`, ahead()) },
		"saved next": func(w *world) { w.startAt(still, `{"discovered":%[1]q,"repair":%[1]q,"repairNext":%[2]q}`, ahead()) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.settle(12 * time.Hour)
				w.call("c-1")
				w.settle(20 * time.Hour) // to the next day, as the platform selects by day
				start(w)
				w.settle(10 * time.Minute)
				w.demand([]string{"c-1"})
				require.NotZero(t, w.source.Stats().Repaired)
			})
		})
	}
}

// startAt starts the source with a stored state, into which the present time and
// another time are formatted.
func (w *world) startAt(c polling.Config, state string, other time.Time) {
	w.t.Helper()
	_, err := w.store.SetValue(w.t.Context(), "polling", fmt.Appendf(nil, state, time.Now().Format(time.RFC3339), other.Format(time.RFC3339)), 0)
	require.NoError(w.t, err)
	w.start(c)
}

func TestWhatEndedWhileTheProcessWasDownGetsItsLateReads(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		c := polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour, 24 * time.Hour}}
		stop := w.start(c)
		w.settle(10 * time.Minute)
		stop()
		w.call("c-1")
		w.settle(25 * time.Hour)
		w.server.Faults().Slow(time.Second)
		w.start(c)
		w.settle(time.Hour)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
		require.NotZero(t, w.source.Stats().Late)
	})
}

// contended loses every race for a while, as when many processes note gaps at
// once.
type contended struct {
	*world
	races int
}

func (c *contended) lose(ctx context.Context) {
	if c.races > 0 {
		c.races--
		value, version, err := c.store.Value(ctx, "polling")
		require.NoError(c.t, err)
		if _, err = c.store.SetValue(ctx, "polling", value, version); !errors.Is(err, store.ErrConflict) { // else the source was faster
			require.NoError(c.t, err)
		}
	}
}

func TestAGapIsNotLostInARaceForTheState(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(still)
		w.settle(time.Minute)
		from := time.Now()
		w.call("c-1")
		w.settle(10 * time.Minute)
		c := &contended{world: w, races: 20}
		w.gap(from)
		for range 40 {
			c.lose(t.Context())
			time.Sleep(5 * time.Millisecond)
		}
		w.settle(10 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
	})
}

// TestWhatEndedWhileTheAPIDidNotAnswerGetsItsLateReads has the API stop answering
// for hours at each minute around the end of a conversation.
func TestWhatEndedWhileTheAPIDidNotAnswerGetsItsLateReads(t *testing.T) {
	for minute := range 8 {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
			w.settle(10 * time.Minute)
			w.judged("c-1")
			w.settle(time.Duration(minute) * time.Minute)
			undo := w.server.Faults().ServerErrors(0, http.StatusServiceUnavailable)
			w.settle(3 * time.Hour)
			undo()
			w.settle(20 * time.Minute)
			c := w.get("c-1")
			require.Equal(t, conversation.StatusEnded, c.Status)
			require.True(t, len(c.Surveys) == 1 && c.Surveys[0].Detailed(), "minute %d: no late read", minute)
		})
	}
}
