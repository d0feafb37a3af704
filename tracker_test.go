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
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// rig is a running tracker.
type rig struct {
	t     *testing.T
	store store.Store
	hooks *events.Hooks
	*convtrack.Tracker
	cancel context.CancelFunc
	ended  chan error
}

// start runs a tracker on a new memory store inside a synctest bubble.
func start(t *testing.T, hooks *events.Hooks, change ...func(*convtrack.Config)) *rig {
	return startOn(t, memstore.New(), hooks, change...)
}

func startOn(t *testing.T, s store.Store, hooks *events.Hooks, change ...func(*convtrack.Config)) *rig {
	t.Helper()
	config := &convtrack.Config{Hooks: hooks, Logger: quiet}
	for _, c := range change {
		c(config)
	}
	tracker, err := convtrack.New(s, config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	r := &rig{t: t, store: s, hooks: hooks, Tracker: tracker, cancel: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- tracker.Run(ctx) }()
	t.Cleanup(func() { _ = r.stop() })
	return r
}

// stop stops the tracker and returns what Run returned.
func (r *rig) stop() error {
	r.cancel()
	err, ok := <-r.ended
	if ok {
		close(r.ended)
	}
	return err
}

// tell observes messages one by one.
func (r *rig) tell(messages ...[]byte) {
	r.t.Helper()
	for _, m := range messages {
		require.NoError(r.t, r.Observe(r.t.Context(), conversation.Update{Conversations: decode(r.t, m)}))
	}
}

func decode(t testing.TB, m []byte) []*conversation.Conversation {
	t.Helper()
	msg, err := genesys.Decode(m, time.Time{})
	require.NoError(t, err)
	return msg.Conversations
}

// journal is what hooks write down, in order.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) write(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, fmt.Sprintf(format, args...))
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// journalHook writes every event's type down.
func journalHook(hooks *events.Hooks, name string, opts ...events.Option) *journal {
	j := &journal{}
	events.After(hooks, name, func(_ context.Context, e events.Event) error {
		j.write("%s", e.Head().Type)
		return nil
	}, opts...)
	return j
}

func story(t testing.TB, name string) *genesystest.Story {
	t.Helper()
	for _, s := range genesystest.Scenarios() {
		if s.Name == name {
			return s.Story()
		}
	}
	t.Fatalf("no scenario %q", name)
	return nil
}

var storyEvents = []string{
	"conversation.created", "participant.added", "participant.added", "participant.added", "participant.added", "agent.connected",
	"agent.transferred", "participant.added", "participant.added", "agent.connected", "agent.disconnected", "conversation.ended",
}

func TestAfterHooksRunInTheOrderOfTheConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
	})
}

func TestWhatIsSaidAgainIsAnnouncedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()...)
		commits := r.Stats().Changes
		r.tell(s.Snapshots()...)
		synctest.Wait()
		require.Equal(t, commits, r.Stats().Changes, "nothing new is nothing to write")
		r.tell(s.Details()...)
		r.tell(s.Records()...)
		time.Sleep(time.Minute)
		require.Equal(t, storyEvents, j.read())
	})
}

func TestAConclusionFromSingleFactsSettlesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		messages := genesystest.BlindTransferToQueue().Details()
		r.tell(messages...)
		synctest.Wait()
		require.NotContains(t, j.read(), "conversation.ended")
		require.NotContains(t, j.read(), "agent.connected")
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		require.Contains(t, j.read(), "agent.connected")
		require.NotContains(t, j.read(), "conversation.ended", "others may still be on their way")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Contains(t, j.read(), "conversation.ended")
		require.Len(t, j.read(), len(storyEvents))
	})
}

func TestSettleEndsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks, func(c *convtrack.Config) { c.SettleSoon, c.SettleLate = -1, -1 })
		r.tell(genesystest.BlindTransferToQueue().Details()...)
		time.Sleep(time.Hour)
		require.NotContains(t, j.read(), "conversation.ended")
		require.NoError(t, r.Settle(t.Context()))
		synctest.Wait()
		require.Contains(t, j.read(), "conversation.ended")
		require.Len(t, j.read(), len(storyEvents))
	})
}

func TestALateFactDropsAConclusionThatHasNotSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		messages := story(t, "abandoned in the queue").Details()
		var acdStart []byte
		for _, m := range messages {
			if strings.Contains(string(m), "acd.") {
				if strings.Contains(string(m), "acd.start") {
					acdStart = m
				}
				continue
			}
			r.tell(m)
		}
		time.Sleep(2 * time.Second)
		r.tell(acdStart) // the queue still has it: nothing has ended
		time.Sleep(time.Minute)
		synctest.Wait()
		require.NotContains(t, j.read(), "conversation.ended")
		r.tell(messages...)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Contains(t, j.read(), "conversation.ended")
	})
}

func TestReopenedTwiceIsAnnouncedWhileItHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := story(t, "re-opened twice")
		last := time.Duration(0)
		for _, e := range s.DetailEvents() {
			time.Sleep(e.At - last)
			last = e.At
			r.tell(genesystest.Frame("v2.detail.events.conversation."+s.ID+"."+e.Event, e.Body))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		count := map[string]int{}
		for _, e := range j.read() {
			count[e]++
		}
		require.Equal(t, 3, count["conversation.ended"])
		require.Equal(t, 2, count["conversation.reopened"])
		require.Equal(t, 1, count["conversation.created"])
		c, err := r.Get(t.Context(), s.ID)
		require.NoError(t, err)
		require.Equal(t, conversation.StatusEnded, c.Status)
	})
}

func TestBeforeVetoOfTheCreationKeepsTheConversationOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		asked := 0
		events.Before(hooks, "screen", func(_ context.Context, e *events.ConversationCreated) error {
			asked++
			return events.Veto("not ours")
		})
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()...)
		synctest.Wait()
		require.Equal(t, 1, asked, "a tombstone keeps later messages from asking again")
		require.Empty(t, j.read())
		_, err := r.Get(t.Context(), s.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestBeforeVetoOfAnotherEventKeepsItFromBeingDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "quiet", func(_ context.Context, e *events.AgentTransferred) error { return events.Veto("quiet") })
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()...)
		synctest.Wait()
		require.Equal(t, slices.DeleteFunc(slices.Clone(storyEvents), func(e string) bool { return e == "agent.transferred" }), j.read())
		log, err := r.Events(t.Context(), s.ID)
		require.NoError(t, err)
		require.Len(t, log, len(storyEvents), "the fact is stored")
		require.True(t, slices.ContainsFunc(log, func(e store.LoggedEvent) bool { return e.Type == "agent.transferred" && e.Vetoed }))
	})
}

func TestAttributesOfABeforeHookAreStoredWithTheConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "link", func(_ context.Context, e *events.ConversationCreated) error {
			e.SetAttribute("caseId", "4711")
			return nil
		})
		seen := ""
		events.Before(hooks, "next", func(_ context.Context, e *events.ParticipantAdded) error {
			seen = e.Conversation.Attributes["caseId"]
			return nil
		})
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()...)
		require.Equal(t, "4711", seen, "the next hook sees it")
		var ids []string
		for c, err := range r.List(t.Context(), store.Query{Attribute: map[string]string{"caseId": "4711"}}) {
			require.NoError(t, err)
			ids = append(ids, c.ID)
		}
		require.Equal(t, []string{s.ID}, ids)
	})
}

func TestABeforeHookThatFailsIsTriedAgainAndThenItsChangeIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var tries atomic.Int64
		var broken atomic.Bool
		broken.Store(true)
		events.Before(hooks, "strict", func(_ context.Context, e *events.AgentConnected) error {
			tries.Add(1)
			if broken.Load() {
				return errors.New("no case for it")
			}
			return nil
		})
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		began := time.Now()
		r.tell(s.Snapshots()...)
		require.EqualValues(t, 5, tries.Load())
		require.Less(t, time.Since(began), 10*time.Second)
		synctest.Wait()
		require.NotContains(t, j.read(), "agent.connected", "the change was rolled back")

		parked := slices.Collect(items(t, r.Parked(t.Context(), store.ParkedQuery{})))
		require.Len(t, parked, 1)
		require.Equal(t, "strict", parked[0].Hook)
		require.Equal(t, "agent.connected", parked[0].Event.Type)
		require.Equal(t, "no case for it", parked[0].Error)
		require.Equal(t, s.ID, parked[0].ConversationID)

		_, err := r.Retry(t.Context(), parked[0].ID)
		require.ErrorContains(t, err, "no case for it", "a retry that fails says so")
		require.Len(t, slices.Collect(items(t, r.Parked(t.Context(), store.ParkedQuery{}))), 1)

		broken.Store(false)
		n, err := r.Retry(t.Context(), parked[0].ID)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read(), "nothing said meanwhile was lost")
		require.Empty(t, slices.Collect(items(t, r.Parked(t.Context(), store.ParkedQuery{}))))
	})
}

func TestSkipMakesAParkedChangeWithoutTheHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "strict", func(context.Context, *events.ConversationCreated) error { return errors.New("never") })
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()...)
		require.Empty(t, j.read())
		parked := slices.Collect(items(t, r.Parked(t.Context(), store.ParkedQuery{})))
		require.Len(t, parked, 1)
		n, err := r.Skip(t.Context(), parked[0].ID)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		synctest.Wait()
		require.Len(t, j.read(), len(storyEvents))
	})
}

func items[T any](t *testing.T, seq func(func(T, error) bool)) func(func(T) bool) {
	return func(yield func(T) bool) {
		for x, err := range seq {
			require.NoError(t, err)
			if !yield(x) {
				return
			}
		}
	}
}

func TestABeforeHookMustNotCallTheTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var r *rig
		var errs []error
		events.Before(hooks, "curious", func(ctx context.Context, e *events.ConversationCreated) error {
			_, err := r.Get(ctx, e.ConversationID)
			errs = append(errs, err, r.Observe(ctx, conversation.Update{}))
			return nil
		})
		r = start(t, hooks)
		r.tell(genesystest.BlindTransferToQueue().Snapshots()[0])
		for _, err := range errs {
			require.ErrorIs(t, err, convtrack.ErrInBefore)
		}
		require.Len(t, errs, 2)
	})
}

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
		require.Equal(t, []string{"conversation.created", "participant.added", "participant.added", "agent.connected", "agent.connected",
			"agent.disconnected", "conversation.ended"}, j.read())
	})
}

// loads counts how often conversations are loaded.
type loads struct {
	store.Store
	n atomic.Int64
}

func (s *loads) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	s.n.Add(int64(len(ids)))
	return s.Store.Load(ctx, ids...)
}

func TestConversationsThatRestStayInMemoryAndNothingIsAnnouncedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		s := &loads{Store: memstore.New()}
		const conversations = 8
		r := startOn(t, s, hooks, func(c *convtrack.Config) { c.CacheSize = conversations })
		one := story(t, "blind transfer to a queue")
		var messages [conversations][][]byte
		for i := range messages {
			one.ID = fmt.Sprint("c-", i)
			messages[i] = one.Snapshots()
		}
		for m := range messages[0] {
			for i := range messages {
				r.tell(messages[i][m])
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Greater(t, len(messages[0]), 4)
		require.LessOrEqual(t, s.n.Load(), int64(2*conversations), "each is loaded once, to see that it is new, or if it is asked for while it is packed")
		require.Len(t, j.read(), conversations*len(storyEvents))
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
		require.Equal(t, []string{"conversation.created", "participant.added", "participant.added", "agent.connected", "agent.connected",
			"agent.disconnected", "conversation.ended"}, internalEvents)
	})
}

func TestAnAfterHookThatFailsForEverIsParkedAndCanBeRetriedOrSkipped(t *testing.T) {
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
				require.Equal(t, storyEvents[:5], j.read(), "later events of the hook wait")
				parked := slices.Collect(items(t, r.Parked(t.Context(), store.ParkedQuery{Hook: "broken"})))
				require.Len(t, parked, 1)
				require.Equal(t, 3, parked[0].Attempts)
				require.Contains(t, parked[0].Error, "out of order")
				require.Contains(t, parked[0].Stack, "tracker_test.go")
				require.Contains(t, string(parked[0].Event.Data), "user-a", "with its input")
				broken.Store(false)
				var n int
				var err error
				want := storyEvents
				if do == "retry" {
					n, err = r.Retry(t.Context(), parked[0].ID)
				} else {
					n, err = r.Skip(t.Context(), parked[0].ID)
					want = slices.Delete(slices.Clone(storyEvents), 5, 6)
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
				parked := slices.Collect(items(t, r.Parked(t.Context(), store.ParkedQuery{})))
				require.Len(t, parked, 1)
				require.Equal(t, "bad", parked[0].Hook)
				if name != "error" && name != "hang" {
					require.Contains(t, parked[0].Stack, "tracker_test.go", "where it %s", name)
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

func TestObserveReturnsOnlyWhenTheFactsAreStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gate{Store: memstore.New(), open: make(chan struct{})}
		r := startOn(t, s, events.NewHooks())
		var stored atomic.Bool
		go func() {
			r.tell(genesystest.BlindTransferToQueue().Snapshots()[0])
			stored.Store(true)
		}()
		time.Sleep(time.Second)
		synctest.Wait()
		require.False(t, stored.Load())
		close(s.open)
		synctest.Wait()
		require.True(t, stored.Load())
	})
}

// gate holds commits of changes back until it is open.
type gate struct {
	store.Store
	open chan struct{}
}

func (g *gate) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if len(b.Changes) > 0 {
		select {
		case <-g.open:
		case <-ctx.Done():
			return store.Committed{}, ctx.Err()
		}
	}
	return g.Store.Commit(ctx, b)
}

func TestObserveWaitsWhileTooMuchIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gate{Store: memstore.New(), open: make(chan struct{})}
		r := startOn(t, s, events.NewHooks(), func(c *convtrack.Config) { c.MaxPending = 10 })
		var returned atomic.Int64
		for i := range 30 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				story := genesystest.BlindTransferToQueue()
				story.ID = fmt.Sprint("c-", i)
				err := r.Observe(ctx, conversation.Update{Conversations: decode(t, story.Snapshots()[0])})
				require.ErrorIs(t, err, context.DeadlineExceeded)
				returned.Add(1)
			}()
		}
		synctest.Wait()
		require.Equal(t, 10, r.Stats().Pending, "memory is bounded")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 30, returned.Load())
		close(s.open)
	})
}

func TestStopDrainsWhatWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "slow", func(context.Context, *events.ConversationCreated) error { time.Sleep(time.Second); return nil })
		s := memstore.New()
		r := startOn(t, s, hooks)
		story := genesystest.BlindTransferToQueue()
		result := make(chan error, 1)
		go func() {
			result <- r.Observe(context.Background(), conversation.Update{Conversations: decode(t, story.Snapshots()[0])})
		}()
		synctest.Wait()
		require.NoError(t, r.stop())
		require.NoError(t, <-result)
		records, err := s.Load(t.Context(), story.ID)
		require.NoError(t, err)
		require.NotNil(t, records[0].Conversation)
		require.ErrorIs(t, r.Observe(t.Context(), conversation.Update{Conversations: decode(t, story.Snapshots()[0])}), convtrack.ErrStopped)
		require.ErrorIs(t, r.Run(t.Context()), convtrack.ErrRunning)
	})
}

func TestStopGivesUpAfterTheDrainTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gate{Store: memstore.New(), open: make(chan struct{})}
		r := startOn(t, s, events.NewHooks(), func(c *convtrack.Config) { c.DrainTimeout = time.Second })
		result := make(chan error, 1)
		go func() {
			result <- r.Observe(context.Background(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])})
		}()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, r.stop())
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
		require.Error(t, <-result, "what is not stored is not acknowledged")
	})
}

func TestWhatWasCommittedAndNotDeliveredIsDeliveredAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		first := events.NewHooks()
		j := &journal{}
		events.After(first, "journal", func(ctx context.Context, e events.Event) error {
			if len(j.read()) == 3 {
				<-ctx.Done() // the process stops while the hook runs
				return ctx.Err()
			}
			j.write("%s", e.Head().Type)
			return nil
		})
		r := startOn(t, s, first, func(c *convtrack.Config) { c.DrainTimeout = time.Second })
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		synctest.Wait()
		require.NoError(t, r.stop())
		require.Equal(t, storyEvents[:3], j.read())

		second := events.NewHooks()
		events.After(second, "journal", func(_ context.Context, e events.Event) error {
			require.NotNil(t, e.Head().Conversation)
			j.write("%s", e.Head().Type)
			return nil
		})
		startOn(t, s, second)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
	})
}

func TestAProcessThatDiesLosesItsDeliveriesWithItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		first := events.NewHooks()
		events.After(first, "journal", func(ctx context.Context, e events.Event) error { <-ctx.Done(); return ctx.Err() })
		dead := startOn(t, &dying{Store: s}, first)
		dead.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		dead.store.(*dying).dead.Store(true)

		second := events.NewHooks()
		j := journalHook(second, "journal")
		startOn(t, s, second)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Empty(t, j.read(), "the lease still runs")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
	})
}

// dying is a store whose process can no longer reach it.
type dying struct {
	store.Store
	dead atomic.Bool
}

var errDead = errors.New("dead")

func (d *dying) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if d.dead.Load() {
		return errDead
	}
	return d.Store.Renew(ctx, owner, lease, held)
}

func (d *dying) Release(ctx context.Context, owner string) error {
	if d.dead.Load() {
		return errDead
	}
	return d.Store.Release(ctx, owner)
}

func (d *dying) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if d.dead.Load() {
		return store.Committed{}, errDead
	}
	return d.Store.Commit(ctx, b)
}

func (d *dying) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	if d.dead.Load() {
		return nil, time.Time{}, errDead
	}
	return d.Store.Claim(ctx, c)
}

func TestTwoTrackersOnOneStoreAnnounceEachEventOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		j := &journal{}
		var rigs []*rig
		for range 2 {
			hooks := events.NewHooks()
			events.After(hooks, "journal", func(_ context.Context, e events.Event) error { j.write("%s", e.Head().ID); return nil })
			rigs = append(rigs, startOn(t, s, hooks))
		}
		var told sync.WaitGroup
		for i := range 50 {
			for _, r := range rigs {
				told.Go(func() {
					s := genesystest.BlindTransferToQueue()
					s.ID = fmt.Sprint("c-", i)
					r.tell(s.Snapshots()...)
				})
			}
		}
		told.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		ids := j.read()
		slices.Sort(ids)
		require.Len(t, ids, 50*len(storyEvents))
		require.Len(t, slices.Compact(ids), 50*len(storyEvents))
	})
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

func TestASourceThatFailsForGoodEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		other := sourceFunc(func(ctx context.Context, _ conversation.Sink) error { <-ctx.Done(); return ctx.Err() })
		failing := sourceFunc(func(context.Context, conversation.Sink) error { return errors.New("revoked") })
		err = tracker.Run(t.Context(), other, failing)
		var failed *convtrack.SourceError
		require.ErrorAs(t, err, &failed)
		require.ErrorContains(t, err, "revoked")
	})
}

func TestASourceThatPanicsEndsRun(t *testing.T) {
	for name, source := range map[string]sourceFunc{
		"panic":  func(context.Context, conversation.Sink) error { panic("bad") },
		"goexit": func(context.Context, conversation.Sink) error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
				require.NoError(t, err)
				var failed *convtrack.SourceError
				require.ErrorAs(t, tracker.Run(t.Context(), source), &failed)
			})
		})
	}
}

type sourceFunc func(context.Context, conversation.Sink) error

func (f sourceFunc) Run(ctx context.Context, sink conversation.Sink) error { return f(ctx, sink) }

func TestRunEndsWithItsSourcesWhenAllIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := &journal{}
		events.After(hooks, "slow", func(_ context.Context, e events.Event) error {
			time.Sleep(time.Second)
			j.write("%s", e.Head().Type)
			return nil
		})
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: quiet})
		require.NoError(t, err)
		file := sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
			for _, m := range genesystest.BlindTransferToQueue().Snapshots() {
				if err := sink(ctx, conversation.Update{Conversations: decode(t, m)}); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, tracker.Run(t.Context(), file))
		require.Equal(t, storyEvents, j.read())
	})
}

func TestRunEndsWhenWhatFoundNoRoomInMemoryIsDeliveredToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conversation.Conversation{ID: "c"}
		for i := range 3000 {
			c.Participants = append(c.Participants, &conversation.Participant{ID: fmt.Sprint("p", i), Purpose: conversation.PurposeCustomer})
		}
		conversation.State(c, conversation.Statement{By: conversation.SourceTopic})
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, MaxDeliveries: 1000, Logger: quiet})
		require.NoError(t, err)
		require.NoError(t, tracker.Run(t.Context(), sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
			return sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{c}})
		})))
		require.Len(t, j.read(), 3001)
	})
}

func TestAStoreThatFailsForAWhileIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{Store: memstore.New()}
		s.fail.Store(4)
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := startOn(t, s, hooks)
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
		s.fail.Store(1 << 30)
		other := story(t, "agentless")
		err := r.Observe(t.Context(), conversation.Update{Conversations: decode(t, other.Snapshots()[0])})
		require.ErrorContains(t, err, "no answer", "in the end the source is told")
		s.fail.Store(0)
	})
}

// flaky fails the next commits of changes.
type flaky struct {
	store.Store
	fail atomic.Int64
}

func (f *flaky) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if len(b.Changes) > 0 && f.fail.Add(-1) >= 0 {
		return store.Committed{}, errors.New("no answer")
	}
	return f.Store.Commit(ctx, b)
}

func TestARowThatTheStoreRefusesHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &picky{Store: memstore.New()}
		r := startOn(t, s, events.NewHooks(), func(c *convtrack.Config) { c.Committers = 1 })
		var good, bad sync.WaitGroup
		began := time.Now()
		for i := range 20 {
			good.Go(func() {
				s := genesystest.BlindTransferToQueue()
				s.ID = fmt.Sprint("c-", i)
				r.tell(s.Snapshots()[0])
			})
		}
		bad.Go(func() {
			s := genesystest.BlindTransferToQueue()
			s.ID = "bad"
			require.ErrorContains(t, r.Observe(t.Context(), conversation.Update{Conversations: decode(t, s.Snapshots()[0])}), "bad row")
		})
		good.Wait()
		require.Less(t, time.Since(began), time.Second)
		bad.Wait()
	})
}

// picky refuses batches with the conversation "bad".
type picky struct{ store.Store }

func (p *picky) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	for _, c := range b.Changes {
		if c.ID == "bad" {
			return store.Committed{}, errors.New("bad row")
		}
	}
	return p.Store.Commit(ctx, b)
}

func TestAGapIsToldToTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gaps []conversation.Gap
		r := start(t, events.NewHooks(), func(c *convtrack.Config) { c.OnGap = func(g conversation.Gap) { gaps = append(gaps, g) } })
		gap := conversation.Gap{Source: "notifications", From: time.Now(), To: time.Now().Add(time.Minute), Reason: "socket closed"}
		require.NoError(t, r.Observe(t.Context(), conversation.Update{Gap: &gap}))
		require.Equal(t, []conversation.Gap{gap}, gaps)
		require.EqualValues(t, 1, r.Stats().Gaps)
	})
}

func TestABadConfigurationIsExplained(t *testing.T) {
	_, err := convtrack.New(nil, nil)
	require.ErrorContains(t, err, "memstore.New()")
	_, err = convtrack.New(memstore.New(), &convtrack.Config{BatchSize: -1})
	require.ErrorContains(t, err, "Config.BatchSize is -1")
	_, err = convtrack.New(memstore.New(), &convtrack.Config{Lease: time.Millisecond})
	require.ErrorContains(t, err, "Config.Lease")
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

func understoodAll(t *testing.T, messages ...[]byte) []*conversation.Conversation {
	var all []*conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err)
		all = append(all, m.Conversations...)
	}
	return all
}
