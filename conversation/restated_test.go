package conversation

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// snapshotOf is what a topic says of a conversation with two participants.
func snapshotOf(seen int, held bool) *Conversation {
	return State(&Conversation{ID: "c", ExternalTag: "t", Participants: []*Participant{
		{ID: "p", Attributes: map[string]string{"k": "v"}, Sessions: []*Session{{ID: "s", State: StateConnected, Held: held, PeerID: "x", QueueID: "q"}}},
		{ID: "q", Sessions: []*Session{{ID: "r", State: StateConnected}}},
	}}, Statement{By: SourceTopic, Seen: at(seen)})
}

func TestASnapshotThatRepeatsItselfCostsTheRowOfTheConversation(t *testing.T) {
	before := Merge(nil, snapshotOf(1, true))
	for seen := 2; seen < 10; seen++ {
		after, d := next(t, before, snapshotOf(seen, true))
		require.True(t, d.Conversation)
		require.Equal(t, 1, d.Size())
		before = after
	}
}

// recordOf is a record of one leg, read at a time.
func recordOf(seen, handled int) *Conversation {
	return State(&Conversation{ID: "c", Address: "a", Participants: []*Participant{{ID: "p", QueueName: "n", Sessions: []*Session{{ID: "s", QueueID: "q",
		Segments: []*Segment{{Type: SegmentAlert, Start: at(100), End: at(200), QueueID: "q"}, {Type: SegmentInteract, Start: at(200), End: at(900), QueueID: "q"}},
		Metrics:  []Metric{{Name: "tAlert", EmitDate: at(200), Value: 100}, {Name: "tHandle", EmitDate: at(900), Value: int64(handled)}}}}}}},
		Statement{By: SourceAnalytics, At: at(1000), Seen: at(seen)})
}

func TestARecordThatIsReadAgainCostsTheRowOfTheConversation(t *testing.T) {
	stored := Merge(nil, recordOf(60_000, 1))
	for hours := 1; hours < 10; hours++ {
		again, d := next(t, stored, recordOf(hours*3_600_000, 1))
		require.True(t, d.Conversation)
		require.Equal(t, 1, d.Size())
		stored = again
	}
	_, d := next(t, stored, recordOf(99*3_600_000, 0))
	require.Len(t, d.Metrics, 1, "only the one that says something else")
	require.Equal(t, 2, d.Size())
}

// TestSegmentsThatAnotherSourceCutAlikeAreWritten: those that were stored are
// deleted.
func TestSegmentsThatAnotherSourceCutAlikeAreWritten(t *testing.T) {
	cut := func(by Source) *Conversation {
		return say(by, 1000, func(_ *Participant, s *Session) {
			s.Segments = []*Segment{{Type: SegmentInteract, Start: at(200), End: at(900), QueueID: "q"}}
		})
	}
	_, d := next(t, Merge(nil, cut(SourceREST)), cut(SourceAnalytics))
	require.Len(t, d.Segments, 1)
}

func TestWhatRepeatsAnEarlierStatementWinsOverAnOlderOneAlsoAfterARestart(t *testing.T) {
	var kept rows
	memory := kept.commit(t, nil, snapshotOf(1, true))
	memory = kept.commit(t, memory, snapshotOf(3, true))
	late := snapshotOf(2, false)
	for name, c := range map[string]*Conversation{"in memory": memory, "read again": kept.load(t)} {
		_, s := Merge(c, late).Session("s")
		require.True(t, s.Held, name)
	}
}

func TestOnlyWhatChangesIsWrittenBesideARepetition(t *testing.T) {
	before := Merge(nil, snapshotOf(1, true))
	_, d := next(t, before, snapshotOf(2, false))
	require.Len(t, d.Sessions, 1)
	require.Equal(t, "s", d.Sessions[0].ID)
	require.Empty(t, d.Participants)
	require.Equal(t, 2, d.Size())
}

func TestARepetitionOfAPartIsWrittenInFull(t *testing.T) {
	before := Merge(nil, snapshotOf(1, true))
	part := State(&Conversation{ID: "c", Participants: []*Participant{{ID: "q", Sessions: []*Session{{ID: "r", State: StateConnected}}}}},
		Statement{By: SourceTopic, Seen: at(2)})
	_, d := next(t, before, part)
	require.Len(t, d.Sessions, 1, "the others are as old as before")
}

// next joins what is said to a stored conversation. What is to be written is
// what a comparison of both finds.
func next(t require.TestingT, from, said *Conversation) (*Conversation, Delta) {
	to := Merge(from, said)
	d := Restate(from, to)
	require.Equal(t, Diff(from, to), d)
	return to, d
}

// rows is a store of which only those rows are written that Diff names.
type rows struct {
	conversation row
	attributes   map[string]string
	participants map[string]participantRow
	sessions     map[string]sessionRow
	transfers    []*Transfer
	surveys      []*Survey
	evaluations  []*Evaluation
}

type row struct{ fields, provenance []byte }

type participantRow struct {
	row
	attributes map[string]string
}

type sessionRow struct {
	row
	participant string
	segmentsBy  Source
	segments    []*Segment
	metrics     []Metric
}

// commit joins a message to what is in memory and writes what has to be.
func (r *rows) commit(t require.TestingT, from, said *Conversation) *Conversation {
	to, d := next(t, from, said)
	if r.participants == nil {
		r.participants, r.sessions = map[string]participantRow{}, map[string]sessionRow{}
	}
	if d.Conversation {
		r.conversation = row{conversationFields.pack(nil, to), to.AppendProvenance(nil)}
		r.attributes = to.Attributes
	}
	for _, p := range d.Participants {
		r.participants[p.ID] = participantRow{row{participantFields.pack(nil, p), p.AppendProvenance(nil)}, p.Attributes}
	}
	for _, s := range d.Sessions {
		kept := r.sessions[s.ID]
		kept.row, kept.participant = row{sessionFields.pack(nil, s.Session), s.AppendProvenance(nil)}, s.ParticipantID
		if kept.segmentsBy != s.segmentsBy {
			kept.segmentsBy, kept.segments = s.segmentsBy, nil
		}
		r.sessions[s.ID] = kept
	}
	for _, g := range d.Segments {
		kept := r.sessions[g.SessionID]
		kept.segments = replaced(kept.segments, g.Segment, (*Segment).compare)
		r.sessions[g.SessionID] = kept
	}
	for _, m := range d.Metrics {
		kept := r.sessions[m.SessionID]
		kept.metrics = replaced(kept.metrics, m.Metric, Metric.compare)
		r.sessions[m.SessionID] = kept
	}
	r.surveys, r.evaluations = to.Surveys, to.Evaluations
	if d.Transfers {
		r.transfers = to.Transfers
	}
	return to
}

// replaced returns the rows with one more, or one in the place of that of its key.
func replaced[T any](rows []T, row T, compare func(a, b T) int) []T {
	rows = slices.DeleteFunc(slices.Clone(rows), func(x T) bool { return compare(x, row) == 0 })
	return append(rows, row)
}

func (r *rows) load(t require.TestingT) *Conversation {
	c := &Conversation{ID: "c", Attributes: r.attributes, Transfers: r.transfers, Surveys: r.surveys, Evaluations: r.evaluations}
	conversationFields.unpack(c, &reader{rest: r.conversation.fields, whole: string(r.conversation.fields)})
	require.NoError(t, c.SetProvenance(r.conversation.provenance))
	for id, row := range r.participants {
		p := &Participant{ID: id, Attributes: row.attributes}
		participantFields.unpack(p, &reader{rest: row.fields, whole: string(row.fields)})
		require.NoError(t, p.SetProvenance(row.provenance))
		for id, row := range r.sessions {
			if row.participant != p.ID {
				continue
			}
			s := &Session{ID: id, Segments: row.segments, Metrics: row.metrics}
			sessionFields.unpack(s, &reader{rest: row.fields, whole: string(row.fields)})
			require.NoError(t, s.SetProvenance(row.provenance))
			p.Sessions = append(p.Sessions, s)
		}
		c.Participants = append(c.Participants, p)
	}
	return Merge(nil, c)
}

// drawSaid draws what is said next: mostly whole snapshots and records, which
// repeat each other, read at any time; now and then something else.
func drawSaid(t *rapid.T) *Conversation {
	switch rapid.IntRange(0, 9).Draw(t, "other") {
	case 0, 1:
		return drawPartial(t)
	case 2, 3, 4, 5:
		return recordOf(rapid.IntRange(0, 9).Draw(t, "read")*60_000, rapid.IntRange(0, 5).Draw(t, "handled")/4)
	}
	return snapshotOf(rapid.IntRange(0, 40).Draw(t, "seen"), rapid.IntRange(0, 5).Draw(t, "held") > 0)
}

func TestWhatIsReadAgainIsAsItIsInMemoryStampsIncluded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept rows
		var memory *Conversation
		for range rapid.IntRange(1, 30).Draw(t, "messages") {
			memory = kept.commit(t, memory, drawSaid(t))
			if rapid.IntRange(0, 3).Draw(t, "packed") == 0 {
				again, err := Unpack(Pack(nil, memory))
				require.NoError(t, err)
				require.Equal(t, memory.restated, again.restated)
				memory = again
			}
			read := kept.load(t)
			require.Equal(t, dump(memory), dump(read))
			if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
				memory = read
			}
		}
	})
}

// appendRestatedWhole writes restatements as earlier versions did.
func appendRestatedWhole(b []byte, list []restatement) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, r := range list {
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, uint64(r.was)), uint64(r.is))
	}
	return b
}

func TestRestatementsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) restatement {
			return restatement{stamp(rapid.Uint64().Draw(t, "was")), stamp(rapid.Uint64().Draw(t, "is"))}
		}), 1, mostRestatements, func(r restatement) stamp { return r.was }).Draw(t, "list")
		slices.SortFunc(list, func(a, b restatement) int { return a.compare(b.was) })
		for _, written := range [][]byte{appendRestated(nil, list), appendRestatedWhole(nil, list)} {
			r := reader{rest: append(written, 7)}
			require.Equal(t, list, r.restated())
			require.NoError(t, r.err)
			require.Equal(t, []byte{7}, r.rest)
			r = reader{rest: written[:len(written)-1]}
			r.restated()
			require.Error(t, r.err, "it is cut off")
		}
	})
}

// TestSnapshotsThatFollowEachOtherTakeFewBytes: each commit writes them.
func TestSnapshotsThatFollowEachOtherTakeFewBytes(t *testing.T) {
	const seconds = 1_000
	c := Merge(nil, snapshotOf(1*seconds, true))
	for seen := 2; seen < 9; seen++ {
		c, _ = next(t, c, snapshotOf(seen*seconds, seen%2 == 1))
	}
	require.NotEmpty(t, c.restated)
	require.Less(t, len(appendRestated(nil, c.restated)), 6*len(c.restated)+4*10, "a difference for each, and a whole stamp for each kind")
}

func TestWhoSaysWhoseALegIsIsReadFromAnEarlierVersion(t *testing.T) {
	for by := SourceHint; by <= SourceHost; by++ {
		for _, written := range []uint64{uint64(by), uint64(bySource(by, time.Time{}))} {
			require.Equal(t, by, (&reader{rest: binary.AppendUvarint(nil, written)}).owner())
		}
	}
	require.Zero(t, (&reader{rest: []byte{0}}).owner())
}
