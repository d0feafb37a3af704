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
		{StatusAfterCallWork, []*Participant{party("c", PurposeCustomer, connected), party("a", PurposeAgent, pending)}},
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

// A record shows its segments as they were when it was read, a snapshot whether a
// leg is held when that was read: the newer word counts, in any order.
func TestOnHoldIsWhatWasSaidLast(t *testing.T) {
	at := func(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }
	const holdFrom, holdTo, never = 60, 120, 1 << 20
	snapshot := func(by Source, seen int, customerHeld, agentHeld bool) *Conversation {
		return State(&Conversation{ID: "c", Participants: []*Participant{
			party("c", PurposeCustomer, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(0), Held: customerHeld}),
			party("a", PurposeAgent, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(1), Held: agentHeld})}},
			Statement{By: by, Seen: at(seen)})
	}
	flat := func(seen int, held bool) *Conversation {
		c := &Conversation{ID: "c", Participants: []*Participant{party("c", PurposeCustomer, Session{}), party("a", PurposeAgent, Session{})}}
		for _, p := range c.Participants {
			s := ShadowSession(p.ID, MediaVoice)
			s.State, s.ConnectedTime, s.Held = StateConnected, at(1), held
			p.Sessions = []*Session{s}
		}
		return State(c, Statement{By: SourceMediaTopic, Seen: at(seen)})
	}
	record := func(seen int) *Conversation {
		segments := []*Segment{{Type: SegmentInteract, Start: at(1)}}
		if seen >= holdFrom {
			segments[0].End = at(holdFrom)
			segments = append(segments, &Segment{Type: SegmentHold, Start: at(holdFrom)})
		}
		last := at(min(seen, holdFrom))
		if seen >= holdTo {
			last = at(holdTo)
			segments[1].End = at(holdTo)
			segments = append(segments, &Segment{Type: SegmentInteract, Start: at(holdTo)})
		}
		return State(&Conversation{ID: "c", Participants: []*Participant{
			party("c", PurposeCustomer, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(0), Segments: []*Segment{{Type: SegmentInteract, Start: at(0)}}}),
			party("a", PurposeAgent, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(1), Segments: segments})}},
			Statement{By: SourceAnalytics, At: last, Seen: at(seen)})
	}
	moments := []int{30, 90, 150}
	for _, shown := range append(moments, never) {
		for _, read := range append(moments, never) {
			for form, snapshots := range map[string]func(held bool) *Conversation{
				"topic, the customer is held":     func(held bool) *Conversation { return snapshot(SourceTopic, shown, held, false) },
				"topic, the agent's leg is held":  func(held bool) *Conversation { return snapshot(SourceTopic, shown, false, held) },
				"REST, the customer is held":      func(held bool) *Conversation { return snapshot(SourceREST, shown, held, false) },
				"media topic, both legs are held": func(held bool) *Conversation { return flat(shown, held) },
			} {
				var said []*Conversation
				now := 0
				if shown != never {
					said, now = append(said, snapshots(shown >= holdFrom && shown < holdTo)), max(now, shown)
				}
				if read != never {
					said, now = append(said, record(read)), max(now, read)
				}
				if len(said) == 0 {
					continue
				}
				want := StatusActive
				if now >= holdFrom && now < holdTo {
					want = StatusOnHold
				}
				for _, order := range [][]*Conversation{said, {said[len(said)-1], said[0]}} {
					var c *Conversation
					for _, one := range order {
						c = Merge(c, one)
					}
					require.Equal(t, want, c.Status, "%s at %d, record read at %d", form, shown, read)
				}
			}
		}
	}
}

// When a snapshot was read says the clock of this process, and when somebody was put
// on hold says Genesys's.
func TestOnHoldToleratesClocksThatDiffer(t *testing.T) {
	at := func(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }
	const second = time.Second
	hold := &Segment{Type: SegmentHold, Start: at(60)}
	for _, c := range []struct {
		says string
		held bool
		off  time.Duration // of the snapshot from the begin of the hold, or from its end
		over bool
		want Status
	}{
		{"a snapshot from before the hold", false, -second, false, StatusOnHold},
		{"a snapshot from before the hold, read by a clock that is ahead", false, second, false, StatusOnHold},
		{"a snapshot from after the hold", false, second + time.Millisecond, false, StatusActive},
		{"a hold that has ended", true, -second - time.Millisecond, true, StatusActive},
		{"the next hold, read by a clock that is behind", true, -second, true, StatusOnHold},
		{"the next hold", true, second, true, StatusOnHold},
	} {
		segment, seen, read := *hold, at(60).Add(c.off), at(65)
		if c.over {
			segment.End, seen, read = at(120), at(120).Add(c.off), at(125)
		}
		snapshot := State(&Conversation{ID: "c", Participants: []*Participant{
			party("c", PurposeCustomer, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(0), Held: c.held}),
			party("a", PurposeAgent, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(1)})}}, Statement{By: SourceTopic, Seen: seen})
		record := State(&Conversation{ID: "c", Participants: []*Participant{
			party("c", PurposeCustomer, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(0), Segments: []*Segment{{Type: SegmentInteract, Start: at(0)}}}),
			party("a", PurposeAgent, Session{MediaType: MediaVoice, State: StateConnected, ConnectedTime: at(1), Segments: []*Segment{{Type: SegmentInteract, Start: at(1), End: at(60)}, &segment}})}},
			Statement{By: SourceAnalytics, At: at(60), Seen: read})
		for _, order := range [][]*Conversation{{snapshot, record}, {record, snapshot}} {
			require.Equal(t, c.want, Merge(Merge(nil, order[0]), order[1]).Status, c.says)
		}
	}
}

func TestALegOfWhichOnlyAMetricIsKnownKeepsNoConversationOpen(t *testing.T) {
	over := event(60_000, func(p *Participant, s *Session) {
		p.Purpose, s.Starts, s.Ends = PurposeCustomer, []time.Time{at(0)}, []time.Time{at(60_000)}
	})
	require.Equal(t, StatusEnded, Merge(nil, over).Status)
	for _, name := range []string{"tAcd", "tAnswered", "tTalk", "tHeld"} {
		alone := metricOf("s-acd", Metric{Name: name, EmitDate: at(20_000), Value: 9_000})
		require.Equal(t, StatusEnded, inEveryOrder(t, over, alone).Status, name)
		live := State(&Conversation{ID: "c", Participants: []*Participant{{Sessions: []*Session{{ID: "s-acd", State: StateConnected}}}}}, Statement{By: SourceTopic, Seen: at(70_000)})
		require.Equal(t, StatusNew, inEveryOrder(t, over, alone, live).Status, "a topic shows the leg, beside %s", name)
	}
}

func TestALegWithoutTimesIsAsOldAsItsParticipant(t *testing.T) {
	ended := State(&Conversation{ID: "c", RecordedEnd: at(100), Participants: []*Participant{{ID: "p", Purpose: PurposeCustomer,
		Sessions: []*Session{{ID: "s", Start: at(0)}}}}}, Statement{By: SourceAnalytics, At: at(100)})
	rings := party("a", PurposeAgent, Session{MediaType: MediaMessage, State: StateAlerting})
	rings.Start = at(5000)
	again := State(&Conversation{ID: "c", Participants: []*Participant{party("new", PurposeCustomer,
		Session{State: StateConnected, ConnectedTime: at(4000)}), rings}}, Statement{By: SourceREST, At: at(5000), Seen: at(5000)})
	require.Equal(t, StatusAlerting, Merge(ended, again).Status)
	require.Equal(t, StatusAlerting, Merge(again, ended).Status)
}
