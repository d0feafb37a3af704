package commit

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// loads counts what is asked of the store.
type loads struct {
	store.Store
	n int
}

func (s *loads) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	s.n += len(ids)
	return s.Store.Load(ctx, ids...)
}

// sureRig is a committer that takes what it does not know for new, on a store
// that has the conversation "old".
func sureRig(t *testing.T, hooks *events.Hooks) (*rig, *loads) {
	t.Helper()
	other := newRig(t, events.NewHooks())
	require.NoError(t, other.hear(said("old", at)))
	counted := &loads{Store: other.store.Store}
	r := newRig(t, hooks)
	r.store.Store = counted
	for i := range sure {
		require.NoError(t, r.hear(said(fmt.Sprint("new-", i), at)))
	}
	require.Equal(t, sure, counted.n)
	return r, counted
}

func TestANewConversationIsNotLookedUpWhereThoseBeforeWereNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, loads := sureRig(t, events.NewHooks())
		require.NoError(t, r.hear(said("new", at)))
		require.Equal(t, sure, loads.n)
		require.EqualValues(t, 1, r.load("new").Version)
	})
}

func TestAConversationThatIsTakenForNewAndIsNotIsLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, loads := sureRig(t, events.NewHooks())
		require.NoError(t, r.hear(ended("old", at.Add(1))))
		old := r.load("old")
		require.EqualValues(t, 2, old.Version)
		require.NotEmpty(t, old.Conversation.Participants, "what was known stays")
		require.Equal(t, at.Add(1), old.Conversation.RecordedEnd)
		require.Zero(t, r.Counters.Conflicts.Load(), "nobody was faster")
		before := loads.n
		require.NoError(t, r.hear(said("next", at)))
		require.Equal(t, before+1, loads.n, "it is not so sure any more")
	})
}

func TestWhatSaysNothingOfAConversationThatIsTakenForNewIsComparedWithTheStoredOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, loads := sureRig(t, events.NewHooks())
		require.NoError(t, r.hear(&conversation.Conversation{ID: "old"}))
		require.Equal(t, sure+1, loads.n)
	})
}

func TestABeforeHookIsNotAskedAboutAGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks, asked := events.NewHooks(), map[string]int{}
		events.Before(hooks, "asks", func(_ context.Context, e *events.ConversationCreated) error {
			asked[e.ConversationID]++
			return nil
		})
		r, _ := sureRig(t, hooks)
		require.NoError(t, r.hear(ended("old", at.Add(1))))
		require.NoError(t, r.hear(said("new", at)))
		require.Zero(t, asked["old"])
		require.Equal(t, 1, asked["new"])
	})
}

func TestAForgottenConversationThatIsTakenForNewStaysForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, loads := sureRig(t, events.NewHooks())
		_, err := r.store.Forget(t.Context(), "old")
		require.NoError(t, err)
		require.NoError(t, r.hear(ended("old", at.Add(1))))
		old := r.load("old")
		require.True(t, old.Forgotten)
		require.Zero(t, old.Version)
		before := loads.n
		require.NoError(t, r.hear(said("next", at)))
		require.Equal(t, before+1, loads.n, "it is not so sure any more")
	})
}
