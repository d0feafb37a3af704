package hooktest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
)

// orders is in how many orders the messages are told again.
const orders = 3

// requirePure fails the test when a type that is defined finds other facts in
// the same conversation when it is asked again.
func requirePure(t *testing.T, hooks *events.Hooks, c *conversation.Conversation) {
	t.Helper()
	if c != nil {
		require.Equal(t, found(t, hooks, c), found(t, hooks, c),
			"a type that events.Define has defined finds other facts in the same conversation when it is asked again: its function must be pure")
	}
}

// requireOrderless fails the test when it finds other facts when the messages
// come in another order.
func requireOrderless(t *testing.T, hooks *events.Hooks, c *conversation.Conversation, script []message) {
	t.Helper()
	if c == nil {
		return
	}
	shuffled := slices.Clone(script)
	inOrder := found(t, hooks, join(t, shuffled))
	for seed := range uint64(orders) {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] }) //nolint:gosec // to repeat it
		require.Equal(t, inOrder, found(t, hooks, join(t, shuffled)),
			"a type that events.Define has defined finds other facts when the messages come in another order (seed %d)", seed)
	}
}

func join(t *testing.T, script []message) (c *conversation.Conversation) {
	t.Helper()
	for _, m := range script {
		told, err := genesys.Decode(m.data, time.Time{})
		require.NoError(t, err)
		for _, part := range told.Conversations {
			c = conversation.Merge(c, part)
		}
	}
	return c
}

// requireAnswers fails the test when a type that is defined has no answer to one of
// the states that the conversation goes through.
func requireAnswers(t *testing.T, hooks *events.Hooks, script []message) {
	t.Helper()
	for n := range script {
		found(t, hooks, join(t, script[:n+1]))
	}
}

// found is what the types that are defined find. It fails the test when one of them
// has no answer: a tracker would only log it.
func found(t *testing.T, hooks *events.Hooks, c *conversation.Conversation) []string {
	t.Helper()
	facts, err := answers(hooks, c)
	require.NoError(t, err)
	return facts
}

// answers returns what the types that are defined find, or that one of them has no
// answer.
func answers(hooks *events.Hooks, c *conversation.Conversation) (facts []string, err error) {
	wants := hooks.Wants()
	wants.Failed = func(of events.Type, why error, stack string) {
		err = fmt.Errorf("a function that events.Define was given has no answer: type %q: %w\n%s", of, why, stack)
	}
	for _, e := range events.Unannounced(c, wants, func(string) bool { return false }) {
		if e.Head().Rule != events.RuleDefined {
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		facts = append(facts, string(e.Head().Type)+" "+e.Head().ID+" "+e.Head().Time.Format(time.RFC3339Nano)+" "+string(data))
	}
	return facts, err
}
