package conversation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// requireBegun demands that the conversation does not start after anything in
// it began.
func requireBegun(t require.TestingT, c *Conversation) {
	require.False(t, !c.Start.IsZero() && c.Start.Before(at(-1000*3600)), "no message speaks of such a time: %s", c.Start)
	for i := range c.Legs() {
		l := &c.Legs()[i]
		for _, began := range []time.Time{l.Start, l.Began(), l.Connected, l.Session.Start, l.Session.ConnectedTime} {
			require.False(t, !began.IsZero() && (c.Start.IsZero() || c.Start.After(began)), "conversationStart %s, leg %s: %s", c.Start, l.Session.ID, began)
		}
	}
	for _, p := range c.Participants {
		require.False(t, !p.Start.IsZero() && c.Start.After(p.Start), "conversationStart %s, participant %s: %s", c.Start, p.ID, p.Start)
	}
}

func TestNoConversationStartsAfterAnyOfItsLegsBegan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c *Conversation
		for _, said := range rapid.SliceOfN(rapid.Custom(drawPartial), 1, 6).Draw(t, "said") {
			c = Merge(c, said)
		}
		requireBegun(t, c)
	})
}

// TestAMetricWithoutATimeTellsNoStart: the length of the talk alone says nothing.
func TestAMetricWithoutATimeTellsNoStart(t *testing.T) {
	c := Merge(event(30_000, func(*Participant, *Session) {}), metricOf("s", Metric{Name: "tTalk", Value: 50_000}))
	require.Equal(t, at(30_000), c.Start)
	_, s := c.Session("s")
	require.Zero(t, s.ConnectedTime)
}

// event is what a detail event says of one leg at a time.
func event(ms int, fill func(*Participant, *Session)) *Conversation {
	p := &Participant{ID: "p", Sessions: []*Session{{ID: "s"}}}
	fill(p, p.Sessions[0])
	return State(&Conversation{ID: "c", Start: at(ms), Participants: []*Participant{p}}, Statement{By: SourceDetailEvent, At: at(ms), Seen: at(ms)})
}

func metricOf(session string, m Metric) *Conversation {
	return State(&Conversation{ID: "c", Participants: []*Participant{{Sessions: []*Session{{ID: session, Metrics: []Metric{m}}}}}},
		Statement{By: SourceAnalytics, At: m.EmitDate, Seen: m.EmitDate})
}

// TestAnEarlierStartThatSeveralMessagesTellTogetherIsTheConversations names each
// way in which the begin of a leg follows from what no message says alone.
func TestAnEarlierStartThatSeveralMessagesTellTogetherIsTheConversations(t *testing.T) {
	agent := func(fill func(*Session)) func(*Participant, *Session) {
		return func(p *Participant, s *Session) {
			p.Purpose, p.UserID, s.MediaType = PurposeAgent, "u", MediaVoice
			fill(s)
		}
	}
	over := func(ms int, fill func(*Session)) *Conversation {
		return event(ms, agent(func(s *Session) {
			s.Ends = []time.Time{at(ms)}
			fill(s)
		}))
	}
	for name, c := range map[string]struct {
		said  []*Conversation
		start int
	}{
		"the metric of the talk and the end of the leg": {[]*Conversation{
			metricOf("s", Metric{Name: "tTalk", EmitDate: at(60_000), Value: 50_000}), over(61_000, func(*Session) {}),
		}, 10_000},
		"the metric of the talk and the end of another leg": {[]*Conversation{
			metricOf("t", Metric{Name: "tTalk", EmitDate: at(60_000), Value: 50_000}), over(61_000, func(*Session) {}),
		}, 10_000},
		"the metric of the answer and anything": {[]*Conversation{
			metricOf("s", Metric{Name: "tAnswered", EmitDate: at(20_000), Value: 5_000}), event(61_000, func(p *Participant, _ *Session) { p.UserID = "u" }),
		}, 20_000},
		"the durations of two ends": {[]*Conversation{
			over(60_000, func(s *Session) { s.HeldDurationMs = 1 }), over(61_000, func(s *Session) { s.InteractingDurationMs = 30_000 }),
		}, 31_000},
		"when the participant was connected and that the leg was": {[]*Conversation{
			event(61_000, agent(func(s *Session) { s.State = StateConnected })), say(SourceTopic, 70_000, func(p *Participant, _ *Session) { p.ConnectedTime = at(7_000) }),
		}, 7_000},
		"when the participant joined": {[]*Conversation{
			event(61_000, agent(func(s *Session) { s.State = StateAlerting })), say(SourceTopic, 70_000, func(p *Participant, _ *Session) { p.Start = at(8_000) }),
		}, 8_000},
		"no message that says when the conversation began": {[]*Conversation{
			metricOf("s", Metric{Name: "tTalk", EmitDate: at(60_000), Value: 50_000}), say(SourceTopic, 70_000, func(*Participant, *Session) {}),
		}, 10_000},
	} {
		joined := inEveryOrder(t, c.said...)
		require.True(t, at(c.start).Equal(joined.Start), "%s: %s", name, joined.Start)
		requireBegun(t, joined)
		requireKept(t, joined)
	}
}

// requireKept demands that the conversation is the same after it was encoded and
// after it was packed, also for what is joined to it later.
func requireKept(t require.TestingT, c *Conversation) {
	data, err := Encode(c)
	require.NoError(t, err)
	decoded, err := Decode(data)
	require.NoError(t, err)
	unpacked, err := Unpack(Pack(nil, c))
	require.NoError(t, err)
	for _, again := range []*Conversation{decoded, unpacked} {
		requireSame(t, c, again)
	}
}

// TestAStartThatFollowedFromALegGivesWayWithIt: what was stated is shown again.
func TestAStartThatFollowedFromALegGivesWayWithIt(t *testing.T) {
	talk := metricOf("s", Metric{Name: "tTalk", EmitDate: at(60_000), Value: 50_000})
	begun := event(30_000, func(p *Participant, _ *Session) { p.Purpose = PurposeAgent })
	record := say(SourceAnalytics, 90_000, func(_ *Participant, s *Session) { s.Start, s.ConnectedTime = at(31_000), at(32_000) })

	first := Merge(talk, begun)
	require.Equal(t, at(10_000), first.Start)
	require.Equal(t, at(30_000), inEveryOrder(t, talk, begun, record).Start)

	data, err := Encode(first)
	require.NoError(t, err)
	stored, err := Decode(data)
	require.NoError(t, err)
	require.Equal(t, at(30_000), Merge(stored, record).Start, "what was stated is stored beside what is shown")

	var kept rows
	kept.commit(t, kept.commit(t, nil, talk), begun)
	require.Equal(t, at(30_000), Merge(kept.load(t), record).Start, "as well in rows")
	after, d := next(t, first, record)
	require.True(t, d.Conversation)
	require.Contains(t, Changes(first, after)[0].Fields, "conversationStart")
}

// TestAStartThatIsStatedBesideAnEarlierLegIsStoredAndNoChange: nobody sees it yet.
func TestAStartThatIsStatedBesideAnEarlierLegIsStoredAndNoChange(t *testing.T) {
	before := Merge(event(30_000, func(*Participant, *Session) {}), metricOf("s", Metric{Name: "tTalk", EmitDate: at(60_000), Value: 50_000}))
	after, d := next(t, before, event(20_000, func(*Participant, *Session) {}))
	require.Equal(t, at(10_000), after.Start)
	require.True(t, d.Conversation)
	for _, c := range Changes(before, after) {
		require.NotContains(t, c.Fields, "conversationStart")
	}
}

// TestAConversationOfAnEarlierVersionKeepsItsStart: its provenance ends with the
// restatements, or before them.
func TestAConversationOfAnEarlierVersionKeepsItsStart(t *testing.T) {
	c := State(&Conversation{ID: "c", Start: at(5)}, Statement{By: SourceTopic, Seen: at(9)})
	for _, old := range [][]byte{c.appendOwnProvenance(nil), appendRestatedWhole(c.appendOwnProvenance(nil), []restatement{{1, 2}})} {
		stored := &Conversation{ID: "c", Start: at(5)}
		require.NoError(t, stored.SetProvenance(old))
		require.Equal(t, at(5), Merge(nil, stored).Start)
		require.Equal(t, at(3), Merge(stored, State(&Conversation{ID: "c", Start: at(3)}, Statement{By: SourceTopic, Seen: at(9)})).Start)
	}
}

func TestAnEndAloneTellsSinceWhenTheLegWasConnected(t *testing.T) {
	for purpose, lasted := range map[Purpose]func(*Session){
		PurposeCustomer: func(s *Session) { s.InteractingDurationMs = 50_000 },
		PurposeACD:      func(s *Session) { s.ConnectedDurationMs = 50_000 },
		PurposeIVR:      func(s *Session) { s.ConnectedDurationMs = 50_000 },
	} {
		c := Merge(nil, event(60_000, func(p *Participant, s *Session) {
			p.Purpose, s.MediaType, s.Ends = purpose, MediaVoice, []time.Time{at(60_000)}
			lasted(s)
		}))
		_, s := c.Session("s")
		require.Equal(t, at(10_000), s.ConnectedTime, purpose)
		require.Equal(t, StateTerminated, s.State)
		require.Equal(t, at(10_000), c.Start)
		requireBegun(t, c)
		requireKept(t, c)
	}
}
