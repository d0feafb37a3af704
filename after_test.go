package convtrack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
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

func TestAFailureWhileACommitIsPreparedHoldsBackAllOfItsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := &journal{}
		fail := make(chan struct{})
		tries := 0
		once := sync.OnceFunc(func() {
			close(fail) // behind the first event of the commit, before the last
			time.Sleep(time.Millisecond)
		})
		events.After(hooks, "flaky", func(_ context.Context, e events.Event) error {
			if e.Head().Type == "agent.connected" {
				<-fail
				if tries++; tries < 3 {
					return errors.New("not now")
				}
			}
			j.write("%s", e.Head().Type)
			return nil
		}, events.When(func(e events.Event) bool {
			if e.Head().Type == "conversation.ended" {
				once()
			}
			return true
		}))
		r := start(t, hooks)
		r.tell(story(t, "internal call between two users").Snapshots()...)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, internalCallEvents, j.read())
	})
}

// claims counts the deliveries that were committed for the committer to run at
// once, and those that have to be claimed.
type claims struct {
	store.Store
	atOnce, later atomic.Int64
}

func (s *claims) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	done, err := s.Store.Commit(ctx, b)
	for _, c := range b.Changes {
		for _, e := range c.Events {
			for _, d := range e.Deliveries {
				if d.Claimed {
					s.atOnce.Add(1)
				} else {
					s.later.Add(1)
				}
			}
		}
	}
	return done, err
}

func TestFailuresOfOneConversationKeepNoOtherOneFromBeingDeliveredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.After(hooks, "fails", func(_ context.Context, e events.Event) error {
			if strings.HasPrefix(e.Head().ConversationID, "c-bad") {
				return errors.New("always")
			}
			return nil
		}, events.Attempts(2))
		s := &claims{Store: memstore.New()}
		const most = 20
		r := startOn(t, s, hooks, func(c *convtrack.Config) { c.MaxDeliveries = most })
		one := story(t, "agentless")
		for i := range 2 * most {
			one.ID = fmt.Sprint("c-bad-", i)
			r.tell(one.Snapshots()...)
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		s.atOnce.Store(0)
		s.later.Store(0)
		one.ID = "c-good"
		r.tell(one.Snapshots()...)
		require.Positive(t, s.atOnce.Load())
		require.Zero(t, s.later.Load())
	})
}

func TestAnAfterHookThatFailsIsTriedAgainWithBackoffAndHoldsBackOnlyItsOwnLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := &journal{}
		var failures atomic.Int64
		events.After(hooks, "flaky", func(_ context.Context, e events.Event) error {
			if e.Head().ConversationID == "c-internal" && e.Head().Type == "agent.connected" && failures.Load() < 3 {
				failures.Add(1)
				return errors.New("not now")
			}
			j.write("%s %s", e.Head().ConversationID, e.Head().Type)
			return nil
		})
		other := journalHook(hooks, "other")
		r := start(t, hooks)
		internal := story(t, "internal call between two users")
		r.tell(internal.Snapshots()...)
		r.tell(story(t, "agentless").Snapshots()...)
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		require.EqualValues(t, 1, failures.Load())
		require.Contains(t, j.read(), "c-agentless conversation.ended", "other conversations go on")
		require.NotContains(t, j.read(), "c-internal conversation.ended", "its own conversation waits")
		require.Contains(t, other.read(), "conversation.ended", "other hooks go on")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		var internalEvents []string
		for _, e := range j.read() {
			if rest, ok := strings.CutPrefix(e, "c-internal "); ok {
				internalEvents = append(internalEvents, rest)
			}
		}
		require.Equal(t, internalCallEvents, internalEvents)
	})
}

func TestAnAfterHookThatFailsForEverHasFailedAndCanBeRetriedOrSkipped(t *testing.T) {
	connected := slices.Index(storyEvents, "agent.connected")
	for _, do := range []string{"retry", "skip"} {
		t.Run(do, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				var broken atomic.Bool
				broken.Store(true)
				j := &journal{}
				events.After(hooks, "broken", func(_ context.Context, e events.Event) error {
					if broken.Load() && e.Head().Type == "agent.connected" {
						panic("out of order")
					}
					j.write("%s", e.Head().Type)
					return nil
				}, events.Attempts(3))
				r := start(t, hooks)
				s := genesystest.BlindTransferToQueue()
				r.tell(s.Snapshots()...)
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Equal(t, storyEvents[:connected], j.read(), "later events of the hook wait")
				failed := slices.Collect(items(t, r.Failed(t.Context(), store.FailedQuery{Hook: "broken"})))
				require.Len(t, failed, 1)
				require.Equal(t, 3, failed[0].Attempts)
				require.Contains(t, failed[0].Error, "out of order")
				require.Contains(t, failed[0].Stack, "after_test.go")
				require.Contains(t, string(failed[0].Event.Data), "user-a", "with its input")
				broken.Store(false)
				var n int
				var err error
				want := storyEvents
				if do == "retry" {
					n, err = r.Retry(t.Context(), failed[0].ID)
				} else {
					n, err = r.Skip(t.Context(), failed[0].ID)
					want = slices.Delete(slices.Clone(storyEvents), connected, connected+1)
				}
				require.NoError(t, err)
				require.Equal(t, 1, n)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Equal(t, want, j.read())
			})
		})
	}
}

func TestABadHookHarmsNobodyElse(t *testing.T) {
	for name, bad := range map[string]func(context.Context, events.Event) error{
		"panic":  func(context.Context, events.Event) error { panic("bad") },
		"goexit": func(context.Context, events.Event) error { runtime.Goexit(); return nil },
		"error":  func(context.Context, events.Event) error { return errors.New("bad") },
		"hang":   func(ctx context.Context, _ events.Event) error { <-ctx.Done(); return ctx.Err() },
		"deaf":   func(ctx context.Context, _ events.Event) error { time.Sleep(time.Hour); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				events.After(hooks, "bad", bad, events.Attempts(2), events.Timeout(time.Second))
				j := journalHook(hooks, "good")
				r := start(t, hooks)
				r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Equal(t, storyEvents, j.read())
				failed := slices.Collect(items(t, r.Failed(t.Context(), store.FailedQuery{})))
				require.Len(t, failed, 1)
				require.Equal(t, "bad", failed[0].Hook)
				if name != "error" && name != "hang" {
					require.Contains(t, failed[0].Stack, "after_test.go", "where it %s", name)
				}
				require.NoError(t, r.stop())
				time.Sleep(2 * time.Hour) // let the deaf one return
			})
		})
	}
}

func TestHooksMayChangeTheRegistryFromInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := &journal{}
		var remove func()
		remove = events.After(hooks, "once", func(_ context.Context, e events.Event) error {
			j.write("once %s", e.Head().Type)
			remove()
			events.After(hooks, "late "+e.Head().ID, func(_ context.Context, e *events.ConversationEnded) error {
				j.write("late %s", e.Head().Type)
				return nil
			})
			return nil
		})
		r := start(t, hooks)
		for _, m := range genesystest.BlindTransferToQueue().Snapshots() {
			r.tell(m)
			synctest.Wait()
		}
		require.Equal(t, []string{"once conversation.created", "late conversation.ended"}, j.read())
	})
}

func TestASlowHookDelaysOnlyItsOwnConversation(t *testing.T) {
	for _, timing := range []string{"before", "after"} {
		t.Run(timing, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				slow := func(ctx context.Context, e *events.ConversationCreated) error {
					if e.ConversationID == "c-agentless" {
						time.Sleep(4 * time.Second)
					}
					return nil
				}
				if timing == "before" {
					events.Before(hooks, "slow", slow)
				} else {
					events.After(hooks, "slow", slow)
				}
				r := start(t, hooks)
				began := time.Now()
				var stuck sync.WaitGroup
				stuck.Go(func() { r.tell(story(t, "agentless").Snapshots()[0]) })
				for i := range 50 {
					s := genesystest.BlindTransferToQueue()
					s.ID = fmt.Sprintf("c-%d", i)
					r.tell(s.Snapshots()...)
				}
				require.Less(t, time.Since(began), time.Second)
				stuck.Wait()
			})
		})
	}
}

func TestDeliveriesBeyondMemoryAreTakenFromTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		seen := map[string][]string{}
		var mu sync.Mutex
		events.After(hooks, "slow", func(_ context.Context, e events.Event) error {
			time.Sleep(10 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			seen[e.Head().ConversationID] = append(seen[e.Head().ConversationID], string(e.Head().Type))
			return nil
		}, events.Concurrency(4))
		most := 0
		r := start(t, hooks, func(c *convtrack.Config) { c.MaxDeliveries = 20 })
		for i := range 30 {
			s := genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprint("c-", i)
			for _, m := range s.Snapshots() {
				r.tell(m)
				most = max(most, r.Stats().Deliveries)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.LessOrEqual(t, most, 20)
		require.Len(t, seen, 30)
		for id, events := range seen {
			require.Equal(t, storyEvents, events, id)
		}
	})
}

func TestAnAfterHookInTheTransactionIsDoneWithItsMarkAndTriedAgainOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var ran []events.Type
		var tracker *convtrack.Tracker
		events.After(hooks, "effect", func(ctx context.Context, e events.Event) error {
			ran = append(ran, e.Head().Type)
			_, err := tracker.Get(ctx, e.Head().ConversationID)
			require.ErrorIs(t, err, convtrack.ErrInBefore, "it would wait for its own transaction")
			if len(ran) == 1 {
				return errors.New("not now")
			}
			return nil
		}, events.InTransaction())
		var err error
		tracker, err = convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: quiet})
		require.NoError(t, err)
		source := sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
			err := sink(ctx, conversation.Update{Conversations: understoodAll(t, genesystest.BlindTransferToQueue().Records()[:1]...)})
			time.Sleep(time.Minute)
			return err
		})
		require.NoError(t, tracker.Run(t.Context(), source))
		require.Equal(t, []events.Type{events.TypeConversationCreated, events.TypeConversationCreated, events.TypeParticipantAdded}, ran[:3])
		require.Equal(t, int64(1), tracker.Stats().AfterFailed)
		require.Equal(t, int64(len(ran)-1), tracker.Stats().Delivered)
		require.Zero(t, tracker.Stats().Deliveries)
	})
}

// A process that decides need not be the one that delivers, and need not run.
func TestADecisionOnADeliveryIsNoticedByTheProcessThatHasTheHookWithinASecond(t *testing.T) {
	for name, processes := range map[string]int{"that is alone": 1, "of several": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, broken := memstore.New(), true
				j := &journal{}
				slow := func(c *convtrack.Config) { c.Lease = 10 * time.Minute } // by itself it would look so late
				var r *rig
				for range processes {
					hooks := events.NewHooks()
					events.After(hooks, "bill", func(context.Context, *events.ConversationEnded) error {
						if broken {
							return errDead
						}
						j.write("billed")
						return nil
					}, events.Attempts(1))
					r = startOn(t, s, hooks, slow)
				}
				r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
				time.Sleep(5 * time.Minute)
				failed := r.failed()
				require.Len(t, failed, 1)
				broken = false
				outside, err := convtrack.New(s, &convtrack.Config{Logger: quiet, Lease: 10 * time.Minute})
				require.NoError(t, err)
				n, err := outside.Retry(t.Context(), failed[0].ID)
				require.NoError(t, err)
				require.Equal(t, 1, n)
				time.Sleep(time.Second)
				synctest.Wait()
				require.Equal(t, []string{"billed"}, j.read())
			})
		})
	}
}

func TestWhatAFilterLetThroughIsDeliveredWhateverIsHeardMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, j := events.NewHooks(), &journal{}
		var works atomic.Bool
		var asked sync.Map // events that the filter has let through
		events.After(hooks, "case-owner", func(_ context.Context, e *events.AgentConnected) error {
			if !works.Load() {
				return errDead
			}
			j.write("%s", e.SessionID)
			return nil
		}, events.When(func(e events.Event) bool { // of what changes it says no later
			_, before := asked.LoadOrStore(e.Head().ID, true)
			return !before
		}), events.Backoff(func(int) time.Duration { return time.Minute }))
		r := start(t, hooks)
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		time.Sleep(10 * time.Second)
		works.Store(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, j.read(), 2)
	})
}
