package events_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

// wrapUpSources are those that tell a wrap-up code.
var wrapUpSources = []conversation.Source{conversation.SourceDetailEvent, conversation.SourceTopic, conversation.SourceMediaREST,
	conversation.SourceREST, conversation.SourceAnalytics}

// wrappedUpWith is what a source says, in a certain minute, of an agent's leg that is
// over.
func wrappedUpWith(code string, by conversation.Source, minute int) *conversation.Conversation {
	start := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	said := conversation.Statement{By: by, Seen: start.Add(time.Duration(minute) * time.Minute)}
	if by == conversation.SourceDetailEvent || by == conversation.SourceAnalytics {
		said.At = said.Seen
	}
	return conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeAgent, UserID: "u",
		Sessions: []*conversation.Session{{ID: "s", MediaType: conversation.MediaVoice, State: conversation.StateTerminated, Start: start, ConnectedTime: start.Add(time.Second),
			DisconnectedTime: start.Add(time.Minute), DisconnectType: conversation.DisconnectPeer, WrapUpCode: code}}}}}, said)
}

// TestTheCodeThatWasAnnouncedLastStands tells of a code that is corrected, and
// corrected again, by any sources, in any order.
func TestTheCodeThatWasAnnouncedLastStands(t *testing.T) {
	codes := []string{"a", "b", "c"}
	for _, first := range wrapUpSources {
		for _, second := range wrapUpSources {
			for _, third := range wrapUpSources {
				for _, order := range permutations(codes) {
					said := map[string]*conversation.Conversation{"a": wrappedUpWith("a", first, 2), "b": wrappedUpWith("b", second, 3), "c": wrappedUpWith("c", third, 4)}
					l := newListener()
					for _, code := range order {
						l.hear(said[code], said[code])
						l.announce(true)
						announced := announcedCodes(l)
						require.Equal(t, l.c.Participants[0].Sessions[0].WrapUpCode, announced[len(announced)-1], "%v %s %s %s", order, first, second, third)
						require.Len(t, announced, len(distinct(announced)), "none twice: %v", announced)
					}
					require.Equal(t, "c", announcedCodes(l)[len(announcedCodes(l))-1])
				}
			}
		}
	}
}

func TestACodeThatComesBackIsNotAnnouncedAgain(t *testing.T) {
	for _, by := range wrapUpSources {
		l := newListener()
		for minute, code := range []string{"a", "b", "a", "b", "a"} {
			l.hear(wrappedUpWith(code, by, 2+minute))
			l.announce(true)
		}
		require.Equal(t, []string{"a", "b"}, announcedCodes(l), by)
		require.Equal(t, "a", l.c.Participants[0].Sessions[0].WrapUpCode, "which one stands, the session says")
	}
}

func announcedCodes(l *listener) (codes []string) {
	for _, e := range l.heard {
		if e, is := e.(*events.AgentWrappedUp); is {
			codes = append(codes, e.WrapUpCode)
		}
	}
	return codes
}

func distinct(list []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return set
}

// Two facts that are late, the end of an alert in vain and the begin of the leg that
// was answered, make the queue's answer count for the alert. The code is on the leg.
func TestACodeIsToldOnceWhereAnAlertInVainWasTakenForTheAnswer(t *testing.T) {
	fact := func(event string, at int, more string) string {
		return fmt.Sprintf(`{"topicName":"v2.detail.events.conversation.c.%s","eventBody":{"eventTime":%d,"conversationId":"c","mediaType":"VOICE",%s}}`, event, 1736499600000+at*1000, more)
	}
	const vain, answered, queue = `"participantId":"p1","sessionId":"s1","userId":"u"`, `"participantId":"p2","sessionId":"s2","userId":"u"`, `"participantId":"q","sessionId":"sq"`
	messages := []string{
		fact("acd.start", 5, queue), fact("user.start", 10, vain), fact("user.end", 14, vain+`,"disconnectType":"CLIENT","alertingDurationMs":4000`),
		fact("user.start", 20, answered), fact("acd.end", 25, queue+`,"acdOutcome":"ANSWERED","answeredUserId":"u"`),
		fact("user.end", 60, answered+`,"disconnectType":"PEER","interactingDurationMs":35000`),
		fact("acw", 80, answered+`,"wrapupCode":"w"`),
	}
	for _, order := range permutations(messages) {
		l := newListener()
		for _, m := range order {
			l.hear(decode(t, [][]byte{[]byte(m)})...)
			l.announce(true)
		}
		require.Equal(t, []string{"w"}, announcedCodes(l), order)
	}
}
