package events_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

// leftWith is what a source says of how the leg of an agent, who was talking, ended.
func leftWith(how string, by conversation.Source) *conversation.Conversation {
	start := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	said := conversation.Statement{By: by, Seen: start.Add(time.Hour)}
	if by == conversation.SourceDetailEvent || by == conversation.SourceAnalytics {
		said.At = said.Seen
	}
	return conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{{ID: "p", Purpose: conversation.PurposeAgent, UserID: "u",
		Sessions: []*conversation.Session{{ID: "s", MediaType: conversation.MediaVoice, State: conversation.StateTerminated, Start: start, ConnectedTime: start.Add(time.Second),
			DisconnectedTime: start.Add(time.Minute), DisconnectType: conversation.ParseDisconnectType(how)}}}}}, said)
}

// TestAVariantOfAnOwnActChangesNothingAboutWhatIsAnnounced says of one end the plain
// word, what it is said to be while the leg winds down, and a variant that is not
// known here, by any sources, in any order: the plain word is announced, once.
func TestAVariantOfAnOwnActChangesNothingAboutWhatIsAnnounced(t *testing.T) {
	for plain, variants := range map[string][]string{
		"transfer": {"transfer.novel", "NOVEL_TRANSFER", "novelTransfer", "transfer.blind", "transfer.blind.novel"},
		"client":   {"client.novel", "CLIENT_NOVEL", "novelClient"},
		"endpoint": {"endpoint.novel", "ENDPOINT_NOVEL", "novelEndpoint"},
	} {
		alone := newListener()
		alone.hear(leftWith(plain, conversation.SourceTopic))
		alone.announce(true)
		for _, variant := range variants {
			for _, by := range wrapUpSources {
				for _, other := range wrapUpSources {
					for _, order := range permutations([]string{plain, "peer", variant}) {
						l := newListener()
						for i, how := range order {
							l.hear(leftWith(how, []conversation.Source{by, other, by}[i]))
							l.announce(how != "peer") // the end is told more precisely within the settling time
						}
						l.announce(true)
						require.Equal(t, howLeft(alone), howLeft(l), "%v by %s, %s", order, by, other)
					}
				}
			}
		}
	}
}

// howLeft are the ids of what is announced of the end of a stretch.
func howLeft(l *listener) (ids []string) {
	for _, e := range l.heard {
		switch e := e.(type) {
		case *events.AgentTransferred, *events.AgentDisconnected:
			ids = append(ids, e.Head().ID)
		case *events.AgentLeft:
			ids = append(ids, string(e.Reason))
		}
	}
	return ids
}
