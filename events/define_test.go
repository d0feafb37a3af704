package events_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

type visit struct {
	QueueID string `json:"queueId"`
}

// waiting is told one minute after the beginning of each visit to a queue that
// has not ended before.
func waiting(c *conversation.Conversation) (found []events.Fact[visit]) {
	legs := c.Legs()
	for i := range legs {
		l := &legs[i]
		if at := l.Began().Add(time.Minute); l.Side == conversation.QueueSide && (!l.Over || l.End.After(at)) {
			found = append(found, events.Fact[visit]{Key: l.Session.ID, Time: at, Data: visit{l.Session.QueueID}})
		}
	}
	return found
}

func defined(hooks *events.Hooks, c *conversation.Conversation) (list []events.Event) {
	for _, e := range events.Unannounced(c, hooks.Wants(), func(string) bool { return false }) {
		if e.Head().Rule == events.RuleDefined {
			list = append(list, e)
		}
	}
	return list
}

func told(t *testing.T, s *genesystest.Story) (c *conversation.Conversation) {
	for _, m := range decode(t, s.Records()) {
		c = conversation.Merge(c, m)
	}
	return c
}

func TestADefinitionFindsFactsUnderOneIDWhateverWasHeardInBetween(t *testing.T) {
	hooks := events.NewHooks()
	events.Define(hooks, "customer.waiting", waiting)
	s := genesystest.NewStory("c-waits")
	s.Customer("cust", 0).Ends(300*time.Second, "endpoint")
	s.Queue("acd", time.Second, "q-1").Ends(300*time.Second, "peer")
	ids := map[string]bool{}
	for _, e := range defined(hooks, told(t, s)) {
		require.Equal(t, events.Type("customer.waiting"), e.Head().Type)
		require.Equal(t, s.Start.Add(61*time.Second), e.Head().NotBefore())
		require.Equal(t, visit{"q-1"}, e.(*events.Custom[visit]).Data)
		ids[e.Head().ID] = true
	}
	require.Len(t, ids, 1)
	require.Empty(t, defined(hooks, told(t, genesystest.BlindTransferToQueue())), "nobody waits as long")
}

func TestADefinedEventIsEncodedAndRestored(t *testing.T) {
	hooks := events.NewHooks()
	remove := events.Define(hooks, "customer.waiting", waiting)
	e := &events.Custom[visit]{Header: events.Header{ID: "1", Type: "customer.waiting", ConversationID: "c", Rule: events.RuleDefined}, Data: visit{"q-1"}}
	data, err := events.Encode(e)
	require.NoError(t, err)
	require.JSONEq(t, `{"rule":"defined","data":{"queueId":"q-1"}}`, string(data))
	head := events.Header{ID: "1", Type: "customer.waiting", ConversationID: "c"}
	again, err := hooks.Decode(head, data)
	require.NoError(t, err)
	require.Equal(t, e, again)
	remove()
	remove()
	_, err = hooks.Decode(head, data)
	require.ErrorContains(t, err, "not defined in this process")
}

func TestAHookTakesADefinedEventByItsDataByItsTypeOrAsOneOfAll(t *testing.T) {
	hooks := events.NewHooks()
	none := func(context.Context, events.Event) error { return nil }
	events.After(hooks, "by data", func(context.Context, *events.Custom[visit]) error { return nil })
	events.After(hooks, "all", none)
	events.After(hooks, "by type", none, events.OfTypes("customer.waiting"))
	events.After(hooks, "other type", none, events.OfTypes("vip.waiting"))
	events.After(hooks, "other data", func(context.Context, *events.Custom[int]) error { return nil })
	e := &events.Custom[visit]{Header: events.Header{Type: "customer.waiting"}}
	require.Equal(t, []string{"by data", "all", "by type"}, hooks.AfterHooks(e))
}

func TestADefinitionThatPanicsFindsNothingAndHarmsNobody(t *testing.T) {
	hooks := events.NewHooks()
	events.Define(hooks, "broken", func(c *conversation.Conversation) []events.Fact[int] { panic(c.ID) })
	events.Define(hooks, "whole", func(*conversation.Conversation) []events.Fact[int] { return []events.Fact[int]{{Data: 1}, {Data: 2}} })
	wants := hooks.Wants()
	var panicked []events.Type
	wants.Failed = func(of events.Type, _ error, _ string) { panicked = append(panicked, of) }
	c := told(t, genesystest.BlindTransferToQueue())
	var found []events.Event
	for _, e := range events.Unannounced(c, wants, func(string) bool { return false }) {
		if e.Head().Rule == events.RuleDefined {
			found = append(found, e)
		}
	}
	require.Equal(t, []events.Type{"broken"}, panicked)
	require.Len(t, found, 1, "one fact for a key")
	require.Equal(t, events.Type("whole"), found[0].Head().Type)
	require.False(t, found[0].Head().Time.IsZero())
}

func TestWhatCannotBeDefinedIsRefusedAtOnce(t *testing.T) {
	find := func(*conversation.Conversation) []events.Fact[int] { return nil }
	hooks := events.NewHooks()
	events.Define(hooks, "mine", find)
	require.PanicsWithValue(t, `events: "mine" is defined already`, func() { events.Define(hooks, "mine", find) })
	require.Panics(t, func() { events.Define(hooks, events.TypeAgentLeft, find) })
	require.Panics(t, func() { events.Define(hooks, "", find) })
	require.Panics(t, func() { events.Define[int](hooks, "other", nil) })
}

func TestAFactWithoutATimeLiesNowhereAhead(t *testing.T) {
	hooks := events.NewHooks()
	events.Define(hooks, "seen", func(*conversation.Conversation) []events.Fact[int] { return []events.Fact[int]{{Key: "k"}} })
	facts := defined(hooks, told(t, genesystest.BlindTransferToQueue()))
	require.Len(t, facts, 1)
	require.Zero(t, facts[0].Head().NotBefore())
}
