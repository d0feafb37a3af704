package convtrack_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
)

func TestOpenConversationsAreFoundByWhoHasThemNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, events.NewHooks())
		story := genesystest.BlindTransferToQueue()
		messages := story.Snapshots()
		var agents, queues [][]string
		for _, m := range messages {
			r.tell(m)
			c, err := r.Get(t.Context(), story.ID)
			require.NoError(t, err)
			for _, user := range c.PresentUsers() {
				requireListed(t, r, store.Query{PresentUserID: user}, story.ID)
			}
			for _, queue := range c.PresentQueues() {
				requireListed(t, r, store.Query{PresentQueueID: queue, Media: []conversation.MediaType{conversation.MediaVoice}, Direction: conversation.Inbound}, story.ID)
			}
			agents, queues = append(agents, c.PresentUsers()), append(queues, c.PresentQueues())
		}
		require.NotEqual(t, -1, indexOf(queues), "it waits in a queue")
		require.Empty(t, agents[len(agents)-1], "in the end nobody has it")
		first := agents[indexOf(agents)][0]
		requireListed(t, r, store.Query{PresentUserID: first})
		requireListed(t, r, store.Query{EverUserID: first}, story.ID)
	})
}

// indexOf is the first place at which somebody is present.
func indexOf(lists [][]string) int {
	for i, l := range lists {
		if len(l) > 0 {
			return i
		}
	}
	return -1
}

func requireListed(t *testing.T, r *rig, q store.Query, ids ...string) {
	t.Helper()
	var got []string
	for c, err := range r.List(t.Context(), q) {
		require.NoError(t, err)
		got = append(got, c.ID)
	}
	require.Equal(t, ids, got)
	n, err := r.Count(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, len(ids), n)
}

func TestAPageHasTheCursorOfTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, events.NewHooks())
		for _, id := range []string{"a", "b", "c"} {
			require.NoError(t, r.SetAttributes(t.Context(), id, map[string]string{"caseId": "case-1"}))
		}
		q := store.Query{Attribute: map[string]string{"caseId": "case-1"}, Order: store.LastChanged, Limit: 2}
		first, err := r.Page(t.Context(), q)
		require.NoError(t, err)
		require.Len(t, first.Conversations, 2)
		q.After = first.Next
		second, err := r.Page(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, "a", second.Conversations[0].ID)
		require.Empty(t, second.Next)
		q.After = "made up"
		_, err = r.Page(t.Context(), q)
		require.ErrorIs(t, err, store.ErrCursor)
	})
}

func TestAListingBeginsAnewEachTimeThatItIsRangedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.After(hooks, "broken", func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(1))
		r := start(t, hooks)
		for _, id := range []string{"a", "b", "c"} {
			require.NoError(t, r.SetAttributes(t.Context(), id, map[string]string{"caseId": "case-1"}))
		}
		time.Sleep(time.Minute)
		first, err := r.Page(t.Context(), store.Query{Limit: 1})
		require.NoError(t, err)
		for after, n := range map[string]int{"": 3, first.Next: 2} {
			listed := r.List(t.Context(), store.Query{Limit: 1, After: after})
			for range 2 {
				require.Len(t, slices.Collect(items(t, listed)), n)
			}
		}
		failed := r.Failed(t.Context(), store.FailedQuery{Limit: 1})
		for range 2 {
			require.Len(t, slices.Collect(items(t, failed)), 3)
		}
	})
}

func TestTheTimelineGivesEachEventBackAsItWasAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		type seen struct {
			Media []conversation.MediaType `json:"media"`
		}
		remove := events.Define(hooks, "media.seen", func(c *conversation.Conversation) []events.Fact[seen] {
			return []events.Fact[seen]{{Data: seen{c.MediaTypes()}}}
		})
		j := journalHook(hooks, "journal")
		r := start(t, hooks)
		s := story(t, "internal call between two users")
		r.tell(s.Snapshots()...)
		require.NoError(t, r.Settle(t.Context()))
		time.Sleep(time.Minute) // until the outcomes are written
		timeline, err := r.Timeline(t.Context(), s.ID)
		require.NoError(t, err)
		var types []string
		for i, a := range timeline {
			require.Equal(t, int64(i+1), a.Logged.Seq)
			require.Equal(t, a.Logged.ID, a.Event.Head().ID)
			require.Equal(t, s.ID, a.Event.Head().Conversation.ID)
			types = append(types, string(a.Event.Head().Type))
			if custom, is := a.Event.(*events.Custom[seen]); is {
				require.Equal(t, []conversation.MediaType{conversation.MediaVoice}, custom.Data.Media)
			}
			text, err := json.Marshal(a)
			require.NoError(t, err)
			var line map[string]any
			require.NoError(t, json.Unmarshal(text, &line))
			require.Equal(t, a.Logged.Type, line["type"])
			require.IsType(t, map[string]any{}, line["data"], "not in base64: %s", text)
			require.NotContains(t, line, "deliveries", "all are done")
		}
		require.Equal(t, j.read(), types)
		require.Contains(t, types, "media.seen")

		remove() // as in a process that does not define it
		timeline, err = r.Timeline(t.Context(), s.ID)
		require.NoError(t, err)
		for _, a := range timeline {
			require.Equal(t, a.Logged.Type == "media.seen", a.Event == nil)
		}
		_, err = r.Timeline(t.Context(), "nobody")
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestTheHostStatesAttributesAndWhoBeganAConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var by []conversation.InitiatedBy
		events.Before(hooks, "look", func(_ context.Context, e *events.ConversationCreated) error {
			by = append(by, e.InitiatedBy)
			return nil
		})
		r := start(t, hooks)
		s := genesystest.BlindTransferToQueue()
		require.NoError(t, r.SetInitiatedBy(t.Context(), s.ID, conversation.InitiatedByDCM))
		r.tell(s.Snapshots()...)
		require.Equal(t, []conversation.InitiatedBy{conversation.InitiatedByDCM}, by)
		require.NoError(t, r.SetAttributes(t.Context(), s.ID, map[string]string{"caseId": "1", "kind": "x"}))
		require.NoError(t, r.SetAttributes(t.Context(), s.ID, map[string]string{"caseId": "2"}))
		c, err := r.Get(t.Context(), s.ID)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"caseId": "2", "kind": "x"}, c.Attributes)
		require.Equal(t, conversation.InitiatedByDCM, c.InitiatedBy)

		require.ErrorContains(t, r.SetAttributes(t.Context(), s.ID, nil), "no attributes")
		require.ErrorContains(t, r.SetAttributes(t.Context(), "", map[string]string{"a": "b"}), "no id")
		require.ErrorContains(t, r.SetInitiatedBy(t.Context(), s.ID, ""), "InitiatedByDCM")
	})
}
