package events_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// identities are the fields by which the forms of messages say who a
// participant is, and where it came from.
var identities = []struct {
	name   string
	fields []string
}{
	{"user", []string{"userId", "user", "answeredUserId"}},
	{"purpose", []string{"purpose"}},
	{"queue", []string{"queueId", "queue"}},
	{"any", []string{"userId", "user", "answeredUserId", "purpose", "queueId", "queue"}},
}

// without returns a message without the fields, at any depth.
func without(t *testing.T, message []byte, fields []string) []byte {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(message, &v))
	var strip func(v any) any
	strip = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for _, f := range fields {
				delete(v, f)
			}
			for k := range v {
				v[k] = strip(v[k])
			}
		case []any:
			for i := range v {
				v[i] = strip(v[i])
			}
		}
		return v
	}
	return []byte(object(t, strip(v)))
}

// Messages that tell of a participant but not who it is come first, and what
// follows from them settles. When the identity comes at last, nobody is
// announced for the second time. (A record that closes the conversation has
// the last word.)
func TestWhoIsNamedLateIsAnnouncedOnce(t *testing.T) {
	rnd := random(t)
	for _, s := range genesystest.Scenarios() {
		for _, ch := range channels {
			if ch.name == "EventBridge" || ch.name == "SQS" {
				continue // they carry detail events
			}
			messages := ch.messages(s.Story())
			whole := ch.tell(t, s)
			for _, i := range rnd.Perm(len(identities))[:min(*rounds, len(identities))] {
				identity := identities[i]
				t.Run(s.Name+"/"+ch.name+"/"+identity.name, func(t *testing.T) {
					l := newListener()
					for _, m := range messages {
						said := decode(t, [][]byte{without(t, m, identity.fields)})
						if closing := said[0].RecordedEnd; rnd.IntN(2) == 0 && closing.IsZero() {
							l.hear(said...)
							l.announce(true)
						}
					}
					l.hear(whole...)
					l.announce(true)
					for _, e := range requireEachFactOnce(t, l) {
						require.NotEqual(t, events.TypeParticipantAdded, e.Head().Type, "was announced and is nobody: %s", object(t, e))
					}
				})
			}
		}
	}
}

// Whatever settles in between and in whatever order the messages come, each
// fact is announced under one id: its own or, when a better word on it came
// after it had been announced, one of its aliases. Media topics are left out:
// they do not name the leg, so that of two legs of one participant in one
// medium the first can be announced for both.
func TestEachFactIsAnnouncedUnderOneID(t *testing.T) {
	rnd := random(t)
	for _, s := range genesystest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			var messages []*conversation.Conversation
			for _, ch := range channels {
				if ch.name == "media topics" {
					continue
				}
				messages = append(messages, ch.tell(t, s)...)
			}
			for range *rounds {
				rnd.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
				l := newListener()
				for _, m := range messages {
					l.hear(m)
					l.announce(rnd.IntN(5) == 0)
				}
				l.announce(true)
				for _, e := range requireEachFactOnce(t, l) {
					switch e.(type) {
					case *events.AgentConnected, *events.AgentDisconnected, *events.AgentLeft, *events.AgentAlerted, *events.AgentUnanswered, *events.AgentWrappedUp:
					default:
						require.Fail(t, "only answers and alerts, and what follows from them, are concluded from single facts", object(t, e))
					}
				}
			}
		})
	}
}

// requireEachFactOnce demands that no fact was announced twice, as far as is
// known in the end: neither under its id nor under an alias. It returns what was announced
// and is no fact: what had been concluded before the facts that overturned it
// were heard.
func requireEachFactOnce(t *testing.T, l *listener) (overturned []events.Event) {
	t.Helper()
	of := map[string]string{}
	for _, e := range events.Derive(l.c) {
		for _, id := range append(e.Head().Aliases(), e.Head().ID) {
			of[id] = e.Head().ID
		}
	}
	announced := map[string]bool{}
	for _, e := range l.heard {
		id, known := of[e.Head().ID]
		if !known {
			overturned = append(overturned, e)
			continue
		}
		require.False(t, announced[id], "%s was announced before: %s", e.Head().Type, object(t, e))
		announced[id] = true
	}
	return overturned
}
