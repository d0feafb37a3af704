package polling_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
)

const day = 24 * time.Hour

// limits are the longest intervals that were reported (protocol 6.5).
var limits = map[string]time.Duration{"7 days": 7 * day, "31 days": 31 * day}

// history plays a conversation every few hours for a time, and returns when it
// began and the ids.
func (w *world) history(length, every time.Duration) (from time.Time, ids []string) {
	from = time.Now()
	for time.Since(from) < length {
		id := fmt.Sprintf("h-%04d", len(ids))
		w.call(id)
		ids = append(ids, id)
		w.settle(every)
	}
	return from, ids
}

// demand demands that all the conversations are known.
func (w *world) demand(ids []string) {
	w.t.Helper()
	for _, id := range ids {
		require.NotNil(w.t, w.get(id), "%s is not known", id)
	}
}

// noneTwice demands that no refused question was repeated.
func noneTwice(t *testing.T, asked []question) {
	t.Helper()
	refused := map[string]bool{}
	for _, q := range asked {
		require.False(t, refused[q.body], "asked again although it was refused: %s", q.body)
		refused[q.body] = q.refused
	}
}

func TestAGapOfFortyDaysIsRepairedInIntervalsThatThePlatformTakes(t *testing.T) {
	for name, limit := range limits {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				from, ids := w.history(40*day, 7*time.Hour)
				w.start(still)
				w.calls.questions()
				w.gap(from)
				w.settle(10 * time.Minute)
				w.demand(ids)
				require.Equal(t, int64(1), w.source.Stats().Repaired)
				require.Empty(t, w.lost())
				for _, q := range w.calls.questions() {
					require.False(t, q.refused)
					require.LessOrEqual(t, q.to.Sub(q.from), limit)
				}
			}, genesystest.LongestInterval(limit))
		})
	}
}

func TestALookbackOfEightDaysIsReadFromAPlatformThatTakesSeven(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		_, ids := w.history(8*day-time.Hour, 5*time.Hour)
		w.start(polling.Config{Lookback: 8 * day, LateAfter: []time.Duration{}})
		w.settle(time.Minute)
		w.demand(ids)
		require.Zero(t, w.source.Stats().Failures)
		w.settle(10 * time.Minute)
		require.NotZero(t, w.source.Stats().Active, "jobs are as long as the platform takes, too")
	}, genesystest.LongestInterval(7*day))
}

// TestARefusalInTheMiddleIsALossOfItsIntervalAndTheRestIsRead also shows that
// later gaps are still repaired.
func TestARefusalInTheMiddleIsALossOfItsIntervalAndTheRestIsRead(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		from, ids := w.history(10*day, 5*time.Hour)
		bad := from.Truncate(day).Add(5*day + 3*time.Hour + 17*time.Minute)
		w.server.Faults().RefuseTime(bad, bad.Add(time.Minute))
		w.start(still)
		w.calls.questions()
		w.gap(from)
		w.settle(10 * time.Minute)
		w.demand(ids) // the platform selects by day, so nothing is missing after all
		require.Equal(t, int64(1), w.source.Stats().Repaired)
		require.Len(t, w.lost(), 1)
		g := w.lost()[0]
		require.False(t, g.From.After(bad) || g.To.Before(bad.Add(time.Minute)), "%v", g)
		require.LessOrEqual(t, g.To.Sub(g.From), time.Hour)
		require.Equal(t, "polling", g.Source)
		require.Contains(t, g.Reason, "400")
		noneTwice(t, w.calls.questions())

		later := time.Now()
		w.call("c-later")
		w.settle(time.Minute)
		w.gap(later)
		w.settle(10 * time.Minute)
		w.demand([]string{"c-later"})
		require.Equal(t, int64(2), w.source.Stats().Repaired)
		require.Len(t, w.lost(), 1, "a loss is announced once and not repaired again")
		require.Equal(t, int64(1), w.source.Stats().Lost)
	})
}

// The platform may have deleted old records.
func TestALongTimeThatIsRefusedIsOneLoss(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		from, ids := w.history(20*day, 7*time.Hour)
		kept := from.Truncate(day).Add(10 * day)
		w.server.Faults().RefuseTime(from.Add(-day), kept)
		w.start(still)
		w.gap(from)
		w.settle(time.Hour)
		require.Len(t, w.lost(), 1)
		g := w.lost()[0]
		require.False(t, g.From.After(from), "%v", g)
		require.WithinDuration(t, kept, g.To, time.Hour)
		require.Equal(t, int64(1), w.source.Stats().Lost)
		require.Equal(t, int64(1), w.source.Stats().Repaired)
		w.demand(ids[len(ids)/2+1:])
	})
}

func TestDiscoveringGoesOnAfterATimeThatIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{}})
		w.settle(time.Hour)
		bad := time.Now()
		w.server.Faults().RefuseTime(bad, bad.Add(time.Second))
		w.settle(10 * time.Minute)
		w.call("c-1")
		w.settle(20 * time.Minute)
		require.Equal(t, conversation.StatusEnded, w.status("c-1"))
		noneTwice(t, w.calls.questions())
		require.NotEmpty(t, w.lost())
		for _, g := range w.lost() {
			require.LessOrEqual(t, g.To.Sub(g.From), time.Minute)
			require.True(t, interval(g).overlaps(bad, bad.Add(time.Second)), "%v", g)
		}
		require.LessOrEqual(t, len(w.lost()), 3, "announced once, not with every overlap")
	})
}

// What fails may work in a while, so nothing is lost at once; and nothing else waits for
// what never works.
func TestATimeOnWhichThePlatformAlwaysFailsHoldsUpDiscoveryForMinutes(t *testing.T) {
	for _, status := range []int{http.StatusInternalServerError, http.StatusGatewayTimeout, http.StatusBadGateway, 0} {
		for lasts, lost := range map[time.Duration]bool{5 * time.Minute: false, day: true} {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{}})
				w.settle(time.Hour)
				bad := time.Now()
				w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
					if r.Path == queryPath && time.Since(bad) < lasts {
						if from, to, _ := readQuestion(r.Body); (interval{From: from, To: to}).overlaps(bad, bad.Add(time.Second)) {
							return nil, &genesys.APIError{Status: status}
						}
					}
					return body, err
				})
				w.settle(time.Minute)
				w.call("c-1")
				w.settle(30 * time.Minute)
				require.Equal(t, conversation.StatusEnded, w.status("c-1"))
				require.WithinDuration(t, time.Now(), w.source.Health().ReadUpTo, 5*time.Minute)
				require.Equal(t, lost, len(w.lost()) > 0)
				for _, g := range w.lost() {
					require.LessOrEqual(t, g.To.Sub(g.From), time.Minute)
					require.True(t, interval(g).overlaps(bad, bad.Add(time.Second)), "%v", g)
				}
			})
		}
	}
}

// TestHowFarItHasReadNeverGoesBack has the time after midnight refused, or not
// answered, so that it comes only as far as midnight, which lies before its position.
func TestHowFarItHasReadNeverGoesBack(t *testing.T) {
	for _, overlap := range []time.Duration{10 * time.Minute, 3 * day} {
		inBubble(t, func(t *testing.T, w *world) {
			w.settle(10*day - 30*time.Minute)
			stop := w.start(polling.Config{Overlap: overlap, JobsEvery: -1, LateAfter: []time.Duration{}})
			w.settle(35 * time.Minute)
			was := w.source.Health().ReadUpTo
			midnight := time.Now().Truncate(day)
			w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
				if r.Path == queryPath {
					if _, to, _ := readQuestion(r.Body); to.After(midnight) {
						return nil, &genesys.APIError{Status: http.StatusServiceUnavailable}
					}
				}
				return body, err
			})
			for range 10 {
				w.settle(2 * time.Minute)
				require.False(t, w.source.Health().ReadUpTo.Before(was), "%v before %v", w.source.Health().ReadUpTo, was)
			}
			w.calls.questions()
			stop()
			w.start(polling.Config{Overlap: overlap, JobsEvery: -1, LateAfter: []time.Duration{}})
			w.settle(2 * time.Minute)
			for _, q := range w.calls.questions() {
				require.False(t, q.from.Before(was.Add(-overlap-10*time.Minute)))
			}
		})
	}
}

type interval conversation.Gap

func (i interval) overlaps(from, to time.Time) bool { return i.From.Before(to) && from.Before(i.To) }

func TestAPlatformThatRefusesEverythingLosesNothing(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusGone,
		http.StatusInternalServerError, http.StatusGatewayTimeout, http.StatusBadGateway, 0} {
		inBubble(t, func(t *testing.T, w *world) {
			from, ids := w.history(3*day, 5*time.Hour)
			undo := w.server.Faults().Requests(genesystest.RequestFault{Status: status, Hang: status == 0})
			w.start(still)
			w.gap(from)
			w.settle(time.Hour)
			require.Empty(t, w.lost())
			require.Zero(t, w.source.Stats().Repaired)
			require.Less(t, len(w.calls.questions()), 2000, "it asks with pauses")
			undo()
			w.settle(10 * time.Minute)
			w.demand(ids)
			require.Equal(t, int64(1), w.source.Stats().Repaired)
		})
	}
}

func TestActivityOfATimeThatJobsRefuseIsALossAndTheRestIsRead(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.settle(5 * day)
		bad := time.Now().Add(-2 * day)
		w.server.Faults().RefuseTime(bad, bad.Add(time.Minute))
		w.start(polling.Config{Lookback: 4 * day, LateAfter: []time.Duration{}})
		w.waiting("c-1")
		w.settle(3 * time.Hour)
		require.NotZero(t, w.source.Stats().Active)
		activity := 0
		for _, g := range w.lost() {
			require.True(t, interval(g).overlaps(bad, bad.Add(time.Minute)))
			require.LessOrEqual(t, g.To.Sub(g.From), time.Hour)
			if g.Reason[:10] == "attributes" {
				activity++
			}
		}
		require.Equal(t, 1, activity)
	})
}

func TestAJobThatFailsForTheSameIntervalAgainAndAgainHoldsUpNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.server.Faults().FailJobs(12)
		w.start(polling.Config{LateAfter: []time.Duration{}, Lookback: 3 * day})
		w.waiting("c-1")
		w.settle(6 * time.Hour)
		require.NotZero(t, w.source.Stats().Active)
	})
}

func TestAnIdThatIsRefusedIsNotAskedForWithTheOthersAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{}, DiscoverEvery: 10 * time.Minute, FollowEvery: 5 * time.Minute, FollowLeast: 5 * time.Minute})
		for i := range 20 {
			w.waiting(fmt.Sprintf("c-%02d", i))
		}
		var refusals atomic.Int64
		w.calls.answer(refuseID("c-13", http.StatusBadRequest, &refusals))
		w.settle(50 * time.Minute)
		first := refusals.Load()
		require.NotZero(t, first)
		require.LessOrEqual(t, first, int64(8), "one search for the culprit")
		w.settle(50 * time.Minute)
		require.Greater(t, refusals.Load(), first, "it is tried again in time")
	})
}

// TestAnIDOnWhichThePlatformFailsMakesItBlindOnceForAMinute, however often it is tried
// again.
func TestAnIDOnWhichThePlatformFailsMakesItBlindOnceForAMinute(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{}, DiscoverEvery: 10 * time.Minute, FollowEvery: time.Minute, FollowLeast: time.Minute})
		for i := range 20 {
			w.waiting(fmt.Sprintf("c-%02d", i))
		}
		w.settle(20 * time.Minute)
		var failures atomic.Int64
		w.calls.answer(refuseID("c-13", http.StatusInternalServerError, &failures))
		blind := 0
		for range 4 * time.Hour / (10 * time.Second) {
			w.settle(10 * time.Second)
			if !w.source.Health().BlindSince.IsZero() {
				blind++
			}
		}
		require.Greater(t, failures.Load(), int64(40), "it is tried again in time")
		require.NotZero(t, blind)
		require.Less(t, blind, 20, "in steps of ten seconds")
	})
}
