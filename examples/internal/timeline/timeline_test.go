package timeline

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// known is what the messages say of a conversation.
func known(t *testing.T, messages [][]byte) *conversation.Conversation {
	t.Helper()
	var c *conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Now())
		require.NoError(t, err)
		for _, said := range m.Conversations {
			c = conversation.Merge(c, said)
		}
	}
	return c
}

// TestABarBeginsWhenItsLegDid is over all forms of message: topic snapshots do not say
// since when a leg alerts.
func TestABarBeginsWhenItsLegDid(t *testing.T) {
	for _, scenario := range genesystest.Scenarios() {
		s := scenario.Story()
		for form, messages := range map[string][][]byte{"snapshots": s.Snapshots(), "detail events": s.Details(), "records": s.Records(), "all": append(s.Snapshots(), s.Records()...)} {
			c := known(t, messages)
			begin, end := Span(c, time.Now())
			legs := c.Legs()
			for i := range legs {
				l := &legs[i]
				bar := []rune(Bar(l, begin, end))
				require.Len(t, bar, Width)
				if l.Began().IsZero() {
					require.NotContains(t, string(bar), "░", "%s of %s: nobody has said when it began", form, scenario.Name)
					continue
				}
				first := slices.IndexFunc(bar, func(r rune) bool { return r != ' ' })
				want := int(float64(Width) * float64(l.Began().Sub(begin)) / float64(end.Sub(begin)))
				require.Equal(t, min(max(want, 0), Width), first, "%s of %s: %q", form, scenario.Name, string(bar))
			}
		}
	}
}
