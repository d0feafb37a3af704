package rows

import (
	"slices"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Batch collects the rows to write for changes of conversations. The zero
// value is empty. It is not safe for concurrent use.
type Batch struct {
	values     [entities][]Value
	superseded []Superseded
	scratch    scratch

	ends []ends // after each Add
}

// ends are the lengths of the lists of a batch.
type ends struct {
	values     [entities]int
	superseded int
}

// Superseded names a session whose stored segments are all to be deleted: a
// better source has cut them differently.
type Superseded struct{ ConversationID, SessionID string }

// MostKept is how many values of a table's rows the memory is kept of.
const MostKept = 1 << 16

// Reset empties the batch, and keeps its memory within limits.
func (b *Batch) Reset() {
	for e := range b.values {
		clear(b.values[e])
		b.values[e] = b.values[e][:0]
		if cap(b.values[e]) > MostKept {
			b.values[e] = nil
		}
	}
	clear(b.superseded)
	b.superseded, b.ends = b.superseded[:0], b.ends[:0]
}

// Drop takes back the rows below the conversation that the nth Add since
// Reset has added, counted from 0: the change is not written after all.
func (b *Batch) Drop(n int) {
	var from ends
	if n > 0 {
		from = b.ends[n-1]
	}
	to := b.ends[n]
	for e := range b.values {
		if Entity(e) != Conversation { // what Add has returned stays where it is
			b.values[e] = slices.Delete(b.values[e], from.values[e], to.values[e])
		}
	}
	b.superseded = slices.Delete(b.superseded, from.superseded, to.superseded)
	for i := n; i < len(b.ends); i++ {
		for e := range b.values {
			b.ends[i].values[e] -= to.values[e] - from.values[e]
		}
		b.ends[i].superseded -= to.superseded - from.superseded
	}
}

func (b *Batch) end() {
	var e ends
	for i := range b.values {
		e.values[i] = len(b.values[i])
	}
	e.superseded = len(b.superseded)
	b.ends = append(b.ends, e)
}

// Values returns the rows of an entity below the conversation, one after the
// other, each with a value for every column. No two that one Add has added have
// the same key. They are valid until Reset.
func (b *Batch) Values(e Entity) []Value { return b.values[e] }

// Superseded returns the segments to delete, before others are written.
func (b *Batch) Superseded() []Superseded { return b.superseded }

// Add adds the rows of a change that has a conversation. It returns the values
// of the columns of the conversation's own state; nil when they are as before.
// They are valid until Reset.
func (b *Batch) Add(c *store.Change) []Value {
	defer b.end()
	d, to := c.Delta(), c.To
	id := keyText(to.ID)
	for _, p := range d.Participants {
		if p.ID == "" {
			continue // it only carries sessions
		}
		b.begin(Participant, id, keyText(p.ID))
		appendRow(b, Participant, participantMap, p)
	}
	segments := b.addSessions(id, c, &d)
	for _, g := range segments {
		b.addSegment(id, keyText(g.SessionID), g.Segment)
	}
	b.addMetrics(id, &d)
	if d.Transfers {
		addAll(b, Transfer, transferMap, id, to.Transfers, func(t *conversation.Transfer) string { return t.ID })
	}
	addAll(b, Survey, surveyMap, id, d.Surveys, func(s *conversation.Survey) string { return s.ID })
	addAll(b, Evaluation, evaluationMap, id, d.Evaluations, func(e *conversation.Evaluation) string { return e.ID })
	if !d.Conversation {
		return nil
	}
	n := len(b.values[Conversation])
	appendRow(b, Conversation, conversationMap, to)
	return b.values[Conversation][n:]
}

func addAll[E any](b *Batch, e Entity, m *mapping[E], conversationID Value, list []*E, id func(*E) string) {
	for _, x := range list {
		b.begin(e, conversationID, keyText(id(x)))
		appendRow(b, e, m, x)
	}
}

// begin begins a row with its key and what it belongs to; appendRow completes
// it.
func (b *Batch) begin(e Entity, values ...Value) { b.values[e] = append(b.values[e], values...) }

func appendRow[E any](b *Batch, e Entity, m *mapping[E], x *E) {
	b.values[e] = m.appendTo(b.values[e], x, &b.scratch)
}

// addSessions returns the segments that are still to be added.
func (b *Batch) addSessions(id Value, c *store.Change, d *conversation.Delta) []conversation.OwnedSegment {
	segments := d.Segments
	var before map[string]*conversation.Session // made when it is asked for
	for _, s := range d.Sessions {
		n := len(b.values[Session])
		b.begin(Session, id, keyText(s.ID), keyText(s.ParticipantID), Value{})
		appendRow(b, Session, sessionMap, s.Session)
		row := b.values[Session][n:]
		flattened := row[len(row)-1].Text[0]&1 == 1 // a bit of what the provenance begins with
		row[placeFlattened] = boolValue(flattened)
		if c.Version == 0 || c.From == nil || len(s.Segments) == 0 {
			continue
		}
		if before == nil {
			before = sessionsOf(c.From)
		}
		was := before[s.ID]
		switch {
		case was == nil && flattened:
			// It may have been hidden, so that nobody can tell what was stored.
			b.superseded = append(b.superseded, Superseded{id.Text, s.ID})
			b.addSegments(id, s.ID, s.Segments)
			segments = slices.DeleteFunc(slices.Clone(segments), func(g conversation.OwnedSegment) bool { return g.SessionID == s.ID })
		case was != nil && len(was.Segments) > 0 && was.SegmentsBy() != s.SegmentsBy():
			b.superseded = append(b.superseded, Superseded{id.Text, s.ID})
		}
	}
	return segments
}

// placeFlattened is the place of the column in the table of sessions.
const placeFlattened = 3

func sessionsOf(c *conversation.Conversation) map[string]*conversation.Session {
	byID := map[string]*conversation.Session{}
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			byID[s.ID] = s
		}
	}
	return byID
}

func (b *Batch) addSegments(id Value, sessionID string, segments []*conversation.Segment) {
	for _, g := range segments {
		b.addSegment(id, keyText(sessionID), g)
	}
}

func (b *Batch) addSegment(id, session Value, g *conversation.Segment) {
	start, kind := keyTime(g.Start), keyText(string(g.Type))
	b.dropSame(Segment, id, session, start, kind)
	b.begin(Segment, id, session, start, kind)
	appendRow(b, Segment, segmentMap, g)
}

func (b *Batch) addMetrics(id Value, d *conversation.Delta) {
	for _, m := range d.Metrics {
		emitted, name := keyTime(m.EmitDate), keyText(m.Name)
		b.dropSame(Metric, id, keyText(m.SessionID), emitted, name)
		b.begin(Metric, id, keyText(m.SessionID), emitted, name, known(m.Value), known(m.Provenance()))
	}
}

// dropSame removes the row with the same key, if there is one: keys that
// differ by less than a microsecond are the same in a table. Rows come in the
// order of the session and the time. What another Add has added stays: one of the
// two may be dropped.
func (b *Batch) dropSame(e Entity, conversation, session, at, name Value) {
	rows, n, own := b.values[e], len(tables[e].Columns), 0
	if k := len(b.ends); k > 0 {
		own = b.ends[k-1].values[e]
	}
	for i := len(rows) - n; i >= own; i -= n {
		r := rows[i:]
		if r[2].Int != at.Int || r[1].Text != session.Text || r[0].Text != conversation.Text {
			return
		}
		if r[3].Text == name.Text {
			b.values[e] = slices.Delete(rows, i, i+n)
			return
		}
	}
}
