package conversation

import (
	"testing"

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

func TestARecordThatIsReadAgainCostsTheRowOfTheConversation(t *testing.T) {
	record := func(seen int, queue string) *Conversation {
		return State(&Conversation{ID: "c", Address: "a", Participants: []*Participant{{ID: "p", QueueName: "n", Sessions: []*Session{{ID: "s", QueueID: queue}}}}},
			Statement{By: SourceAnalytics, At: at(1000), Seen: at(seen)})
	}
	stored := Merge(nil, record(60_000, "q"))
	again, d := next(t, stored, record(3_600_000, "q"))
	require.Equal(t, 1, d.Size())
	require.Len(t, Diff(again, Merge(again, record(7_200_000, "p"))).Sessions, 1)
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
		r.sessions[s.ID] = sessionRow{row: row{sessionFields.pack(nil, s.Session), s.AppendProvenance(nil)}, participant: s.ParticipantID}
	}
	for _, p := range to.Participants {
		for _, s := range append(append([]*Session{}, p.Sessions...), p.shadows...) {
			kept, known := r.sessions[s.ID]
			require.True(t, known)
			kept.segments, kept.metrics = s.Segments, s.Metrics
			r.sessions[s.ID] = kept
		}
	}
	r.surveys, r.evaluations = to.Surveys, to.Evaluations
	if d.Transfers {
		r.transfers = to.Transfers
	}
	return to
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

// drawSaid draws what is said next: mostly whole snapshots, which repeat each
// other, at any time; now and then something else.
func drawSaid(t *rapid.T) *Conversation {
	if rapid.IntRange(0, 4).Draw(t, "other") == 0 {
		return drawPartial(t)
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
