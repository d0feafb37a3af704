package convtrack_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
)

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

func TestABeforeHookThatFailsIsTriedAgainAndThenItsChangeHasFailed(t *testing.T) {
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

		failed := slices.Collect(items(t, r.Failed(t.Context(), store.FailedQuery{})))
		require.Len(t, failed, 1)
		require.Equal(t, "strict", failed[0].Hook)
		require.Equal(t, "agent.connected", failed[0].Event.Type)
		require.Equal(t, "no case for it", failed[0].Error)
		require.Equal(t, s.ID, failed[0].ConversationID)

		_, err := r.Retry(t.Context(), failed[0].ID)
		require.ErrorContains(t, err, "no case for it", "a retry that fails says so")
		require.Len(t, slices.Collect(items(t, r.Failed(t.Context(), store.FailedQuery{}))), 1)

		broken.Store(false)
		n, err := r.Retry(t.Context(), failed[0].ID)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read(), "nothing said meanwhile was lost")
		require.Empty(t, slices.Collect(items(t, r.Failed(t.Context(), store.FailedQuery{}))))
	})
}

func TestSkipMakesAFailedChangeWithoutTheHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "strict", func(context.Context, *events.ConversationCreated) error { return errors.New("never") })
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()...)
		require.Empty(t, j.read())
		failed := slices.Collect(items(t, r.Failed(t.Context(), store.FailedQuery{})))
		require.Len(t, failed, 1)
		n, err := r.Skip(t.Context(), failed[0].ID)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		synctest.Wait()
		require.Len(t, j.read(), len(storyEvents))
	})
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

func TestAnOptionalBeforeHookThatFailsHoldsNothingBack(t *testing.T) {
	for name, fails := range map[string]func() error{
		"an error": func() error { return errors.New("no such case") },
		"a panic":  func() error { panic("no such case") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				asked := 0
				events.Before(hooks, "before", func(_ context.Context, e *events.ConversationCreated) error {
					e.SetAttribute("before", "yes")
					return nil
				})
				events.Before(hooks, "optional", func(_ context.Context, e *events.ConversationCreated) error {
					asked++
					e.SetAttribute("optional", "yes")
					return fails()
				}, events.Optional())
				events.Before(hooks, "behind", func(_ context.Context, e *events.ConversationCreated) error {
					e.SetAttribute("behind", "yes")
					return nil
				})
				j := journalHook(hooks, "journal")
				r := start(t, hooks)
				s := genesystest.BlindTransferToQueue()
				r.tell(s.Snapshots()...)
				synctest.Wait()
				require.Equal(t, storyEvents, j.read())
				require.Equal(t, 1, asked)
				c, err := r.Get(t.Context(), s.ID)
				require.NoError(t, err)
				require.Equal(t, map[string]string{"before": "yes", "behind": "yes"}, c.Attributes)
				require.Empty(t, slices.Collect(items(t, r.Failed(t.Context(), store.FailedQuery{}))))
				require.EqualValues(t, 1, r.Stats().BeforeFailed)
			})
		})
	}
}

func TestBeforeHooksMayTakeLongerTogetherThanTheStoreMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		for i := range 5 {
			events.Before(hooks, fmt.Sprint("slow", i), func(ctx context.Context, _ *events.ConversationCreated) error {
				time.Sleep(20 * time.Second)
				return ctx.Err()
			}, events.Timeout(time.Minute))
		}
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		r.tell(s.Snapshots()[0])
		_, err := r.Get(t.Context(), s.ID)
		require.NoError(t, err)
		for item := range items(t, r.Failed(t.Context(), store.FailedQuery{})) {
			require.Failf(t, "it is set aside", "%+v", item)
		}
	})
}

func TestAFilterOfABeforeHookSeesWhatHooksBeforeItHaveSet(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	records := s.Records()
	for name, messages := range map[string][][]byte{"one by one": s.Snapshots(), "all in one": records[len(records)-1:]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks, asked := events.NewHooks(), 0
				events.Before(hooks, "case", func(_ context.Context, e *events.ConversationCreated) error {
					e.SetAttribute("caseId", "1")
					return nil
				})
				events.Before(hooks, "owner", func(context.Context, *events.AgentConnected) error { asked++; return nil },
					events.When(func(e events.Event) bool { return e.Head().Conversation.Attributes["caseId"] != "" }))
				r := start(t, hooks)
				r.tell(messages...)
				synctest.Wait()
				require.Equal(t, 2, asked)
			})
		})
	}
}

func TestOfTwoHooksThatSetAnAttributeTheLaterOneWins(t *testing.T) {
	for _, values := range [][]string{{"waiting", "assigned"}, {"assigned", "waiting"}} {
		synctest.Test(t, func(t *testing.T) {
			hooks := events.NewHooks()
			for _, status := range values {
				events.Before(hooks, status, func(_ context.Context, e *events.ConversationCreated) error {
					e.SetAttribute("status", status)
					return nil
				})
			}
			r, s := start(t, hooks), genesystest.BlindTransferToQueue()
			r.tell(s.Snapshots()[0])
			for range 2 { // of what the host states, too
				c, err := r.Get(t.Context(), s.ID)
				require.NoError(t, err)
				require.Equal(t, values[1], c.Attributes["status"])
				slices.Reverse(values)
				for _, status := range values {
					require.NoError(t, r.SetAttributes(t.Context(), s.ID, map[string]string{"status": status}))
				}
			}
		})
	}
}

// TestWhatCameWithAVetoIsLaterThanWhatHooksOnEarlierEventsSet, however often the change is
// made.
func TestWhatCameWithAVetoIsLaterThanWhatHooksOnEarlierEventsSet(t *testing.T) {
	for _, again := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			hooks := events.NewHooks()
			events.Before(hooks, "a", func(_ context.Context, e *events.ConversationCreated) error {
				e.SetAttribute("status", "1")
				return nil
			})
			if again {
				events.Before(hooks, "c", func(context.Context, *events.AgentConnected) error { return nil })
			}
			events.Before(hooks, "b", func(_ context.Context, e *events.AgentConnected) error {
				e.SetAttribute("status", "0")
				return events.Veto("no")
			})
			r, s := start(t, hooks), genesystest.BlindTransferToQueue()
			records := s.Records()
			r.tell(records[len(records)-1])
			c, err := r.Get(t.Context(), s.ID)
			require.NoError(t, err)
			require.Equal(t, "0", c.Attributes["status"])
		})
	}
}
