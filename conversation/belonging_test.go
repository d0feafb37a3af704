package conversation

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// named states of an entity an id and, if told, the texts that belong to it.
type named struct {
	id    string
	names bool
}

func (n named) text(of string) string {
	if !n.names {
		return ""
	}
	return fmt.Sprintf("%s of %s", of, n.id)
}

func (n named) said(by Source, minute int) *Conversation {
	st := Statement{By: by, Seen: at(minute * 60_000)}
	if !by.snapshot() {
		st.At = st.Seen
	}
	return State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", QueueID: n.id, QueueName: n.text("name"),
		Sessions: []*Session{{ID: "s", MediaType: MediaVoice, WrapUpCode: n.id, WrapUpName: n.text("name"), WrapUpNote: n.text("note"), FlowID: n.id, FlowName: n.text("name")}}}}}, st)
}

// belongings are the texts that belong to an id, each behind its id.
func belongings(c *Conversation) [][2]string {
	p, s := c.Session("s")
	return [][2]string{{p.QueueID, p.QueueName}, {s.WrapUpCode, s.WrapUpName}, {s.WrapUpCode, s.WrapUpNote}, {s.FlowID, s.FlowName}}
}

// requireNone demands that no text is shown that was said of another id.
func requireNone(t require.TestingT, c *Conversation) {
	for _, text := range belongings(c) {
		if text[1] != "" {
			require.Contains(t, []string{"name of " + text[0], "note of " + text[0]}, text[1])
		}
	}
}

var everySource = []Source{SourceDetailEvent, SourceMediaTopic, SourceTopic, SourceMediaREST, SourceREST, SourceAnalytics}

// TestANameIsThatOfTheIDBesideItOrNotKnown: each source says the first id, with
// its name; any other says the next one without. In both orders, and restored
// from what is stored, there is no name; when the id comes back, its name does.
func TestANameIsThatOfTheIDBesideItOrNotKnown(t *testing.T) {
	for _, by := range everySource {
		for _, other := range everySource {
			first, next, back := named{"x", true}.said(by, 1), named{"y", false}.said(other, 2), named{"x", false}.said(other, 3)
			for _, order := range [][]*Conversation{{first, next, back}, {next, first, back}, {back, next, first}, {next, back, first}, {back, first, next}, {first, back, next}} {
				var c *Conversation
				for _, said := range order {
					c = Merge(c, said)
					requireNone(t, c)
					requireKept(t, c)
				}
				for _, text := range belongings(c) {
					if by.equals(other) {
						require.Equal(t, "x", text[0])
					}
					require.Equal(t, text[0] == "x", text[1] != "", "by %s, then by %s: %v", by, other, text)
				}
			}
			for _, text := range belongings(Merge(first, next)) {
				require.Equal(t, text[0] == "x", text[1] != "", "by %s, then by %s: %v", by, other, text)
			}
		}
	}
}

// afterwork states a code of after-call work, and a note and tags if there are some,
// of a leg and of its segment.
func afterwork(by Source, minute int, code, note string, tags ...string) *Conversation {
	st := Statement{By: by, Seen: at(minute * 60_000)}
	if !by.snapshot() {
		st.At = at(0)
	}
	return State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Sessions: []*Session{{ID: "s", WrapUpCode: code, WrapUpNote: note, WrapUpTags: tags,
		Segments: []*Segment{{Type: SegmentWrapup, Start: at(0), WrapUpCode: code, WrapUpNote: note, WrapUpTags: tags}}}}}}}, st)
}

// requireAfterwork demands that the leg and its segment have the code, the note and the tags.
func requireAfterwork(t *testing.T, c *Conversation, code, note string, tags ...string) {
	t.Helper()
	_, s := c.Session("s")
	require.Equal(t, []string{code, note}, []string{s.WrapUpCode, s.WrapUpNote}, "of the leg")
	require.Equal(t, tags, s.WrapUpTags, "of the leg")
	g := s.Segments[0]
	require.Equal(t, []string{code, note}, []string{g.WrapUpCode, g.WrapUpNote}, "of the segment")
	require.Equal(t, tags, g.WrapUpTags, "of the segment")
	requireKept(t, c)
}

// TestTheNoteAndTheTagsAreThoseOfTheCodeBesideThem: an agent who corrects the code
// takes them away, and says others or none.
func TestTheNoteAndTheTagsAreThoseOfTheCodeBesideThem(t *testing.T) {
	for _, by := range []Source{SourceMediaTopic, SourceTopic, SourceMediaREST, SourceREST, SourceAnalytics} {
		first, next := afterwork(by, 1, "w-1", "note", "t-1", "t-2"), afterwork(by, 2, "w-2", "")
		corrected := inEveryOrder(t, first, next)
		requireAfterwork(t, corrected, "w-2", "")
		_, shown := Shown(corrected).Session("s")
		require.NotContains(t, string(shown.Segments[0].AppendProvenance(shown.AppendProvenance(nil))), "note")
		requireAfterwork(t, inEveryOrder(t, first, next, afterwork(by, 3, "w-3", "other", "t-3")), "w-3", "other", "t-3")
		requireAfterwork(t, inEveryOrder(t, first, next, afterwork(by, 3, "w-1", "")), "w-1", "note")
		requireAfterwork(t, inEveryOrder(t, first, afterwork(by, 2, "w-1", "note", "t-2")), "w-1", "note", "t-2")
	}
}

func TestADetailEventSaysNothingOfTags(t *testing.T) {
	topic := say(SourceTopic, 1, func(_ *Participant, s *Session) { s.WrapUpCode, s.WrapUpTags = "w-1", []string{"t-1"} })
	event := say(SourceDetailEvent, 2, func(_ *Participant, s *Session) { s.WrapUpCode = "w-1" })
	_, s := inEveryOrder(t, topic, event).Session("s")
	require.Equal(t, []string{"t-1"}, s.WrapUpTags)
}

// TestANameIsNeverThatOfAnotherID says ids, some with their names, by all sources,
// in any order, of legs and of media topics, too.
func TestANameIsNeverThatOfAnotherID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *Conversation {
			n := named{rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "id"), rapid.Bool().Draw(t, "named")}
			c := n.said(rapid.SampledFrom(everySource).Draw(t, "source"), rapid.IntRange(0, 5).Draw(t, "minute"))
			if rapid.IntRange(0, 3).Draw(t, "shadow") == 0 {
				s := *c.Participants[0].Sessions[0]
				shadow := ShadowSession("p", MediaVoice)
				shadow.WrapUpCode, shadow.WrapUpName, shadow.WrapUpNote, shadow.FlowID, shadow.FlowName = s.WrapUpCode, s.WrapUpName, s.WrapUpNote, s.FlowID, s.FlowName
				c = State(&Conversation{ID: "c", Participants: []*Participant{{ID: "p", Sessions: []*Session{{ID: "s", MediaType: MediaVoice}, shadow}}}},
					Statement{By: SourceMediaTopic, Seen: at(rapid.IntRange(0, 5).Draw(t, "minute") * 60_000)})
			}
			return c
		}), 1, 6).Draw(t, "said")
		var want, got *Conversation
		for _, c := range said {
			want = Merge(want, c)
			requireNone(t, want)
			requireKept(t, want)
		}
		for _, i := range rapid.Permutation(append(indexes(said), indexes(said)...)).Draw(t, "order") {
			got = Merge(got, said[i])
		}
		requireSame(t, want, got)
	})
}

// TestAFormIsNamedByAStatementThatHasItsID: surveys and evaluations are settled as
// a whole, and a field that the standing statement lacks is as another says it.
func TestAFormIsNamedByAStatementThatHasItsID(t *testing.T) {
	form := func(by Source, minute int, id, name string) *Conversation {
		return State(&Conversation{ID: "c", Surveys: []*Survey{{ID: "v", Status: SurveyPending, EventTime: at(minute * 60_000), FormID: id, FormName: name}},
			Evaluations: []*Evaluation{{ID: "e", Status: EvaluationPending, EventTime: at(minute * 60_000), FormID: id, FormName: name}}}, Statement{By: by, Seen: at(minute * 60_000)})
	}
	for _, all := range [][]Source{{SourceREST, SourceAnalytics}, {SourceAnalytics, SourceREST}, {SourceTopic, SourceREST}, {SourceREST, SourceTopic}} {
		for _, name := range []string{"", "new"} {
			was, is := form(all[0], 1, "f-1", "old"), form(all[1], 2, "f-2", name)
			for _, c := range []*Conversation{Merge(was, is), Merge(is, was)} {
				for _, form := range [][2]string{{c.Surveys[0].FormID, c.Surveys[0].FormName}, {c.Evaluations[0].FormID, c.Evaluations[0].FormName}} {
					require.Contains(t, [][2]string{{"f-1", "old"}, {"f-2", name}}, form, "%v", all)
				}
			}
		}
	}
}

func TestATextWithAZeroByteSurvivesThatItIsPacked(t *testing.T) {
	requireKept(t, Merge(nil, say(SourceREST, 1, func(_ *Participant, s *Session) { s.WrapUpCode, s.WrapUpNote = "w", "a\x00b" })))
}
