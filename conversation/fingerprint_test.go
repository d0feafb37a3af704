package conversation

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func fingerprint(t require.TestingT, c *Conversation) Fingerprint {
	f, has := FingerprintOf(c)
	require.True(t, has)
	return f
}

func TestProcessesThatReadAMessageAtDifferentTimesGiveItTheSameFingerprint(t *testing.T) {
	one, other := fingerprint(t, snapshot(1000, nil)), fingerprint(t, snapshot(1017, nil))
	require.Equal(t, one.Sum, other.Sum)
	require.Equal(t, at(1000), one.Seen)
	require.Equal(t, at(1017), other.Seen)
}

func TestAMessageWithATimeOfItsOwnHasAFingerprintOfThatTime(t *testing.T) {
	detail := func(ms int) Fingerprint {
		return fingerprint(t, say(SourceDetailEvent, ms, func(_ *Participant, s *Session) { s.State = StateConnected }))
	}
	require.Equal(t, detail(1), detail(1))
	require.Zero(t, detail(1).Seen)
	require.NotEqual(t, detail(1).Sum, detail(2).Sum)
}

func TestMessagesThatSayAnythingElseHaveOtherFingerprints(t *testing.T) {
	known := map[[16]byte]string{fingerprint(t, snapshot(1000, nil)).Sum: "itself"}
	for name, other := range map[string]*Conversation{
		"a state":       snapshot(1000, func(_ *Participant, s *Session) { s.State = StateDisconnected }),
		"a flag":        snapshot(1000, func(_ *Participant, s *Session) { s.Held = false }),
		"a peer":        snapshot(1000, func(_ *Participant, s *Session) { s.PeerID = "another" }),
		"an attribute":  snapshot(1000, func(p *Participant, _ *Session) { p.Attributes["a"] = "c" }),
		"one more":      snapshot(1000, func(p *Participant, _ *Session) { p.Attributes["b"] = "c" }),
		"a participant": snapshot(1000, func(p *Participant, _ *Session) { p.ID = "another" }),
		"a session":     snapshot(1000, func(_ *Participant, s *Session) { s.ID = "another" }),
		"a segment":     snapshot(1000, func(_ *Participant, s *Session) { s.Segments = []*Segment{{Type: "hold", Start: at(1)}} }),
		"a metric":      snapshot(1000, func(_ *Participant, s *Session) { s.Metrics = []Metric{{Name: "tTalk", EmitDate: at(1), Value: 1}} }),
		"its value":     snapshot(1000, func(_ *Participant, s *Session) { s.Metrics = []Metric{{Name: "tTalk", EmitDate: at(1), Value: 2}} }),
		"a source": say(SourceMediaTopic, 1000, func(p *Participant, s *Session) {
			p.Purpose, p.UserID, p.Attributes = PurposeAgent, "u", map[string]string{"a": "b"}
			s.State, s.Held, s.PeerID, s.ConnectedTime = StateConnected, true, "peer", at(1)
		}),
	} {
		sum := fingerprint(t, other).Sum
		require.Empty(t, known[sum], name)
		known[sum] = name
	}
}

// Whoever leaves out a message because another one has its fingerprint loses
// nothing but the moment in which it was read.
func TestMessagesOfOneFingerprintSayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPartial(t), drawPartial(t)
		if rapid.Bool().Draw(t, "the same") {
			again, err := UnpackPartial(Pack(nil, a))
			require.NoError(t, err)
			b = again
		}
		f, has := FingerprintOf(a)
		g, also := FingerprintOf(b)
		if !has || !also || f != g {
			return
		}
		requireSame(t, Merge(nil, a), Merge(nil, b))
	})
}

func TestEveryFieldIsInTheFingerprint(t *testing.T) {
	state := func(fill func(c *Conversation, p *Participant, s *Session, g *Segment)) *Conversation {
		c, p, s, g := &Conversation{ID: "c"}, &Participant{ID: "p"}, &Session{ID: "s"}, &Segment{Type: "hold", Start: at(1)}
		c.Participants, p.Sessions, s.Segments = []*Participant{p}, []*Session{s}, []*Segment{g}
		fill(c, p, s, g)
		return State(c, Statement{By: SourceTopic, Seen: at(5)})
	}
	none := state(func(*Conversation, *Participant, *Session, *Segment) {})
	tried := 0
	counts := func(field string, fill func(c *Conversation, p *Participant, s *Session, g *Segment)) {
		c := state(fill)
		if bytes.Equal(Pack(nil, none), Pack(nil, c)) {
			return // a message does not state it
		}
		tried++
		require.NotEqual(t, fingerprint(t, none).Sum, fingerprint(t, c).Sum, field)
	}
	for _, f := range conversationFields.fields {
		counts(f.Name, func(c *Conversation, _ *Participant, _ *Session, _ *Segment) { fillField(t, f, c) })
	}
	for _, f := range participantFields.fields {
		counts(f.Name, func(_ *Conversation, p *Participant, _ *Session, _ *Segment) { fillField(t, f, p) })
	}
	for _, f := range sessionFields.fields {
		counts(f.Name, func(_ *Conversation, _ *Participant, s *Session, _ *Segment) { fillField(t, f, s) })
	}
	for _, f := range segmentFields.fields {
		counts(f.Name, func(_ *Conversation, _ *Participant, _ *Session, g *Segment) { fillField(t, f, g) })
	}
	require.Greater(t, tried, 100)
}

func fillField[E any](t *testing.T, f Field[E], e *E) {
	if f.rule != retired {
		fill(t, f.Value(e))
	}
}

func TestWhatIsRatedHasNoFingerprintAndWhatIsJoinedOneOfItsOwn(t *testing.T) {
	for name, c := range map[string]*Conversation{
		"a survey":      State(&Conversation{ID: "c", Surveys: []*Survey{{ID: "s"}}}, Statement{By: SourceREST, At: at(1), Seen: at(1)}),
		"an evaluation": State(&Conversation{ID: "c", Evaluations: []*Evaluation{{ID: "e"}}}, Statement{By: SourceREST, At: at(1), Seen: at(1)}),
	} {
		_, has := FingerprintOf(c)
		require.False(t, has, name)
	}
	first := snapshot(1000, func(p *Participant, _ *Session) { p.Attributes["only here"] = "x" })
	joined, again := Merge(first, snapshot(1400, nil)), Merge(first, snapshot(1700, nil))
	require.NotEqual(t, fingerprint(t, joined).Sum, fingerprint(t, again).Sum, "the pauses differ")
}

func BenchmarkFingerprint(b *testing.B) {
	c := snapshot(1000, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, has := FingerprintOf(c); !has {
			b.Fatal("it has none")
		}
	}
}
