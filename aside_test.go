package convtrack_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
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

// switched is a hook that fails while it is broken.
type switched struct {
	broken atomic.Bool
	tries  atomic.Int64
}

func (s *switched) run() error {
	s.tries.Add(1)
	if s.broken.Load() {
		return errors.New("the case system is down")
	}
	return nil
}

func (r *rig) failed() []store.FailedItem {
	return slices.Collect(items(r.t, r.Failed(r.t.Context(), store.FailedQuery{})))
}

func TestARefusedChangeIsTriedAgainByItselfAndHoldsBackNoOther(t *testing.T) {
	for name, restarts := range map[string]bool{"in one process": false, "over a restart": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
				var link switched
				link.broken.Store(true)
				events.Before(hooks, "link", func(_ context.Context, e *events.AgentConnected) error {
					if e.ConversationID != s.ID {
						return nil
					}
					return link.run()
				})
				of := map[string]*journal{}
				var mu sync.Mutex
				events.After(hooks, "journal", func(_ context.Context, e events.Event) error {
					mu.Lock()
					defer mu.Unlock()
					if of[e.Head().ConversationID] == nil {
						of[e.Head().ConversationID] = &journal{}
					}
					of[e.Head().ConversationID].write("%s", e.Head().Type)
					return nil
				})
				stored := memstore.New()
				told := 0
				config := func(c *convtrack.Config) {
					c.OnFailed = func(context.Context, store.FailedItem) { told++ }
				}
				r := startOn(t, stored, hooks, config)
				r.tell(s.Snapshots()...)
				other := story(t, "internal call between two users")
				r.tell(other.Snapshots()...)
				synctest.Wait()
				require.Equal(t, internalCallEvents, of[other.ID].read(), "others go on")

				failed := r.failed()
				require.Len(t, failed, 1)
				require.Equal(t, 5, failed[0].Attempts)
				require.Equal(t, 10*time.Second, failed[0].Next.Sub(failed[0].Since))

				time.Sleep(time.Hour)
				synctest.Wait()
				require.Greater(t, link.tries.Load(), int64(12))
				require.Less(t, link.tries.Load(), int64(25), "the pauses grow")
				require.Len(t, r.failed(), 1)
				require.Zero(t, r.Stats().Failed, "not for good")
				if restarts {
					require.NoError(t, r.stop())
					r = startOn(t, stored, hooks, config)
				}
				link.broken.Store(false)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				require.Equal(t, storyEvents, of[s.ID].read(), "nothing said meanwhile was lost")
				require.Empty(t, r.failed())
				require.Zero(t, told, "nobody had to decide")
			})
		})
	}
}

func TestWhatHasFailedForGoodIsToldOnceAndTriedNoMore(t *testing.T) {
	for name, misbehaves := range map[string]func(){"returns": func() {}, "panics": func() { panic("no") }, "exits": runtime.Goexit, "hangs": func() { <-make(chan struct{}) }} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
				var link, owner switched
				link.broken.Store(true)
				owner.broken.Store(true)
				events.Before(hooks, "link", func(context.Context, *events.ConversationEnded) error { return link.run() })
				events.After(hooks, "owner", func(context.Context, *events.AgentConnected) error { return owner.run() }, events.Attempts(3))
				told := &journal{}
				release := make(chan struct{})
				r := start(t, hooks, func(c *convtrack.Config) {
					c.OnFailed = func(ctx context.Context, f store.FailedItem) {
						told.write("%s %s %s", f.ID, f.Event.Type, f.Error)
						if name == "hangs" {
							<-release
							return
						}
						misbehaves()
					}
				})
				defer func() { close(release); synctest.Wait() }()
				r.tell(s.Snapshots()...)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Len(t, told.read(), 1, "a delivery whose tries are used up")
				require.Contains(t, told.read()[0], "delivery:")
				require.Contains(t, told.read()[0], ":owner agent.connected the case system is down")
				time.Sleep(23 * time.Hour)
				synctest.Wait()
				require.Len(t, told.read(), 1)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				require.Len(t, told.read(), 2, "a change that was refused for a day")
				require.Equal(t, store.ChangeID(s.ID)+" conversation.ended the case system is down", told.read()[1])
				require.Equal(t, int64(2), r.Stats().Failed)
				tries := link.tries.Load()
				time.Sleep(48 * time.Hour)
				synctest.Wait()
				require.Equal(t, tries, link.tries.Load())
				require.Len(t, told.read(), 2)

				link.broken.Store(false)
				owner.broken.Store(false)
				n, err := r.RetryAll(t.Context(), store.FailedQuery{})
				require.NoError(t, err)
				require.Equal(t, 2, n)
				synctest.Wait()
				require.Empty(t, r.failed())
			})
		})
	}
}

func TestWhoIsToldOfAFailureCanRetryItAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
		var owner switched
		owner.broken.Store(true)
		events.After(hooks, "owner", func(context.Context, *events.ConversationEnded) error { return owner.run() }, events.Attempts(1))
		var r *rig
		var retried int
		ready := make(chan struct{})
		r = start(t, hooks, func(c *convtrack.Config) {
			c.OnFailed = func(ctx context.Context, f store.FailedItem) {
				<-ready
				owner.broken.Store(false)
				n, err := r.Retry(ctx, f.ID)
				if err == nil {
					retried += n
				}
			}
		})
		close(ready)
		r.tell(s.Snapshots()...)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, retried)
		require.EqualValues(t, 2, owner.tries.Load())
		require.Empty(t, r.failed())
	})
}

func TestABeforeHookSaysHowOftenAndWhenItIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
		var link, other switched
		link.broken.Store(true)
		other.broken.Store(true)
		var at []time.Time
		events.Before(hooks, "link", func(context.Context, *events.ConversationCreated) error {
			at = append(at, time.Now())
			return link.run()
		}, events.Attempts(3), events.Backoff(func(n int) time.Duration { return time.Duration(n) * time.Second }))
		events.Before(hooks, "other", func(context.Context, *events.AgentConnected) error { return other.run() })
		r := start(t, hooks)
		r.tell(s.Snapshots()[0])
		require.Len(t, at, 3)
		require.Equal(t, time.Second, at[1].Sub(at[0]))
		require.Equal(t, 2*time.Second, at[2].Sub(at[1]))
		link.broken.Store(false)
		_, err := r.RetryAll(t.Context(), store.FailedQuery{Hook: "link"})
		require.NoError(t, err)
		r.tell(s.Snapshots()...)
		require.EqualValues(t, 5, other.tries.Load(), "as the tracker says")
	})
}

func TestNotYetKeepsAConversationAsideUntilAHookCanDecide(t *testing.T) {
	for name, restarts := range map[string]bool{"in one process": false, "over a restart with each fact": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
				asked, late := 0, 0
				events.Before(hooks, "screen", func(_ context.Context, e *events.ConversationCreated) error {
					asked++
					if e.MustDecide {
						late++
					}
					e.SetAttribute("asked", "yes")
					if len(e.Conversation.Participants) < 4 {
						return events.NotYet("no agent yet")
					}
					return nil
				})
				j := journalHook(hooks, "journal")
				stored := memstore.New()
				r := startOn(t, stored, hooks)
				told := 0
				for _, m := range s.Snapshots() {
					r.tell(m, m)
					synctest.Wait()
					if told++; len(j.read()) > 0 {
						continue
					}
					require.Equal(t, told, asked, "with each fact, and not with what is known")
					require.Empty(t, r.failed(), "it has not failed")
					_, err := r.Get(t.Context(), s.ID)
					require.ErrorIs(t, err, store.ErrNotFound)
					if restarts {
						require.NoError(t, r.stop())
						r = startOn(t, stored, hooks)
					}
				}
				require.Greater(t, asked, 1)
				require.Zero(t, late)
				time.Sleep(time.Hour)
				require.ElementsMatch(t, storyEvents, j.read(), "nothing is lost")
				c, err := r.Get(t.Context(), s.ID)
				require.NoError(t, err)
				require.Equal(t, map[string]string{"asked": "yes"}, c.Attributes)
			})
		})
	}
}

func TestAHookThatCannotDecideInTimeIsAskedForTheLastTime(t *testing.T) {
	for name, answer := range map[string]error{"NotYet counts as consent": events.NotYet("still no caller"), "a veto counts": events.Veto("still no caller"), "so does consent": nil} {
		for how, restarts := range map[string]bool{"": false, ", over a restart": true} {
			t.Run(name+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
					asked := &journal{}
					events.Before(hooks, "screen", func(_ context.Context, e *events.ConversationCreated) error {
						if asked.write("%v", e.MustDecide); e.MustDecide {
							return answer
						}
						return events.NotYet("no caller")
					})
					j := journalHook(hooks, "journal")
					stored := memstore.New()
					patient := func(c *convtrack.Config) { c.UndecidedFor = 3 * time.Minute }
					r := startOn(t, stored, hooks, patient)
					began := time.Now()
					r.tell(s.Snapshots()[0])
					time.Sleep(2 * time.Minute)
					r.tell(s.Snapshots()[1])
					if restarts {
						require.NoError(t, r.stop())
						r = startOn(t, stored, hooks, patient)
					}
					time.Sleep(time.Minute - time.Second)
					synctest.Wait()
					require.Equal(t, []string{"false", "false"}, asked.read())
					require.Empty(t, j.read())
					time.Sleep(2 * time.Second)
					synctest.Wait()
					require.Equal(t, []string{"false", "false", "true"}, asked.read(), "%v since the first fact", time.Since(began))
					_, err := r.Get(t.Context(), s.ID)
					if name == "a veto counts" {
						require.ErrorIs(t, err, store.ErrNotFound)
						require.Empty(t, j.read())
						return
					}
					require.NoError(t, err)
					require.Equal(t, "conversation.created", j.read()[0])
					r.tell(s.Snapshots()...)
					synctest.Wait()
					require.Equal(t, storyEvents, j.read())
					require.Len(t, asked.read(), 3)
				})
			})
		}
	}
}

// reading is a source that can read a conversation from its messages.
type reading struct {
	r        *rig
	messages [][]byte
	reads    atomic.Int64
}

func (s *reading) Run(ctx context.Context, _ conversation.Sink) error { <-ctx.Done(); return nil }

func (s *reading) Read(ctx context.Context, id string) error {
	s.reads.Add(1)
	for _, m := range s.messages {
		if err := s.r.Observe(ctx, conversation.Update{Conversations: decode(s.r.t, m)}); err != nil {
			return err
		}
	}
	return nil
}

func TestTrackTakesAVetoBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
		asked := 0
		events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error {
			asked++
			return events.Veto("not ours")
		})
		j := journalHook(hooks, "journal")
		source := &reading{messages: s.Snapshots()}
		r := startWith(t, memstore.New(), hooks, source)
		source.r = r
		require.ErrorIs(t, r.Track(t.Context(), s.ID), store.ErrNotFound)
		r.tell(s.Snapshots()[0])
		require.Equal(t, 1, asked)
		require.NoError(t, r.Track(t.Context(), s.ID))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read(), "it was read anew")
		require.EqualValues(t, 1, source.reads.Load())
		require.Equal(t, 2, asked, "the hook is asked, and cannot veto it again")
		require.ErrorIs(t, r.Track(t.Context(), s.ID), convtrack.ErrNotVetoed)
	})
}

func TestTrackTakesAVetoBackInWhicheverProcessItIsCalled(t *testing.T) {
	for n := range 8 { // some are looked after by the one, some by the other
		synctest.Test(t, func(t *testing.T) {
			stored, s := memstore.New(), genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprint("conversation ", n)
			var asked atomic.Int64
			told := &journal{}
			var rigs []*rig
			var sources []*reading
			for i := range 2 {
				hooks := events.NewHooks()
				events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error {
					asked.Add(1)
					return events.Veto("not ours")
				})
				events.After(hooks, "told", func(_ context.Context, e events.Event) error {
					told.write("%s", e.Head().Type)
					return nil
				})
				source := &reading{messages: s.Snapshots()}
				source.r = startWith(t, stored, hooks, source, func(c *convtrack.Config) { c.Instance = fmt.Sprint("process ", i) })
				rigs, sources = append(rigs, source.r), append(sources, source)
			}
			time.Sleep(15 * time.Second) // they know of each other
			rigs[n%2].tell(s.Snapshots()[0])
			time.Sleep(time.Second)
			synctest.Wait()
			require.EqualValues(t, 1, asked.Load())
			require.NoError(t, rigs[(n+1)%2].Track(t.Context(), s.ID))
			time.Sleep(2 * time.Second)
			for _, r := range rigs { // what is heard meanwhile is joined, whoever hears it
				r.tell(s.Snapshots()...)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			require.Equal(t, storyEvents, told.read(), "each event once")
			require.EqualValues(t, 1, sources[0].reads.Load()+sources[1].reads.Load(), "one of them has read it")
			require.EqualValues(t, 2, asked.Load())
			for _, r := range rigs {
				require.ErrorIs(t, r.Track(t.Context(), s.ID), convtrack.ErrNotVetoed)
			}
		})
	}
}

func TestTrackNeedsASourceThatCanRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
		events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
		r := start(t, hooks)
		r.tell(s.Snapshots()[0])
		require.ErrorIs(t, r.Track(t.Context(), s.ID), convtrack.ErrNoReader)
		r.tell(s.Snapshots()...)
		_, err := r.Get(t.Context(), s.ID)
		require.ErrorIs(t, err, store.ErrNotFound, "it stays vetoed")
	})
}

func TestRetryAllAndSkipAllDecideWhatTheQuerySelects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, s := events.NewHooks(), genesystest.BlindTransferToQueue()
		var a, b switched
		a.broken.Store(true)
		b.broken.Store(true)
		slowly := func(s *switched) error { // so that what fails again fails later, also in virtual time
			time.Sleep(time.Millisecond)
			return s.run()
		}
		events.After(hooks, "a", func(context.Context, *events.AgentConnected) error { return slowly(&a) }, events.Attempts(1))
		events.After(hooks, "b", func(context.Context, *events.ConversationEnded) error { return slowly(&b) }, events.Attempts(1))
		events.Before(hooks, "c", func(_ context.Context, e *events.ConversationCreated) error {
			if e.ConversationID != s.ID {
				return slowly(&a)
			}
			return nil
		})
		r := start(t, hooks, func(c *convtrack.Config) { c.RefusedFor = -1 })
		r.tell(s.Snapshots()...)
		time.Sleep(time.Minute)
		split := time.Now()
		r.tell(story(t, "internal call between two users").Snapshots()...)
		time.Sleep(time.Minute)
		require.Len(t, r.failed(), 3)
		all := func(do func(context.Context, store.FailedQuery) (int, error), q store.FailedQuery) int {
			q.Limit = 1
			n, err := do(t.Context(), q)
			require.NoError(t, err)
			time.Sleep(time.Second)
			synctest.Wait()
			return n
		}
		require.Zero(t, all(r.RetryAll, store.FailedQuery{Hook: "a", From: split}))
		require.Zero(t, all(r.RetryAll, store.FailedQuery{Type: "agent.left"}))
		require.Equal(t, 3, all(r.RetryAll, store.FailedQuery{}), "what fails again is not tried for ever")
		require.Len(t, r.failed(), 3)
		require.Equal(t, 1, all(r.SkipAll, store.FailedQuery{Type: "conversation.ended"}))
		a.broken.Store(false)
		b.broken.Store(false)
		require.Equal(t, 2, all(r.RetryAll, store.FailedQuery{}))
		require.Empty(t, r.failed())
	})
}

// TestAVetoThatWasTakenBackIsKnownToAProcessThatLooksAfterTheConversationAgain: what it
// has in memory of the time before is older than what is stored.
func TestAVetoThatWasTakenBackIsKnownToAProcessThatLooksAfterTheConversationAgain(t *testing.T) {
	for n := range 8 { // whichever owns it
		synctest.Test(t, func(t *testing.T) {
			stored, s, announced := memstore.New(), genesystest.BlindTransferToQueue(), &journal{}
			s.ID = fmt.Sprint("conversation ", n)
			run := func(name string) *rig {
				hooks := events.NewHooks()
				events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
				events.After(hooks, "announced", func(_ context.Context, e events.Event) error { announced.write("%s", e.Head().Type); return nil })
				source := &reading{messages: s.Snapshots()[:3]}
				source.r = startWith(t, stored, hooks, source, func(c *convtrack.Config) { c.Instance = name })
				return source.r
			}
			first := run("first")
			first.tell(s.Snapshots()[0])
			second := run("second")
			time.Sleep(15 * time.Second) // they know of each other
			require.NoError(t, second.Track(t.Context(), s.ID))
			time.Sleep(time.Minute)
			require.NoError(t, second.stop())
			time.Sleep(30 * time.Second)
			first.tell(s.Snapshots()...)
			time.Sleep(time.Minute)
			synctest.Wait()
			require.ElementsMatch(t, storyEvents, announced.read())
		})
	}
}

func TestADecisionIsMadeByAProcessThatLooksAfterTheConversationAgain(t *testing.T) {
	for n := range 8 {
		synctest.Test(t, func(t *testing.T) {
			stored, s := memstore.New(), genesystest.BlindTransferToQueue()
			s.ID = fmt.Sprint("conversation ", n)
			var link switched
			link.broken.Store(true)
			run := func(name string) *rig {
				hooks := events.NewHooks()
				events.Before(hooks, "link", func(context.Context, *events.AgentConnected) error { return link.run() })
				return startOn(t, stored, hooks, func(c *convtrack.Config) { c.Instance, c.RefusedFor = name, -1 })
			}
			first := run("first")
			first.tell(s.Snapshots()[0])
			second := run("second")
			time.Sleep(15 * time.Second)
			second.tell(s.Snapshots()...)
			time.Sleep(time.Minute)
			require.NoError(t, second.stop())
			time.Sleep(30 * time.Second)
			link.broken.Store(false)
			failed := first.failed()
			require.Len(t, failed, 1)
			_, err := first.Retry(t.Context(), failed[0].ID)
			require.NoError(t, err)
			require.Empty(t, first.failed())
		})
	}
}

// TestOfTwoHooksThatRefuseAChangeBothCanBeSkipped: whoever decides on the second one
// has decided on the first one already.
func TestOfTwoHooksThatRefuseAChangeBothCanBeSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var links [2]switched
		atTheEnd := 0
		for i := range links {
			links[i].broken.Store(true)
			events.Before(hooks, fmt.Sprint("link ", i), func(_ context.Context, e events.Event) error {
				if e.Head().Type == events.TypeConversationEnded && i == 0 {
					atTheEnd++
				}
				if e.Head().Type == events.TypeConversationCreated || e.Head().Type == events.TypeConversationEnded {
					return links[i].run()
				}
				return nil
			})
		}
		r := start(t, hooks, func(c *convtrack.Config) { c.RefusedFor = -1 })
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()[0])
		for i := range links {
			failed := r.failed()
			require.Len(t, failed, 1)
			require.Equal(t, fmt.Sprint("link ", i), failed[0].Failure.Hook)
			before := links[0].tries.Load()
			_, err := r.Skip(t.Context(), failed[0].ID)
			if i == 0 {
				require.Error(t, err, "the other one refuses it")
				r.tell(s.Snapshots()...)
				time.Sleep(time.Minute)
				for i := range links {
					links[i].broken.Store(i == 1)
				}
				require.Zero(t, atTheEnd)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, before+1, links[0].tries.Load(), "about the creation it is not asked any more")
		}
		require.Empty(t, r.failed())
		require.Equal(t, 1, atTheEnd, "about what was heard since it is")
		c, err := r.Get(t.Context(), s.ID)
		require.NoError(t, err)
		require.Equal(t, conversation.StatusEnded, c.Status)
	})
}

// cutOff is a store to which a process gives no signs of life for a while.
type cutOff struct {
	store.Store
	cut atomic.Bool
}

func (s *cutOff) SetValue(ctx context.Context, name string, v []byte, version int64) (int64, error) {
	if s.cut.Load() && name == "convtrack/members" {
		return 0, errors.New("unreachable")
	}
	return s.Store.SetValue(ctx, name, v, version)
}

// TestAProcessThatWasTakenForDeadDoesNotTrustItsMemory: it may not have noticed, as the
// members are the same afterwards, nor yet, while it cannot give a sign of life.
func TestAProcessThatWasTakenForDeadDoesNotTrustItsMemory(t *testing.T) {
	for n := range 16 {
		synctest.Test(t, func(t *testing.T) {
			stored, s, announced := memstore.New(), genesystest.BlindTransferToQueue(), &journal{}
			s.ID = fmt.Sprint("conversation ", n)
			far := &cutOff{Store: stored}
			run := func(name string, on store.Store) *rig {
				hooks := events.NewHooks()
				events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
				events.After(hooks, "announced", func(_ context.Context, e events.Event) error { announced.write("%s", e.Head().Type); return nil })
				source := &reading{messages: s.Snapshots()[:3]}
				source.r = startWith(t, on, hooks, source, func(c *convtrack.Config) { c.Instance = name })
				return source.r
			}
			first, second := run("first", far), run("second", stored)
			time.Sleep(15 * time.Second)
			first.tell(s.Snapshots()[0])
			time.Sleep(time.Second)
			far.cut.Store(true)
			time.Sleep(40 * time.Second)
			require.NoError(t, second.Track(t.Context(), s.ID))
			time.Sleep(time.Minute)
			if n%2 == 0 {
				first.tell(s.Snapshots()...)
				time.Sleep(time.Minute)
			}
			far.cut.Store(false)
			time.Sleep(20 * time.Second)
			if n%2 == 1 {
				first.tell(s.Snapshots()...)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			require.ElementsMatch(t, storyEvents, announced.read())
		})
	}
}

// TestOfTwoHooksThatRefuseAVersionBothCanBeSkipped: what is kept aside is a version, too,
// so the next one has another id.
func TestOfTwoHooksThatRefuseAVersionBothCanBeSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		for i := range 2 {
			events.Before(hooks, fmt.Sprint("link ", i), func(context.Context, *events.ConversationChanged) error { return errors.New("down") })
		}
		r := start(t, hooks, func(c *convtrack.Config) { c.RefusedFor = -1 })
		r.tell(genesystest.BlindTransferToQueue().Snapshots()[0])
		_, err := r.Skip(t.Context(), r.failed()[0].ID)
		require.Error(t, err, "the other one refuses it")
		_, err = r.Skip(t.Context(), r.failed()[0].ID)
		require.NoError(t, err)
		require.Empty(t, r.failed())
	})
}

// TestADecisionOnAConclusionHoldsAtOnce: until somebody decides, a conclusion waits as
// what was refused does.
func TestADecisionOnAConclusionHoldsAtOnce(t *testing.T) {
	for name, patience := range map[string]time.Duration{"that is tried again by itself": 0, "that is tried no more": -1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				var link switched
				link.broken.Store(true)
				events.Before(hooks, "link", func(context.Context, *events.ConversationEnded) error { return link.run() })
				j := journalHook(hooks, "journal")
				r := start(t, hooks, func(c *convtrack.Config) { c.RefusedFor = patience })
				r.tell(genesystest.BlindTransferToQueue().Details()...)
				time.Sleep(time.Minute)
				failed := r.failed()
				require.Len(t, failed, 1)
				require.Equal(t, "conversation.ended", failed[0].Event.Type)
				require.NotContains(t, j.read(), "conversation.ended")

				tries := link.tries.Load()
				n, err := r.Retry(t.Context(), failed[0].ID)
				require.Equal(t, 1, n)
				require.ErrorContains(t, err, "the case system is down")
				require.Equal(t, tries+1, link.tries.Load(), "it is tried before Retry returns")

				_, err = r.Skip(t.Context(), failed[0].ID)
				require.NoError(t, err)
				require.Equal(t, tries+1, link.tries.Load())
				synctest.Wait()
				require.Contains(t, j.read(), "conversation.ended")
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Empty(t, r.failed())
				require.Equal(t, tries+1, link.tries.Load(), "nor is it asked later")
			})
		})
	}
}

// TestOneDecisionHoldsForAllConclusionsThatAHookRefuses: those that are due with the one
// that it has refused wait with it.
func TestOneDecisionHoldsForAllConclusionsThatAHookRefuses(t *testing.T) {
	for name, patience := range map[string]time.Duration{"that are tried again by themselves": 0, "that are tried no more": -1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				events.Before(hooks, "link", func(context.Context, events.Event) error { return errors.New("down") },
					events.OfTypes(events.TypeAgentTransferred, events.TypeAgentDisconnected, events.TypeConversationEnded))
				// A timer that lies ahead is no conclusion that a hook can have refused.
				began := time.Now()
				events.Define(hooks, "much later", func(*conversation.Conversation) []events.Fact[int] {
					return []events.Fact[int]{{Time: began.Add(time.Hour)}}
				})
				j := journalHook(hooks, "journal")
				r := start(t, hooks, func(c *convtrack.Config) { c.RefusedFor = patience })
				r.tell(genesystest.BlindTransferToQueue().Details()...)
				time.Sleep(time.Minute)
				failed := r.failed()
				require.Len(t, failed, 1)
				_, err := r.Skip(t.Context(), failed[0].ID)
				require.NoError(t, err)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Empty(t, r.failed())
				told := j.read()
				require.Subset(t, told, []string{"agent.transferred", "agent.disconnected", "conversation.ended"})
				require.NotContains(t, told, "much later")
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Contains(t, j.read(), "much later")
			})
		})
	}
}
