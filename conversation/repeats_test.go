package conversation

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// snapshot is a message of the live API that was read at a time.
func snapshot(readMs int, fill func(*Participant, *Session)) *Conversation {
	return say(SourceTopic, readMs, func(p *Participant, s *Session) {
		p.Purpose, p.UserID, p.Attributes = PurposeAgent, "u", map[string]string{"a": "b"}
		s.State, s.Held, s.PeerID, s.ConnectedTime = StateConnected, true, "peer", at(1)
		if fill != nil {
			fill(p, s)
		}
	})
}

func TestAMessageHeardAgainAtOnceRepeatsWhatIsKnown(t *testing.T) {
	known := Merge(nil, snapshot(1000, nil))
	for _, readMs := range []int{900, 1000, 1001, 1100} {
		require.True(t, Repeats(known, snapshot(readMs, nil), 100*time.Millisecond), readMs)
	}
	require.False(t, Repeats(known, snapshot(1101, nil), 100*time.Millisecond), "it says that all is still so")
	require.False(t, Repeats(nil, snapshot(1000, nil), time.Hour))
}

func TestWhatSaysAnythingElseDoesNotRepeat(t *testing.T) {
	known := Merge(nil, snapshot(1000, nil))
	for name, other := range map[string]*Conversation{
		"a state":       snapshot(1001, func(_ *Participant, s *Session) { s.State = StateDisconnected }),
		"a flag":        snapshot(1001, func(_ *Participant, s *Session) { s.Held = false }),
		"a peer":        snapshot(1001, func(_ *Participant, s *Session) { s.PeerID = "another" }),
		"an attribute":  snapshot(1001, func(p *Participant, _ *Session) { p.Attributes["a"] = "c" }),
		"one more":      snapshot(1001, func(p *Participant, _ *Session) { p.Attributes["b"] = "c" }),
		"a participant": snapshot(1001, func(p *Participant, _ *Session) { p.ID = "another" }),
		"a session":     snapshot(1001, func(_ *Participant, s *Session) { s.ID = "another" }),
		"a field":       snapshot(1001, func(_ *Participant, s *Session) { s.ANI = "tel:+1" }),
		"a metric":      snapshot(1001, func(_ *Participant, s *Session) { s.Metrics = []Metric{{Name: "tTalk", EmitDate: at(1), Value: 1}} }),
		"a source": say(SourceREST, 1001, func(p *Participant, s *Session) {
			p.Purpose, p.UserID = PurposeAgent, "u"
			s.State = StateConnected
		}),
	} {
		require.False(t, Repeats(known, other, time.Hour), name)
	}
}

func TestWhoeverLeavesOutARepetitionSeesNoDifference(t *testing.T) {
	repeated := 0
	rapid.Check(t, func(t *rapid.T) {
		said := append(rapid.SliceOfN(rapid.Custom(drawPartial), 0, 3).Draw(t, "said"), snapshot(1000, nil))
		var known *Conversation
		for _, c := range said {
			known = Merge(known, c)
		}
		again := rapid.SampledFrom(append(said, snapshot(1001, nil), drawPartial(t))).Draw(t, "again")
		if !Repeats(known, again, time.Hour) {
			return
		}
		repeated++
		without, err := json.Marshal(known)
		require.NoError(t, err)
		with, err := json.Marshal(Merge(known, again))
		require.NoError(t, err)
		require.JSONEq(t, string(without), string(with))
	})
	require.Positive(t, repeated)
}
