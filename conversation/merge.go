package conversation

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// State marks everything that the partial conversation c has as stated by by,
// and returns c. A decoder calls it once, after it has filled in the fields;
// c must not be changed after it.
//
// A participant without an id only carries sessions whose participant the
// message does not name; they join those of the same id elsewhere.
func State(c *Conversation, by Statement) *Conversation {
	c.attributes = stateAttributes(&c.Attributes, by)
	var ofParticipant, ofSession stamps
	for _, p := range c.Participants {
		if p.ID == "" {
			*p = Participant{Sessions: p.Sessions}
		}
		ofParticipant = participantFields.state(p, by, ofParticipant)
		p.attributes = stateAttributes(&p.Attributes, by)
		for _, s := range p.Sessions {
			ofSession = s.state(by, p.ID, ofSession)
			if s.alerted() {
				c.Alerted = append(c.Alerted, s.ID)
			}
			s.life(p, nil, time.Time{}).applyTo(s) // mostly what Merge will find, too
		}
		if participantFields.source(p, fieldParticipantStart) == 0 {
			p.Start = p.derivedStart()
		}
	}
	conversationFields.state(c, by, nil)
	for _, t := range c.Transfers {
		transferFields.state(t, by, nil)
	}
	for _, s := range c.Surveys {
		surveyFields.state(s, by)
	}
	for _, e := range c.Evaluations {
		evaluationFields.state(e, by)
	}
	return c
}

func (s *Session) state(by Statement, participantID string, like stamps) stamps {
	s.WasConnected = s.WasConnected || s.State.phase() == phaseConnected
	if by.By < SourceAnalytics && !s.shadow {
		s.LiveParticipantID = participantID
	}
	stated := sessionFields.state(s, by, like)
	if participantID != "" {
		s.owner = by.By
	}
	if len(s.Segments) > 0 {
		s.segmentsBy = by.By
	} else {
		s.Segments = nil
	}
	if len(s.Metrics) == 0 {
		s.Metrics = nil
	}
	for _, g := range s.Segments {
		segmentFields.state(g, by, nil)
	}
	for i := range s.Metrics {
		s.Metrics[i].stamp = by.restated()
	}
	return stated
}

// Merge returns the join of a and b, which must be the same conversation: all
// that either states, with disagreements settled by the fields' rules. It is
// commutative, associative and idempotent. It returns a itself when b adds
// nothing to it. Either may be nil. It panics when the ids differ.
//
// It changes neither a nor b; the result shares with both what it has of them.
func Merge(a, b *Conversation) *Conversation {
	switch {
	case b == nil:
		return a
	case a == nil:
		b = b.resolved()
		a = &Conversation{ID: b.ID, Participants: []*Participant{}, restated: b.restated}
	case a.ID != b.ID:
		panic(fmt.Sprintf("conversation.Merge: %q and %q are different conversations", a.ID, b.ID))
	case !a.merged:
		a = Merge(nil, a)
	}
	m := merger{base: a, out: a, participantIndex: participantIndex{participants: a.Participants}}
	if w := conversationFields.weigh(a, b); w.adds {
		conversationFields.take(m.conversation(), b, &w)
	}
	m.joinAttributes(b)
	m.joinParticipants(b.Participants)
	m.joinRest(b)
	return m.finish()
}

// merger is one Merge at work. It copies what it changes, once.
type merger struct {
	participantIndex
	base, out *Conversation
	private   []bool // participants[i] was made by this merge
	copied    bool   // participants is no longer base.Participants
}

func (m *merger) conversation() *Conversation {
	if m.out == m.base {
		m.out = clone(m.base)
	}
	return m.out
}

func (m *merger) joinAttributes(b *Conversation) {
	values, stamps, changed := joinAttributes(m.out.Attributes, m.out.attributes, b.Attributes, b.attributes)
	if changed {
		c := m.conversation()
		c.Attributes, c.attributes = values, stamps
	}
}

func (m *merger) joinParticipants(bs []*Participant) {
	if len(bs) == 0 {
		return
	}
	m.private = make([]bool, len(m.participants))
	for at, b := range bs {
		if b.ID == "" {
			for _, s := range b.Sessions {
				m.joinSession("", at, s)
			}
			continue
		}
		i, known := m.find(b.ID, at)
		if !known {
			i = m.add(b.ID)
		}
		if m.participants[i].coveredBy(b) {
			m.own()
			m.participants[i], m.private[i] = b, false
			continue
		}
		if w := participantFields.weigh(m.participants[i], b); w.adds {
			participantFields.take(m.change(i), b, &w)
		}
		p := m.participants[i]
		if values, stamps, changed := joinAttributes(p.Attributes, p.attributes, b.Attributes, b.attributes); changed {
			p = m.change(i)
			p.Attributes, p.attributes = values, stamps
		}
		for _, s := range b.Sessions {
			m.joinSession(b.ID, i, s)
		}
		for _, s := range b.shadows.All() {
			m.joinSession(b.ID, i, s)
		}
	}
}

// coveredBy reports whether b says everything that p says, and alike or with
// more weight: then b is their join. It is the usual case of a snapshot of a
// participant who is as before.
func (p *Participant) coveredBy(b *Participant) bool {
	if !p.shadows.IsZero() || !b.shadows.IsZero() || len(p.Sessions) != len(b.Sessions) || len(p.Sessions) == 0 {
		return false
	}
	if w := participantFields.weigh(p, b); !w.adds || !w.covers {
		return false
	}
	if !attributesCovered(p.Attributes, p.attributes, b.Attributes, b.attributes) {
		return false
	}
	for k, s := range p.Sessions {
		if !s.coveredBy(b.Sessions[k]) {
			return false
		}
	}
	return true
}

func (s *Session) coveredBy(b *Session) bool {
	if s.ID != b.ID || s.shadow || b.shadow || s.owner > b.owner || len(s.Segments)+len(b.Segments)+len(s.Metrics)+len(b.Metrics) > 0 || s.segmentsBy > b.segmentsBy {
		return false
	}
	w := sessionFields.weigh(s, b)
	return w.covers
}

func (m *merger) own() {
	if !m.copied {
		m.participants, m.copied = slices.Clone(m.participants), true
	}
}

func (m *merger) add(id string) int {
	m.own()
	i := len(m.participants)
	m.participants = append(m.participants, &Participant{ID: id})
	m.private = append(m.private, true)
	if m.byID != nil {
		m.byID[id] = i
	}
	return i
}

// change returns participant i for writing, its shadows back among its sessions.
func (m *merger) change(i int) *Participant {
	if m.private == nil {
		m.private = make([]bool, len(m.participants))
	}
	if !m.private[i] {
		m.own()
		p := clone(m.participants[i])
		p.Sessions, p.shadows = slices.Concat(p.Sessions, p.shadows.All()), List[*Session]{}
		m.participants[i], m.private[i] = p, true
	}
	return m.participants[i]
}

// joinSession joins b, which its message groups under the participant owner,
// to the session with its id, wherever that is, mostly in the place at.
func (m *merger) joinSession(owner string, at int, b *Session) {
	b = b.uncovered()
	i, known := m.owner(b.ID, at)
	if !known {
		if len(b.Segments) > 0 || len(b.Metrics) > 0 { // these may be in any order
			b = joinSession(&Session{ID: b.ID, shadow: b.shadow}, b)
		}
		m.insert(owner, at, b)
		return
	}
	shown, k := m.participants[i].session(b.ID)
	a := shown.uncovered()
	joined := joinSession(a, b)
	if was := m.participants[i].ID; was != owner && cmp.Or(cmp.Compare(b.owner, a.owner), cmp.Compare(owner, was)) > 0 {
		from := m.change(i)
		from.Sessions = slices.DeleteFunc(from.Sessions, func(s *Session) bool { return s.ID == b.ID })
		m.insert(owner, at, joined)
		return
	}
	if joined != a {
		m.change(i).Sessions[k] = joined
	}
}

func (m *merger) insert(owner string, at int, s *Session) {
	i, known := m.find(owner, at)
	if !known {
		i = m.add(owner)
	}
	p := m.change(i)
	p.Sessions = append(p.Sessions, s)
	m.joined(s.ID, i)
}

// joinSession returns the join of two sessions with the same id: a itself when
// b adds nothing, b when a has nothing beside it.
func joinSession(a, b *Session) *Session {
	out := sessionFields.join(a, b)
	own := out != a && out != b
	change := func() *Session {
		if !own {
			out, own = clone(out), true
		}
		return out
	}
	if owner := max(a.owner, b.owner); out.owner != owner {
		change().owner = owner
	}
	by, segments := a.segmentsBy, a.Segments
	switch {
	case b.segmentsBy > by:
		by = b.segmentsBy
		segments, _ = joinSegments(nil, b.Segments)
	case b.segmentsBy == by:
		segments, _ = joinSegments(segments, b.Segments)
	}
	if out.segmentsBy != by || !sameSlice(out.Segments, segments) {
		s := change()
		s.segmentsBy, s.Segments = by, segments
	}
	if metrics, _ := joinMetrics(a.Metrics, b.Metrics); !sameSlice(out.Metrics, metrics) {
		change().Metrics = metrics
	}
	return out
}

func joinSegments(as, bs []*Segment) ([]*Segment, bool) {
	return joinSorted(as, bs, (*Segment).compare, func(a, b *Segment) (*Segment, bool) {
		joined := segmentFields.join(a, b)
		return joined, joined != a
	})
}

// joinRest joins what hangs on the conversation beside its participants.
func (m *merger) joinRest(b *Conversation) {
	if transfers, changed := joinSorted(m.out.Transfers, b.Transfers,
		func(x, y *Transfer) int { return cmp.Compare(x.ID, y.ID) }, joins(transferFields.join)); changed {
		m.conversation().Transfers = transfers
	}
	if surveys, changed := joinSorted(m.out.Surveys, b.Surveys,
		func(x, y *Survey) int { return cmp.Compare(x.ID, y.ID) }, joins(surveyFields.join)); changed {
		m.conversation().Surveys = surveys
	}
	if evaluations, changed := joinSorted(m.out.Evaluations, b.Evaluations,
		func(x, y *Evaluation) int { return cmp.Compare(x.ID, y.ID) }, joins(evaluationFields.join)); changed {
		m.conversation().Evaluations = evaluations
	}
}

func joins[E any](join func(a, b *E) *E) func(a, b *E) (*E, bool) {
	return func(a, b *E) (*E, bool) {
		joined := join(a, b)
		return joined, joined != a
	}
}

// joinSorted joins the list b, in any order, to the sorted list a: what is in
// both is joined, the rest inserted. It returns a itself, and false, when b
// adds nothing.
func joinSorted[T any](a, b []T, compare func(x, y T) int, join func(x, y T) (T, bool)) ([]T, bool) {
	out, changed := a, false
	for _, y := range b {
		i, found := slices.BinarySearchFunc(out, y, compare)
		if found {
			joined, differs := join(out[i], y)
			if !differs {
				continue
			}
			if !changed {
				out, changed = slices.Clone(a), true
			}
			out[i] = joined
			continue
		}
		if !changed {
			out, changed = slices.Clip(slices.Clone(a)), true
		}
		out = slices.Insert(out, i, y)
	}
	return out, changed
}
