package conversation

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhoIsPresentIsWhoIsConnectedAndWhatIsWaitedIn(t *testing.T) {
	leg := func(purpose Purpose, user, queue string, s Session) *Participant {
		s.ID = "s-" + string(purpose) + user + queue
		s.MediaType, s.Start = MediaVoice, at(1)
		return &Participant{ID: "p-" + s.ID, Purpose: purpose, UserID: user, QueueID: queue, Sessions: []*Session{&s}}
	}
	joined := func(legs ...*Participant) *Conversation {
		return Merge(nil, State(&Conversation{ID: "c", Participants: legs}, Statement{By: SourceTopic, Seen: at(9)}))
	}
	connected := Session{State: StateConnected, ConnectedTime: at(2)}
	over := Session{State: StateTerminated, ConnectedTime: at(2), DisconnectedTime: at(3)}
	alerting := Session{State: StateAlerting}
	held := Session{State: StateConnected, ConnectedTime: at(2), Held: true}

	c := joined(leg(PurposeCustomer, "", "", connected), leg(PurposeACD, "", "q-2", connected), leg(PurposeACD, "", "q-1", alerting), leg(PurposeACD, "", "q-0", over),
		leg(PurposeAgent, "z", "q", held), leg(PurposeUser, "a", "", connected), leg(PurposeAgent, "rings", "q", alerting), leg(PurposeAgent, "left", "q", over))
	require.Equal(t, []string{"a", "z"}, c.PresentUsers())
	require.Equal(t, []string{"q-1", "q-2"}, c.PresentQueues())

	both := joined(leg(PurposeAgent, "a", "q-1", connected), leg(PurposeUser, "a", "", connected))
	require.Equal(t, []string{"a"}, both.PresentUsers(), "each once")

	listens := leg(PurposeAgent, "listens", "", connected)
	listens.Sessions[0].MonitoredParticipantID = "p"
	require.Empty(t, joined(listens, leg(PurposeAgent, "left", "", over)).PresentUsers())
	require.Empty(t, joined(leg(PurposeAgent, "left", "", over), leg(PurposeCustomer, "", "", over)).PresentUsers())
	require.Empty(t, new(Conversation).PresentUsers())
}

func TestAnAddressIsTheSameInAnySpelling(t *testing.T) {
	for _, stated := range []string{"+31612345678", "tel:+31612345678", "sip:+31 6-12(34)5678@example.com;user=phone"} {
		require.Equal(t, "+31612345678", Address(stated), stated)
	}
	require.Equal(t, "a@example.com", Address("mailto:a@example.com"))
	for _, none := range []string{"", " ", "sip:anonymous@anonymous.invalid", "unknown"} {
		require.Empty(t, Address(none), none)
	}
}
