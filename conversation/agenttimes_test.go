package conversation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAgentTimesSumAllSessionsOfAUser(t *testing.T) {
	segment := func(ty SegmentType, from, to int) *Segment { return &Segment{Type: ty, Start: at(from), End: at(to)} }
	c := Merge(nil, State(&Conversation{ID: "c", Participants: []*Participant{
		{ID: "p1", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{
			{ID: "s1", Segments: []*Segment{segment(SegmentAlert, 0, 5000), segment(SegmentInteract, 5000, 15000), segment(SegmentHold, 15000, 18000),
				segment(SegmentInteract, 18000, 20000), segment(SegmentWrapup, 20000, 24000)}},
			{ID: "s2", Segments: []*Segment{segment(SegmentInteract, 50000, 51000), segment(SegmentParked, 51000, 90000), {Type: SegmentInteract, Start: at(90000)}}},
			{ID: "s3", Segments: []*Segment{segment(SegmentAlert, 99000, 99500), segment(SegmentWrapup, 99500, 99600)}}}},
		{ID: "p2", Purpose: PurposeUser, UserID: "v", Sessions: []*Session{{ID: "s4", Segments: []*Segment{segment(SegmentDialing, 0, 700), segment(SegmentInteract, 700, 1000)}}}},
		{ID: "p3", Purpose: PurposeUser, UserID: "w", Sessions: []*Session{{ID: "s5", MonitoredParticipantID: "p1", Segments: []*Segment{segment(SegmentMonitoring, 0, 9000)}}}},
		{ID: "p4", Purpose: PurposeCustomer, Sessions: []*Session{{ID: "s6", Segments: []*Segment{segment(SegmentInteract, 0, 100000)}}}},
	}}, Statement{By: SourceAnalytics, At: at(100000)}))
	require.Equal(t, []AgentTime{
		{UserID: "u", Connected: 13 * time.Second, Hold: 3 * time.Second, WrapUp: 4100 * time.Millisecond, Handle: 20100 * time.Millisecond, Sessions: 3},
		{UserID: "v", Connected: 300 * time.Millisecond, Handle: time.Second, Sessions: 1},
	}, c.AgentTimes())
}

func TestAgentTimesWithoutSegmentsFollowFromTheLeg(t *testing.T) {
	c := Merge(nil, say(SourceDetailEvent, 40000, func(p *Participant, s *Session) {
		p.Purpose, p.UserID = PurposeAgent, "u"
		s.Starts, s.Ends = []time.Time{at(0)}, []time.Time{at(30000)}
		s.AlertingDurationMs, s.InteractingDurationMs, s.HeldDurationMs = 5000, 25000, 4000
		s.ACWStart, s.ACWEnd = at(30000), at(36000)
	}))
	require.Equal(t, []AgentTime{{UserID: "u", Connected: 21 * time.Second, Hold: 4 * time.Second, WrapUp: 6 * time.Second, Handle: 31 * time.Second, Sessions: 1}}, c.AgentTimes())
}

func TestAgentTimesOfARecordThatWasReadTooEarlyEndWithTheLeg(t *testing.T) {
	c := Merge(nil, State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{
		{ID: "s", Segments: []*Segment{{Type: SegmentInteract, Start: at(5000)}}}}}}}, Statement{By: SourceAnalytics, At: at(9000)}))
	require.Equal(t, []AgentTime{{UserID: "u", Sessions: 1}}, c.AgentTimes(), "it still runs")
	c = Merge(c, State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: []*Session{
		{ID: "s", State: StateDisconnected, Start: at(0), ConnectedTime: at(5000), DisconnectedTime: at(30000), DisconnectType: DisconnectClient,
			ACWState: ACWComplete, ACWStart: at(30000), ACWEnd: at(36000)}}}}}, Statement{By: SourceTopic, Seen: at(40000)}))
	require.Equal(t, []AgentTime{{UserID: "u", Connected: 25 * time.Second, WrapUp: 6 * time.Second, Handle: 31 * time.Second, Sessions: 1}}, c.AgentTimes())
}

func TestWhatAUserDoesAtTheSameTimeCountsOnce(t *testing.T) {
	segment := func(ty SegmentType, from, to int) *Segment {
		return &Segment{Type: ty, Start: at(from * 1000), End: at(to * 1000)}
	}
	agent := func(sessions ...*Session) []AgentTime {
		return Merge(nil, State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: sessions}}},
			Statement{By: SourceAnalytics, At: at(100_000)})).AgentTimes()
	}
	callback := &Session{ID: "cb", MediaType: MediaCallback, Segments: []*Segment{segment(SegmentAlert, 0, 5), segment(SegmentInteract, 5, 60), segment(SegmentWrapup, 60, 70)}}
	first := &Session{ID: "s1", MediaType: MediaVoice, Segments: []*Segment{segment(SegmentDialing, 8, 12), segment(SegmentInteract, 12, 20)}}
	second := &Session{ID: "s2", MediaType: MediaVoice, Segments: []*Segment{segment(SegmentDialing, 25, 30), segment(SegmentInteract, 30, 40), segment(SegmentHold, 40, 45),
		segment(SegmentInteract, 45, 58), segment(SegmentWrapup, 58, 65)}}
	require.Equal(t, []AgentTime{{UserID: "u", Connected: 50 * time.Second, Hold: 5 * time.Second, WrapUp: 10 * time.Second, Handle: 65 * time.Second, Sessions: 3}},
		agent(callback, first, second))

	chat := &Session{ID: "a", MediaType: MediaChat, ConnectedTime: at(5000), DisconnectedTime: at(60_000), State: StateDisconnected, WrapUpDurationMs: 10_000}
	call := &Session{ID: "b", MediaType: MediaVoice, ConnectedTime: at(10_000), DisconnectedTime: at(62_000), State: StateTerminated, HeldDurationMs: 2000, DialingDurationMs: 1000}
	require.Equal(t, []AgentTime{{UserID: "u", Connected: 55 * time.Second, Hold: 2 * time.Second, WrapUp: 8 * time.Second, Handle: 65 * time.Second, Sessions: 2}},
		agent(chat, call))
}

// agentLegs is what detail events tell of the legs of one agent.
func agentLegs(legs ...*Session) []AgentTime {
	return Merge(nil, State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Purpose: PurposeAgent, UserID: "u", Sessions: legs}}},
		Statement{By: SourceDetailEvent, At: at(200_000)})).AgentTimes()
}

func TestAnUnansweredDialDuringACallbackCountsOnce(t *testing.T) {
	callback := &Session{ID: "cb", MediaType: MediaCallback, Starts: []time.Time{at(0)}, Ends: []time.Time{at(100_000)}, InteractingDurationMs: 100_000}
	for name, dial := range map[string]*Session{
		"it ended":          {ID: "v", MediaType: MediaVoice, Starts: []time.Time{at(10_000)}, Ends: []time.Time{at(30_000)}, DialingDurationMs: 20_000},
		"contacting":        {ID: "v", MediaType: MediaVoice, Starts: []time.Time{at(10_000)}, Ends: []time.Time{at(30_000)}, ContactingDurationMs: 20_000},
		"it goes on":        {ID: "v", MediaType: MediaVoice, Starts: []time.Time{at(10_000), at(40_000)}, Ends: []time.Time{at(30_000)}, DialingDurationMs: 20_000},
		"its start is lost": {ID: "v", MediaType: MediaVoice, Ends: []time.Time{at(30_000)}, DialingDurationMs: 20_000},
	} {
		require.Equal(t, []AgentTime{{UserID: "u", Connected: 100 * time.Second, Handle: 100 * time.Second, Sessions: 2}}, agentLegs(callback, dial), name)
	}
	after := &Session{ID: "v", MediaType: MediaVoice, Starts: []time.Time{at(100_000)}, Ends: []time.Time{at(120_000)}, DialingDurationMs: 20_000}
	require.Equal(t, []AgentTime{{UserID: "u", Connected: 100 * time.Second, Handle: 120 * time.Second, Sessions: 2}}, agentLegs(callback, after))
}

func TestAfterCallWorkWithoutATimeMayBeThatOfAnotherLeg(t *testing.T) {
	leg := func(id string, wrapUp int64) *Session {
		return &Session{ID: id, WrapUpCode: "w", WrapUpDurationMs: wrapUp}
	}
	for _, c := range []struct {
		legs   []*Session
		wrapUp time.Duration
	}{
		{[]*Session{leg("a", 30_000)}, 30 * time.Second},
		{[]*Session{leg("a", 30_000), leg("b", 30_000)}, 30 * time.Second},
		{[]*Session{leg("a", 20_000), leg("b", 30_000)}, 30 * time.Second},
		{[]*Session{leg("a", 30_000), {ID: "b", ACWStart: at(60_000), ACWEnd: at(80_000)}}, 30 * time.Second},
		{[]*Session{leg("a", 10_000), {ID: "b", ACWStart: at(60_000), ACWEnd: at(80_000)}}, 20 * time.Second},
		{[]*Session{{ID: "a", WrapUpDurationMs: 30_000, WrapUpEnd: at(60_000)}, {ID: "b", ACWStart: at(30_000), ACWEnd: at(60_000)}}, 30 * time.Second},
	} {
		require.Equal(t, c.wrapUp, agentLegs(c.legs...)[0].WrapUp)
	}
}
