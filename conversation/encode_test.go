package conversation

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAConversationSurvivesItsEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c *Conversation
		for _, said := range rapid.SliceOfN(rapid.Custom(drawPartial), 1, 4).Draw(t, "said") {
			c = Merge(c, said)
		}
		data, err := Encode(c)
		require.NoError(t, err)
		again, err := Decode(data)
		require.NoError(t, err)
		requireSame(t, c, again)
	})
}

func TestADamagedProvenanceIsAnError(t *testing.T) {
	whole := Merge(nil, say(SourceTopic, 1, func(p *Participant, s *Session) { p.Attributes = map[string]string{"a": "b"}; s.ANI = "x" }))
	p, s := whole.Participants[0], whole.Participants[0].Sessions[0]
	for n := range len(s.AppendProvenance(nil)) {
		require.ErrorIs(t, (&Session{}).SetProvenance(s.AppendProvenance(nil)[:n]), errProvenance)
	}
	require.ErrorIs(t, (&Participant{}).SetProvenance(p.AppendProvenance(nil)), errProvenance, "attributes are missing")
	require.NoError(t, (&Participant{Attributes: p.Attributes}).SetProvenance(p.AppendProvenance(nil)))
	one := []byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 1} // a stamp, for the first field
	require.NoError(t, (&Segment{}).SetProvenance(append([]byte{1}, one...)))
	require.ErrorIs(t, (&Segment{}).SetProvenance(slices.Concat([]byte{2}, one, one)), errProvenance, "a field has two stamps")
	_, err := Decode([]byte(`{"conversationId":"c","provenance":"gA=="}`))
	require.ErrorIs(t, err, errProvenance)
}

// FuzzDecode: a damaged document is an error, never a panic.
func FuzzDecode(f *testing.F) {
	whole, err := Encode(Merge(nil, say(SourceTopic, 1, func(p *Participant, s *Session) { p.Attributes = map[string]string{"a": "b"}; s.ANI = "x" })))
	require.NoError(f, err)
	f.Add(whole)
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := Decode(data); err == nil && c == nil {
			t.Fatal("neither a conversation nor an error")
		}
	})
}
