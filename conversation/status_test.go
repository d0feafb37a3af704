package conversation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// one returns the status of a conversation with the given legs.
func statusOf(legs ...*Participant) Status {
	return Merge(nil, State(&Conversation{ID: "c", Participants: legs}, Statement{By: SourceTopic, Seen: at(1)})).Status
}

func party(id string, purpose Purpose, s Session) *Participant {
	s.ID = "s-" + id
	return &Participant{ID: id, Purpose: purpose, UserID: map[bool]string{true: "u-" + id}[purpose.Side() == AgentSide], Sessions: []*Session{&s}}
}

func TestStatus(t *testing.T) {
	connected := Session{State: StateConnected, ConnectedTime: at(1)}
	held := Session{State: StateConnected, ConnectedTime: at(1), Held: true}
	over := Session{State: StateTerminated, ConnectedTime: at(1), DisconnectedTime: at(9), DisconnectType: DisconnectPeer}
	pending := over
	pending.State, pending.ACWState = StateConnected, ACWPending
	for _, c := range []struct {
		want Status
		legs []*Participant
	}{
		{StatusNew, nil},
		{StatusNew, []*Participant{party("c", PurposeCustomer, connected)}},
		{StatusInFlow, []*Participant{party("c", PurposeCustomer, connected), party("i", PurposeIVR, connected)}},
		{StatusQueued, []*Participant{party("c", PurposeCustomer, connected), party("i", PurposeIVR, over), party("q", PurposeACD, connected)}},
		{StatusAlerting, []*Participant{party("c", PurposeCustomer, connected), party("q", PurposeACD, connected), party("a", PurposeAgent, Session{State: StateAlerting})}},
		{StatusActive, []*Participant{party("c", PurposeCustomer, connected), party("q", PurposeACD, over), party("a", PurposeAgent, connected)}},
		{StatusOnHold, []*Participant{party("c", PurposeCustomer, held), party("a", PurposeAgent, connected)}},
		{StatusAfterCallWork, []*Participant{party("c", PurposeCustomer, over), party("a", PurposeAgent, pending)}},
		{StatusEnded, []*Participant{party("c", PurposeCustomer, over), party("a", PurposeAgent, over)}},
		{StatusActive, []*Participant{party("c", PurposeCustomer, over), party("a", PurposeAgent, connected), party("b", PurposeUser, connected)}},
	} {
		require.Equal(t, c.want, statusOf(c.legs...), c.legs)
	}
}

func TestARecordThatSaysEndedEndsEveryLegItKnows(t *testing.T) {
	record := State(&Conversation{ID: "c", RecordedEnd: at(100), Participants: []*Participant{
		{ID: "p", Purpose: PurposeCustomer, Sessions: []*Session{{ID: "s", Start: at(0)}}}}}, Statement{By: SourceAnalytics, At: at(100)})
	stale := State(&Conversation{ID: "c", Participants: []*Participant{party("p", PurposeCustomer, Session{State: StateConnected, ConnectedTime: at(1)})}},
		Statement{By: SourceTopic, Seen: at(50)})
	c := Merge(record, stale)
	require.Equal(t, StatusEnded, c.Status)
	require.Equal(t, at(100), c.End)
	require.False(t, c.Provisional())

	again := Merge(c, State(&Conversation{ID: "c", Participants: []*Participant{party("new", PurposeCustomer, Session{State: StateConnected, ConnectedTime: at(5000)})}},
		Statement{By: SourceTopic, Seen: at(5000)}))
	require.Equal(t, StatusNew, again.Status, "a leg that began later is open")
	require.Zero(t, again.End)
}

func TestAnEndFromSingleFactsIsProvisional(t *testing.T) {
	c := Merge(nil, say(SourceDetailEvent, 9, func(p *Participant, s *Session) {
		p.Purpose = PurposeCustomer
		s.Starts, s.Ends = []time.Time{at(0)}, []time.Time{at(9)}
	}))
	require.Equal(t, StatusEnded, c.Status)
	require.True(t, c.Provisional())
}

func TestALegWithMoreStartsThanEndsIsOpen(t *testing.T) {
	facts := func(starts, ends []time.Time) Status {
		return Merge(nil, say(SourceDetailEvent, 9, func(p *Participant, s *Session) {
			p.Purpose, s.Starts, s.Ends = PurposeCustomer, starts, ends
		})).Status
	}
	require.Equal(t, StatusNew, facts([]time.Time{at(0), at(20)}, []time.Time{at(10)}))
	require.Equal(t, StatusEnded, facts([]time.Time{at(20)}, []time.Time{at(10)}), "an end may carry an earlier time than its start")
	require.Equal(t, StatusEnded, facts(nil, []time.Time{at(10)}), "an end may be known before its start")
}
