package rows

import (
	"fmt"

	"github.com/dcmkit/convtrack/conversation"
)

// Reader puts conversations together from their rows. The rows of an entity
// come after those of the entities that it refers to, in the order of
// [Children]. The zero value is empty. It is not safe for concurrent use.
type Reader struct {
	found map[string]*found
	last  *found // rows come conversation by conversation
}

// found is what has been read of a conversation.
type found struct {
	conversation *conversation.Conversation
	participants map[string]*conversation.Participant
	sessions     map[string]*conversation.Session
	session      *conversation.Session // segments and metrics come session by session
}

// Conversation reads the values of the columns of a conversation's own state.
// It ignores one that has none: a tombstone, or a mere refused change.
func (r *Reader) Conversation(id string, state []Value) error {
	if !state[len(state)-1].Valid {
		return nil
	}
	c := &conversation.Conversation{ID: id}
	if err := conversationMap.read(c, state); err != nil {
		return fmt.Errorf("conversation %q cannot be read: %w", id, err)
	}
	if r.found == nil {
		r.found = map[string]*found{}
	}
	r.found[id] = &found{conversation: c, participants: map[string]*conversation.Participant{}, sessions: map[string]*conversation.Session{}}
	return nil
}

// Add reads a row of an entity below the conversation. It ignores rows of
// conversations that were not read.
func (r *Reader) Add(e Entity, row []Value) error {
	id := row[0].Text
	f := r.last
	if f == nil || f.conversation.ID != id {
		if f = r.found[id]; f == nil {
			return nil
		}
		r.last = f
	}
	if err := f.add(e, row[1:]); err != nil {
		return fmt.Errorf("%s %q of conversation %q cannot be read: %w", tables[e].Name, row[1].Text, id, err)
	}
	return nil
}

// Build returns the conversation; nil when it was not read.
func (r *Reader) Build(id string) *conversation.Conversation {
	f := r.found[id]
	if f == nil {
		return nil
	}
	return conversation.Merge(nil, f.conversation)
}

func (f *found) add(e Entity, row []Value) error {
	c, id := f.conversation, row[0].Text
	switch e {
	case Participant:
		return participantMap.read(f.participant(id), row[1:])
	case Session:
		s := &conversation.Session{ID: id}
		p := f.participant(row[1].Text)
		p.Sessions = append(p.Sessions, s)
		f.sessions[id] = s
		return sessionMap.read(s, row[3:])
	case Segment:
		g := &conversation.Segment{Start: row[1].Time(), Type: conversation.SegmentType(row[2].Text)}
		s, err := f.sessionOf(id)
		if err != nil {
			return err
		}
		s.Segments = append(s.Segments, g)
		return segmentMap.read(g, row[3:])
	case Metric:
		s, err := f.sessionOf(id)
		if err != nil {
			return err
		}
		m := conversation.Metric{EmitDate: row[1].Time(), Name: row[2].Text, Value: row[3].Int}
		m.SetProvenance(row[4].Int)
		s.Metrics = append(s.Metrics, m)
	case Transfer:
		c.Transfers = append(c.Transfers, &conversation.Transfer{ID: id})
		return transferMap.read(c.Transfers[len(c.Transfers)-1], row[1:])
	case Survey:
		c.Surveys = append(c.Surveys, &conversation.Survey{ID: id})
		return surveyMap.read(c.Surveys[len(c.Surveys)-1], row[1:])
	case Evaluation:
		c.Evaluations = append(c.Evaluations, &conversation.Evaluation{ID: id})
		return evaluationMap.read(c.Evaluations[len(c.Evaluations)-1], row[1:])
	}
	return nil
}

// participant returns the participant with the id, which may be the one
// without an id that only carries sessions.
func (f *found) participant(id string) *conversation.Participant {
	p := f.participants[id]
	if p == nil {
		p = &conversation.Participant{ID: id}
		f.participants[id] = p
		f.conversation.Participants = append(f.conversation.Participants, p)
	}
	return p
}

func (f *found) sessionOf(id string) (*conversation.Session, error) {
	if f.session == nil || f.session.ID != id {
		if f.session = f.sessions[id]; f.session == nil {
			return nil, fmt.Errorf("there is no session of that id")
		}
	}
	return f.session, nil
}
