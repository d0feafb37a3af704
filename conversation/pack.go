package conversation

import (
	"encoding/binary"
	"slices"
)

// Pack appends the conversation to b in a form without pointers, a few
// kilobytes long, with everything that Merge needs: to keep many of which few
// are asked for. It is not for storing them: the form may change with every
// version of the module.
func Pack(b []byte, c *Conversation) []byte {
	b = conversationFields.pack(appendText(b, c.ID), c)
	b = appendRestated(c.appendOwnProvenance(appendAttributes(b, c.Attributes)), c.restated)
	b = appendAll(b, c.Participants, packParticipant)
	b = appendAll(b, c.Transfers, func(b []byte, t *Transfer) []byte {
		return t.AppendProvenance(transferFields.pack(appendText(b, t.ID), t))
	})
	b = appendAll(b, c.Surveys, func(b []byte, s *Survey) []byte {
		return surveyFields.appendNewest(surveyFields.pack(appendText(b, s.ID), s), s)
	})
	b = appendAll(b, c.Evaluations, func(b []byte, e *Evaluation) []byte {
		return evaluationFields.appendNewest(evaluationFields.pack(appendText(b, e.ID), e), e)
	})
	return packPast(b, c)
}

// packPast appends the past of what has one, behind all else: most conversations
// have none, and nothing that is packed as it was stated.
func packPast(b []byte, c *Conversation) []byte {
	if !slices.ContainsFunc(c.Surveys, func(s *Survey) bool { return len(s.versions.past) > 0 }) &&
		!slices.ContainsFunc(c.Evaluations, func(e *Evaluation) bool { return len(e.versions.past) > 0 }) {
		return b
	}
	for _, s := range c.Surveys {
		b = surveyFields.appendPast(b, s)
	}
	for _, e := range c.Evaluations {
		b = evaluationFields.appendPast(b, e)
	}
	return b
}

func (r *reader) past(c *Conversation) {
	if len(r.rest) == 0 || r.err != nil {
		return
	}
	for _, s := range c.Surveys {
		surveyFields.readPast(s, r)
	}
	for _, e := range c.Evaluations {
		evaluationFields.readPast(e, r)
	}
}

func packParticipant(b []byte, p *Participant) []byte {
	b = participantFields.pack(appendText(b, p.ID), p)
	b = p.appendOwnProvenance(appendAttributes(b, p.Attributes))
	return appendAll(appendAll(b, p.Sessions, packSession), p.shadows.All(), packSession)
}

func packSession(b []byte, s *Session) []byte {
	b = s.AppendProvenance(sessionFields.pack(appendText(b, s.ID), s))
	b = appendAll(b, s.Segments, func(b []byte, g *Segment) []byte {
		b = packedTime.append(appendText(b, string(g.Type)), g.Start)
		return appendStamps(segmentFields.pack(b, g), g.stamps)
	})
	return appendAll(b, s.Metrics, func(b []byte, m Metric) []byte {
		b = packedTime.append(appendText(b, m.Name), m.EmitDate)
		return binary.AppendVarint(binary.AppendVarint(b, m.Value), m.Provenance())
	})
}

func appendAttributes(b []byte, values map[string]string) []byte {
	b = binary.AppendUvarint(b, uint64(len(values)))
	for name, value := range values {
		b = appendText(appendText(b, name), value)
	}
	return b
}

// Unpack reads what Pack has appended to nothing, in the form that Merge gives.
func Unpack(b []byte) (*Conversation, error) {
	c, err := UnpackPartial(b)
	if err != nil {
		return nil, err
	}
	return Merge(nil, c), nil
}

// UnpackPartial reads a partial conversation that Pack has appended to nothing,
// as it was stated. Whatever it is merged with, that is the same as with the one
// that was packed.
func UnpackPartial(b []byte) (*Conversation, error) {
	r := &reader{rest: b, whole: string(b)}
	c := &Conversation{ID: r.text()}
	conversationFields.unpack(c, r)
	c.Attributes = r.attributes()
	c.readProvenance(r)
	c.restated = r.restated()
	c.Participants = readAll(r, unpackParticipant)
	c.Transfers = readAll(r, func(r *reader) *Transfer {
		t := &Transfer{ID: r.text()}
		transferFields.unpack(t, r)
		t.stamps = r.stamps(len(transferFields.fields))
		return t
	})
	c.Surveys = readAll(r, func(r *reader) *Survey {
		s := &Survey{ID: r.text()}
		surveyFields.unpack(s, r)
		surveyFields.readNewest(s, r)
		return s
	})
	c.Evaluations = readAll(r, func(r *reader) *Evaluation {
		e := &Evaluation{ID: r.text()}
		evaluationFields.unpack(e, r)
		evaluationFields.readNewest(e, r)
		return e
	})
	if r.past(c); r.err != nil {
		return nil, r.err
	}
	return c, nil
}

func unpackParticipant(r *reader) *Participant {
	p := &Participant{ID: r.text()}
	participantFields.unpack(p, r)
	p.Attributes = r.attributes()
	p.readProvenance(r)
	p.Sessions = append(readAll(r, unpackSession), readAll(r, unpackSession)...)
	return p
}

func unpackSession(r *reader) *Session {
	s := &Session{ID: r.text()}
	sessionFields.unpack(s, r)
	s.readProvenance(r)
	s.Segments = readAll(r, func(r *reader) *Segment {
		g := &Segment{Type: SegmentType(r.text()), Start: packedTime.read(r)}
		segmentFields.unpack(g, r)
		g.stamps = r.stamps(len(segmentFields.fields))
		return g
	})
	s.Metrics = readAll(r, func(r *reader) Metric {
		m := Metric{Name: r.text(), EmitDate: packedTime.read(r), Value: r.varint()}
		m.SetProvenance(r.varint())
		return m
	})
	return s
}

func (r *reader) attributes() map[string]string {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	values := make(map[string]string, min(n, mostAtOnce))
	for ; n > 0 && r.err == nil; n-- {
		name := r.text()
		values[name] = r.text()
	}
	return values
}

// pack appends the fields that e has, each behind its place, which is counted
// from 1.
func (s *schema[E]) pack(b []byte, e *E) []byte {
	for i, zero := range s.zero {
		if !zero(e) {
			b = s.fields[i].pack(binary.AppendUvarint(b, uint64(i+1)), e)
		}
	}
	return append(b, 0)
}

func (s *schema[E]) unpack(e *E, r *reader) {
	for {
		switch i := r.uvarint(); {
		case i == 0:
			return
		case i > uint64(len(s.fields)):
			r.err = errProvenance
			return
		default:
			s.fields[i-1].unpack(e, r)
		}
	}
}
