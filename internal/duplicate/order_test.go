package duplicate

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/conversation"
)

// tag is a message of one conversation that says one thing, which goes back and
// forth.
func tag(content string, seen time.Time) *conversation.Conversation {
	return conversation.State(&conversation.Conversation{ID: "c", ExternalTag: content},
		conversation.Statement{By: conversation.SourceTopic, Seen: seen})
}

// The owner reads two messages a moment before the other process does. A copy of
// the first one, with the later time, must not hide the second one.
func TestAMessageBehindADepositedOneIsNotLeftOutForOneThatWasReadBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.learn()
		p.other.owners["owner"].probe = time.Now() // the next one is deposited
		began := time.Now()
		at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
		known := []*conversation.Conversation{tag("x", at(0)), tag("y", at(3))}
		p.owner.store(known)
		for i, heard := range []*conversation.Conversation{tag("x", at(10)), tag("y", at(11))} {
			rest := p.otherHears([]*conversation.Conversation{heard})
			if i == 0 {
				require.NotEmpty(t, rest, "nothing is deposited: the test shows nothing")
			}
			known = append(known, rest...)
		}
		var joined *conversation.Conversation
		for _, c := range known {
			joined = conversation.Merge(joined, c)
		}
		require.Equal(t, "y", joined.ExternalTag)
	})
}

// A message may speak of several conversations, of which this process looks after
// one: it is not compared.
func TestAMessageBehindOneThatWasNotComparedIsNotLeftOutForOneThatWasReadBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.learn()
		p.bothHear() // may be a probe
		p.other.members = oneOfTwo{p.members}
		p.owner.store([]*conversation.Conversation{tag("y", time.Now().Add(-3*time.Millisecond))})
		require.Len(t, p.otherHears([]*conversation.Conversation{{ID: "mine"}, tag("x", time.Now())}), 2)
		time.Sleep(time.Millisecond)
		require.NotEmpty(t, p.otherHears([]*conversation.Conversation{tag("y", time.Now())}))
	})
}

// oneOfTwo are members of which the other process looks after one conversation.
type oneOfTwo struct{ members }

func (oneOfTwo) Owner(_, key string) string {
	if key == "mine" {
		return "other"
	}
	return "owner"
}

// Both processes hear all messages, each at its own time; now and then one is
// deposited although it is announced, and announcements come when they come.
func TestWhatIsLeftOutIsNeverTheLastWordThatIsMissing(t *testing.T) {
	total := 0
	rapid.Check(t, func(t *rapid.T) {
		type step struct {
			at   int
			what any
		}
		var steps []step
		var contents []string
		var owners, others []int // when each was read
		announcedBy := 0
		for ms, n := 0, 0; n < 6; n++ {
			ms += rapid.IntRange(1, 100).Draw(t, "pause")
			content := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "content")
			read := func(before []int, who string) int {
				at := ms + rapid.IntRange(0, 60).Draw(t, who)
				if n > 0 {
					at = max(at, before[n-1]+1)
				}
				return at
			}
			owners, others = append(owners, read(owners, "the owner reads it later by")), append(others, read(others, "the other process"))
			contents = append(contents, content)
			announcedBy = max(announcedBy, owners[n]+rapid.IntRange(5, 200).Draw(t, "announced after"))
			steps = append(steps, step{others[n], h{content, others[n]}}, step{announcedBy, a{content, owners[n]}})
		}
		slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
		var said []any
		for _, s := range steps {
			said = append(said, s.what)
		}
		deposits := rapid.SliceOfN(rapid.Bool(), 6, 6).Draw(t, "deposited at once")
		places := foundBut(deposits, said...)
		is, latest := "", -1
		for i, content := range contents {
			for _, at := range []int{owners[i], others[i]} {
				if at == others[i] && slices.Contains(places, i) {
					at = owners[i]
				}
				if at > latest || at == latest && content > is {
					is, latest = content, at
				}
			}
		}
		want := contents[len(contents)-1]
		require.Equal(t, want, is, fmt.Sprint(contents, owners, others, places))
		total += len(places)
	})
	require.Positive(t, total)
}
