package convtrack_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// In whatever order the messages come, how often, over which channels and with how
// many restarts between them: a hook that cannot decide yet announces nothing,
// and once it decides everything is as if it had consented at once. When nothing
// more is to come it is asked for the last time, and what it says then counts as
// consent.
func TestLawAHookThatCannotDecideYetChangesOnlyWhenThingsAreAnnounced(t *testing.T) {
	scenarios := genesystest.Scenarios()
	forms := map[string]func(*genesystest.Story) [][]byte{"details": (*genesystest.Story).Details, "records": (*genesystest.Story).Records,
		"snapshots": (*genesystest.Story).Snapshots, "media": (*genesystest.Story).MediaSnapshots}
	rapid.Check(t, func(d *rapid.T) {
		scenario := rapid.SampledFrom(scenarios).Draw(d, "scenario")
		s := scenario.Story()
		var messages [][]byte
		for _, form := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"details", "records", "snapshots", "media"}), 1, 3, rapid.ID[string]).Draw(d, "forms") {
			messages = append(messages, forms[form](s)...)
		}
		if len(messages) == 0 {
			return
		}
		messages = rapid.Permutation(messages).Draw(d, "order")
		messages = append(messages, rapid.SliceOfN(rapid.SampledFrom(messages), 0, 5).Draw(d, "again")...)
		enough := rapid.IntRange(1, 6).Draw(d, "participants that are enough")

		atOnce := events.NewHooks()
		events.Before(atOnce, "screen", func(context.Context, *events.ConversationCreated) error { return nil })
		want := announced(t, d, atOnce, messages, nil)

		var asked []bool // whether it had to decide
		consents := 0
		hesitant := events.NewHooks()
		events.Before(hesitant, "screen", func(_ context.Context, e *events.ConversationCreated) error {
			asked = append(asked, e.MustDecide)
			if len(e.Conversation.Participants) < enough {
				if e.MustDecide {
					consents++
				}
				return events.NotYet("too few have joined")
			}
			consents++
			return nil
		})
		got := announced(t, d, hesitant, messages, func() bool {
			require.False(d, consents == 0 && slices.Contains(asked, true), "it is asked for the last time only when nothing more is to come")
			return consents > 0
		})
		require.Equal(d, 1, consents)
		require.NotContains(d, asked[:len(asked)-1], true)
		require.Equal(d, want.ids, got.ids)
		if !want.reopened {
			require.Empty(d, conversation.Changes(want.is, got.is))
		}
	})
}

// outcome is what a tracker has announced of a conversation.
type outcome struct {
	is       *conversation.Conversation
	ids      []string
	reopened bool
}

// announced tells the messages to a tracker with the hooks. With decided, which
// says whether the hook has, the tracker is restarted now and then.
func announced(t *testing.T, d *rapid.T, hooks *events.Hooks, messages [][]byte, decided func() bool) (o outcome) {
	s := memstore.New()
	slow := func(c *convtrack.Config) { c.SettleSoon, c.SettleLate, c.UndecidedFor = -1, -1, time.Hour }
	r := startOn(t, s, hooks, slow)
	var id string
	for _, m := range messages {
		told := decode(t, m)
		for _, c := range told {
			id = c.ID
		}
		require.NoError(d, r.Observe(t.Context(), conversation.Update{Conversations: told}))
		if decided == nil {
			continue
		}
		if _, err := r.Get(t.Context(), id); decided() {
			require.NoError(d, err)
		} else {
			require.ErrorIs(d, err, store.ErrNotFound)
			require.Empty(d, r.failed(), "it has not failed")
		}
		if rapid.IntRange(0, 3).Draw(d, "restart") == 0 {
			require.NoError(d, r.stop())
			r = startOn(t, s, hooks, slow)
		}
	}
	require.NoError(d, r.Settle(t.Context()))
	var err error
	o.is, err = r.Get(t.Context(), id)
	require.NoError(d, err)
	logged, err := r.Events(t.Context(), id)
	require.NoError(d, err)
	for _, e := range logged {
		o.reopened = o.reopened || e.Type == string(events.TypeConversationReopened)
	}
	for _, e := range logged {
		// Only who looks on while it happens sees an end after which it goes on.
		if e.Type != string(events.TypeConversationEnded) && e.Type != string(events.TypeConversationReopened) {
			o.ids = append(o.ids, e.Type+" "+e.ID)
		}
	}
	slices.Sort(o.ids)
	require.NoError(d, r.stop())
	return o
}
