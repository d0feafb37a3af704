package convtrack_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// waits defines that a visit to a queue has lasted a minute, and writes down
// when a hook was told.
func waits(hooks *events.Hooks) *journal {
	j := &journal{}
	events.Define(hooks, "customer.waiting", func(c *conversation.Conversation) (found []events.Fact[string]) {
		legs := c.Legs()
		for i := range legs {
			l := &legs[i]
			if at := l.Began().Add(time.Minute); l.Side == conversation.QueueSide && (!l.Over || l.End.After(at)) {
				found = append(found, events.Fact[string]{Key: l.Session.ID, Time: at, Data: c.ID})
			}
		}
		return found
	})
	events.After(hooks, "waits", func(_ context.Context, e *events.Custom[string]) error {
		j.write("%s %v late", e.Data, time.Since(e.Time).Truncate(time.Second))
		return nil
	})
	return j
}

// queued is a customer who waits in a queue from now on, until an agent answers.
func queued(answered time.Duration) *genesystest.Story {
	s := genesystest.NewStory("c-waits")
	s.Start = time.Now().UTC()
	s.Customer("cust", 0)
	acd := s.Queue("acd", time.Millisecond, "q-1")
	if answered > 0 {
		acd.AnsweredBy(s.Agent("a", answered-5*time.Second, "user-a", "q-1").Answer(answered), 0)
	}
	return s
}

func TestAFactThatLiesAheadIsAnnouncedOnceWhenItsTimeHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := waits(hooks)
		r := start(t, hooks)
		r.tell(queued(0).Snapshots()...)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		require.Empty(t, j.read())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"c-waits 0s late"}, j.read())
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, j.read(), 1)
	})
}

func TestAFactThatLiesAheadGoesWhenItIsNotFoundAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := waits(hooks)
		r := start(t, hooks)
		s := queued(30 * time.Second)
		began := s.Start
		open := queued(0)
		r.tell(open.Snapshots()...)
		time.Sleep(31 * time.Second)
		s.Start = began
		r.tell(s.Snapshots()...)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Empty(t, j.read(), "an agent has answered in time")
	})
}

func TestAFactThatLiesAheadSurvivesItsProcess(t *testing.T) {
	for name, down := range map[string]time.Duration{"restarted in time": 10 * time.Second, "restarted late": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memstore.New()
				first := events.NewHooks()
				j := waits(first)
				r := startOn(t, s, first)
				r.tell(queued(0).Snapshots()...)
				require.NoError(t, r.stop())
				time.Sleep(down)
				second := events.NewHooks()
				again := waits(second)
				startOn(t, s, second)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				require.Empty(t, j.read())
				require.Len(t, again.read(), 1)
				if down < time.Minute {
					require.Equal(t, []string{"c-waits 0s late"}, again.read())
				}
			})
		})
	}
}

func TestOfADeadProcessTheOtherTellsWhatLiesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		first, second := events.NewHooks(), events.NewHooks()
		one, other := waits(first), waits(second)
		dead := startOn(t, &dying{Store: s}, first)
		startOn(t, s, second)
		dead.tell(queued(0).Snapshots()...)
		dead.store.(*dying).dead.Store(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Empty(t, one.read())
		require.Len(t, other.read(), 1)
	})
}

func TestATypeThatIsNotDefinedInAllProcessesIsNamedInBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		var log, otherLog said
		hooks := events.NewHooks()
		waits(hooks)
		defining := startOn(t, s, hooks, logTo(&log), func(c *convtrack.Config) { c.Instance = "defining" })
		synctest.Wait()
		require.NotContains(t, log.String(), "customer.waiting")
		other := startOn(t, s, events.NewHooks(), logTo(&otherLog), func(c *convtrack.Config) { c.Instance = "other" })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for r, text := range map[*rig]string{defining: log.String(), other: otherLog.String()} {
			require.Contains(t, text, "register it with events.Define in every process")
			require.Contains(t, text, `type=customer.waiting "not defined in"=[other]`)
			h := r.Health(t.Context())
			require.Equal(t, map[string][]string{"customer.waiting": {"other"}}, h.Undefined)
			require.Contains(t, h.Problems, "events of the type customer.waiting are not defined in other: register it with events.Define in every process")
		}
		require.NoError(t, other.stop())
		time.Sleep(10 * time.Second)
		require.Empty(t, defining.Health(t.Context()).Undefined)
		require.Equal(t, 1, strings.Count(log.String(), "customer.waiting"), "once, while it is so")
	})
}

func TestADeliveryOfATypeThatAProcessDoesNotKnowWaitsForOneThatDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		up := false
		register := func(define bool) (*events.Hooks, *journal) {
			j := &journal{}
			hooks := events.NewHooks()
			if define {
				waits(hooks)
			}
			events.After(hooks, "all", func(_ context.Context, e events.Event) error {
				if !up {
					return errDead
				}
				j.write("%s", e.Head().Type)
				return nil
			}, events.OfTypes("customer.waiting"))
			return hooks, j
		}
		first, _ := register(true)
		r := startOn(t, s, first)
		r.tell(queued(0).Snapshots()...)
		time.Sleep(time.Minute + time.Second)
		require.NoError(t, r.stop())

		up = true
		var log said
		without, j := register(false)
		r = startOn(t, s, without, logTo(&log))
		time.Sleep(24 * time.Hour)
		require.Empty(t, j.read())
		require.Equal(t, 1, strings.Count(log.String(), "deliveries wait for a process that knows the type"))
		for item := range items(t, r.Failed(t.Context(), store.FailedQuery{})) {
			t.Error("it is no failure of the hook", item)
		}
		with, told := register(true)
		startOn(t, s, with)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"customer.waiting"}, told.read())
	})
}

// TestADeliveryOfATypeThatItsHookDoesNotTakeAnyMoreIsDone: also where the type is not
// defined any more, or has other data.
func TestADeliveryOfATypeThatItsHookDoesNotTakeAnyMoreIsDone(t *testing.T) {
	for name, register := range map[string]func(*events.Hooks, *journal){
		"it has other types": func(hooks *events.Hooks, j *journal) {
			events.After(hooks, "escalate", func(_ context.Context, e events.Event) error { j.write("%s", e.Head().Type); return nil },
				events.OfTypes(events.TypeConversationEnded))
		},
		"its function takes another type": func(hooks *events.Hooks, j *journal) {
			events.After(hooks, "escalate", func(_ context.Context, e *events.ConversationEnded) error { j.write("%s", e.Type); return nil })
		},
		"so it does, and the type has other data": func(hooks *events.Hooks, j *journal) {
			events.Define(hooks, "customer.waiting", func(*conversation.Conversation) []events.Fact[int] { return nil })
			events.After(hooks, "escalate", func(_ context.Context, e *events.ConversationEnded) error { j.write("%s", e.Type); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, first := memstore.New(), events.NewHooks()
				waits(first)
				events.After(first, "escalate", func(context.Context, *events.Custom[string]) error { return errDead })
				r := startOn(t, s, first)
				began := time.Now().UTC()
				r.tell(queued(0).Snapshots()...)
				time.Sleep(time.Minute + time.Second)
				require.NoError(t, r.stop())

				hooks, j := events.NewHooks(), &journal{}
				register(hooks, j)
				r = startOn(t, s, hooks)
				abandoned := genesystest.NewStory("c-waits")
				abandoned.Start = began
				abandoned.Customer("cust", 0).Ends(90*time.Second, "client")
				abandoned.Queue("acd", time.Millisecond, "q-1").Ends(90*time.Second, "peer")
				time.Sleep(30 * time.Second)
				r.tell(abandoned.Snapshots()...)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if defined := slices.Contains(hooks.Defined(), "customer.waiting"); !defined {
					require.Empty(t, j.read(), "another process may be of a later version, and take it")
					time.Sleep(time.Hour)
					synctest.Wait()
				}
				require.Equal(t, []string{"conversation.ended"}, j.read())
				require.Empty(t, r.failed())
			})
		})
	}
}

// TestAConversationGoesOnWithoutAnEventThatCannotBeEncoded: its data are the host's.
func TestAConversationGoesOnWithoutAnEventThatCannotBeEncoded(t *testing.T) {
	for name, before := range map[string]bool{"beside others": false, "with a Before hook": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks, s, began := events.NewHooks(), genesystest.BlindTransferToQueue(), time.Now()
				var mended atomic.Bool
				define := func(of events.Type, at time.Time) {
					events.Define(hooks, of, func(*conversation.Conversation) []events.Fact[float64] {
						if mended.Load() {
							return []events.Fact[float64]{{Time: at, Data: 0.5}}
						}
						return []events.Fact[float64]{{Time: at, Data: math.NaN()}}
					})
				}
				define("ratio", began.Add(time.Minute))
				define("ratio at once", began)
				if before {
					events.Before(hooks, "innocent", func(context.Context, events.Event) error { return nil })
				}
				j := journalHook(hooks, "journal")
				var log said
				r := start(t, hooks, logTo(&log))
				messages := s.Snapshots()
				r.tell(messages[:3]...)
				require.Contains(t, log.String(), `type="ratio at once"`)
				require.NotContains(t, log.String(), "type=ratio ")
				time.Sleep(2 * time.Minute)
				require.Contains(t, log.String(), "type=ratio ")
				require.Contains(t, log.String(), "unsupported value: NaN")
				r.tell(messages[3:]...)
				synctest.Wait()
				require.Equal(t, storyEvents, j.read())
				require.Empty(t, r.failed())

				mended.Store(true)
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Equal(t, append(storyEvents, "ratio"), j.read(), "what waits is asked again")
			})
		})
	}
}

// TestWhatAnEarlierVersionDoesNotKnowOutlivesTheUpdate: a hook of the name takes other
// types there, and the fact may be an old one.
func TestWhatAnEarlierVersionDoesNotKnowOutlivesTheUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * time.Hour)
		long := time.Now().UTC().Add(-2 * time.Hour)
		define := func(hooks *events.Hooks) {
			events.Define(hooks, "begun", func(*conversation.Conversation) []events.Fact[string] {
				return []events.Fact[string]{{Time: long, Data: "x"}}
			})
		}
		s, first := memstore.New(), events.NewHooks()
		define(first)
		events.After(first, "escalate", func(context.Context, *events.Custom[string]) error { return errDead })
		r := startOn(t, s, first)
		r.tell(queued(0).Snapshots()...)
		time.Sleep(time.Second)
		require.NoError(t, r.stop())

		earlier := events.NewHooks()
		events.After(earlier, "escalate", func(context.Context, *events.ConversationEnded) error { return nil })
		r = startOn(t, s, earlier)
		time.Sleep(10 * time.Minute)
		require.NoError(t, r.stop())

		later, j := events.NewHooks(), &journal{}
		define(later)
		events.After(later, "escalate", func(_ context.Context, e *events.Custom[string]) error { j.write("%s", e.Data); return nil })
		startOn(t, s, later)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"x"}, j.read())
	})
}
