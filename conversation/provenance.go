package conversation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// Fields is the table of the fields of a kind of entity, for stores. Tables
// only grow at their end: a store may keep a field's place.
type Fields[E any] struct {
	schema *schema[E]
	whole  func(e *E, place int) (Source, time.Time) // Stated of an entity that its owner replaces as a whole
}

// List returns the fields, in the order of the table.
func (f Fields[E]) List() []Field[E] { return slices.Clone(f.schema.fields) }

// AppendPlaces appends the places in the table of the fields that an entity of
// a merged conversation has, in order. Of an entity that nobody has stated it
// says nothing.
func (f Fields[E]) AppendPlaces(dst []int, e *E) []int {
	for i := range f.schema.present(e).each() {
		if !f.schema.zero[i](e) {
			dst = append(dst, i)
		}
	}
	return dst
}

// ConversationFields returns the table of the conversation's own fields.
func ConversationFields() Fields[Conversation] {
	return Fields[Conversation]{schema: &conversationFields}
}

// ParticipantFields returns the table of a participant's fields.
func ParticipantFields() Fields[Participant] { return Fields[Participant]{schema: &participantFields} }

// SessionFields returns the table of a session's fields.
func SessionFields() Fields[Session] { return Fields[Session]{schema: &sessionFields} }

// SegmentFields returns the table of a segment's fields, beside its key.
func SegmentFields() Fields[Segment] { return Fields[Segment]{schema: &segmentFields} }

// TransferFields returns the table of a transfer command's fields.
func TransferFields() Fields[Transfer] { return Fields[Transfer]{schema: &transferFields} }

// SurveyFields returns the table of a survey's fields.
func SurveyFields() Fields[Survey] {
	return Fields[Survey]{&surveyFields.schema, surveyFields.stated}
}

// EvaluationFields returns the table of an evaluation's fields.
func EvaluationFields() Fields[Evaluation] {
	return Fields[Evaluation]{&evaluationFields.schema, evaluationFields.stated}
}

// AppendProvenance appends to b in a compact form who stated each field, and
// when. A store keeps it beside the fields and gives it back with
// SetProvenance; what has no provenance was derived, and is derived again by
// Merge(nil, c).
func (c *Conversation) AppendProvenance(b []byte) []byte {
	if b = c.appendOwnProvenance(b); len(c.restated) > 0 || c.saidStart != nil {
		b = appendRestated(b, c.restated)
	}
	if c.saidStart != nil {
		b = packedTime.append(b, *c.saidStart)
	}
	return b
}

func (c *Conversation) appendOwnProvenance(b []byte) []byte {
	return appendNamed(appendStamps(b, c.stamps), c.Attributes, c.attributes)
}

// SetProvenance restores what AppendProvenance has appended. Attributes must be set before.
func (c *Conversation) SetProvenance(p []byte) (err error) {
	r := reader{rest: p}
	c.readProvenance(&r)
	if len(r.rest) > 0 {
		c.restated = r.restated()
	}
	if len(r.rest) > 0 && r.err == nil {
		start := packedTime.read(&r)
		c.saidStart = &start
	}
	return r.err
}

func (c *Conversation) readProvenance(r *reader) {
	c.stamps = r.stamps(len(conversationFields.fields))
	c.attributes = r.named(c.Attributes)
}

// AppendProvenance is as that of the conversation.
func (p *Participant) AppendProvenance(b []byte) []byte {
	if b = p.appendOwnProvenance(b); hides(p, participantTexts) {
		b = appendHidden(b, p, participantTexts)
	}
	return b
}

func (p *Participant) appendOwnProvenance(b []byte) []byte {
	return appendNamed(appendStamps(b, p.stamps), p.Attributes, p.attributes)
}

// SetProvenance is as that of the conversation.
func (p *Participant) SetProvenance(b []byte) error {
	r := reader{rest: b}
	if p.readProvenance(&r); len(r.rest) > 0 && r.err == nil {
		readHidden(&r, p, participantTexts)
	}
	return r.err
}

func (p *Participant) readProvenance(r *reader) {
	p.stamps = r.stamps(len(participantFields.fields))
	p.attributes = r.named(p.Attributes)
}

// What a session's provenance says of it first.
const (
	isShadow = 1 << iota
	isCovering
	isHiding
)

// AppendProvenance is as that of the conversation.
func (s *Session) AppendProvenance(b []byte) []byte {
	kind := byte(0)
	if s.shadow {
		kind |= isShadow
	}
	if s.covered != nil {
		kind |= isCovering
	}
	if hides(s, sessionTexts) {
		kind |= isHiding
	}
	b = append(b, kind, byte(s.segmentsBy))
	b = binary.AppendUvarint(b, uint64(s.owner))
	if b = s.appendCovered(appendStamps(b, s.stamps)); kind&isHiding != 0 {
		b = appendHidden(b, s, sessionTexts)
	}
	return b
}

// SegmentsBy returns the source that has cut the leg into its segments; zero
// when none has. Segments of another source are all replaced.
func (s *Session) SegmentsBy() Source { return s.segmentsBy }

// SetProvenance is as that of the conversation.
func (s *Session) SetProvenance(b []byte) error {
	r := reader{rest: b}
	s.readProvenance(&r)
	return r.err
}

func (s *Session) readProvenance(r *reader) {
	kind := r.byte()
	s.shadow = kind&isShadow != 0
	s.segmentsBy = Source(r.byte())
	s.owner = r.owner()
	s.stamps = r.stamps(len(sessionFields.fields))
	if kind&isCovering != 0 {
		s.covered, s.filled = r.covered(), true
	}
	if kind&isHiding != 0 {
		readHidden(r, s, sessionTexts)
	}
}

// owner reads a source, for which earlier versions wrote a stamp.
func (r *reader) owner() Source {
	v := r.uvarint()
	if by := stamp(v).sourceLeading(); by != 0 {
		return by
	}
	return Source(v)
}

// AppendProvenance is as that of the conversation.
func (s *Segment) AppendProvenance(b []byte) []byte {
	if b = appendStamps(b, s.stamps); hides(s, segmentTexts) {
		b = appendHidden(b, s, segmentTexts)
	}
	return b
}

// SetProvenance is as that of the conversation.
func (s *Segment) SetProvenance(b []byte) error {
	r := reader{rest: b}
	if s.stamps = r.stamps(len(segmentFields.fields)); len(r.rest) > 0 && r.err == nil {
		readHidden(&r, s, segmentTexts)
	}
	return r.err
}

// AppendProvenance is as that of the conversation.
func (t *Transfer) AppendProvenance(b []byte) []byte { return appendStamps(b, t.stamps) }

// SetProvenance is as that of the conversation.
func (t *Transfer) SetProvenance(b []byte) error {
	r := reader{rest: b}
	t.stamps = r.stamps(len(transferFields.fields))
	return r.err
}

// AppendProvenance is as that of the conversation. It holds what each kind of
// statement says otherwise than the survey's fields, too.
func (s *Survey) AppendProvenance(b []byte) []byte { return surveyFields.appendProvenance(b, s) }

// SetProvenance is as that of the conversation. The fields must be set before.
func (s *Survey) SetProvenance(b []byte) error { return surveyFields.restore(s, b) }

// AppendProvenance is as that of a survey.
func (e *Evaluation) AppendProvenance(b []byte) []byte {
	return evaluationFields.appendProvenance(b, e)
}

// SetProvenance is as that of a survey.
func (e *Evaluation) SetProvenance(b []byte) error { return evaluationFields.restore(e, b) }

// Provenance is as that of the conversation.
func (m Metric) Provenance() int64 { return int64(m.stamp) }

// SetProvenance is as that of the conversation.
func (m *Metric) SetProvenance(p int64) { m.stamp = stamp(p) }

// appendStamps writes each stamp with the set of its fields.
func appendStamps(b []byte, list stamps) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for k := range list {
		b = appendSet(binary.LittleEndian.AppendUint64(b, uint64(list[k].stamp)), list[k].fields)
	}
	return b
}

func appendSet(b []byte, fields fieldSet) []byte {
	size := (bits.Len64(fields.low) + 7) / 8
	if fields.high != 0 {
		size = 8 + (bits.Len64(fields.high)+7)/8
	}
	b = binary.AppendUvarint(b, uint64(size))
	n := len(b) + size
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, fields.low), fields.high)[:n]
}

// appendNamed writes the stamps of attributes, in the order of their names.
func appendNamed(b []byte, values map[string]string, stamps attributeStamps) []byte {
	b = binary.AppendUvarint(b, uint64(len(values)))
	if stamps.of == nil {
		for range len(values) {
			b = binary.LittleEndian.AppendUint64(b, uint64(stamps.all))
		}
		return b
	}
	for _, name := range sortedNames(values) {
		b = binary.LittleEndian.AppendUint64(b, uint64(stamps.of[name]))
	}
	return b
}

var errProvenance = errors.New("conversation: the provenance is damaged")

func (r *reader) stamps(fields int) stamps {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	list := make(stamps, 0, min(n, mostFields))
	var stated fieldSet
	for ; n > 0 && r.err == nil; n-- {
		stamp, set := stamp(r.uint64()), r.set(fields)
		if r.err != nil {
			return nil
		}
		if stamp == 0 || !set.and(stated).empty() {
			r.err = errProvenance
			return nil
		}
		list, stated = list.with(stamp, set), stated.or(set)
	}
	return list
}

// set reads what appendSet wrote of an entity with so many fields.
func (r *reader) set(fields int) (set fieldSet) {
	var known [mostFields / 8]byte
	all := r.take(int(min(r.uvarint(), 1<<10)))
	more := all[copy(known[:], all):]
	set = fieldSet{binary.LittleEndian.Uint64(known[:]), binary.LittleEndian.Uint64(known[8:])}
	if !set.without(fieldsBefore(fields)).empty() || slices.ContainsFunc(more, func(b byte) bool { return b != 0 }) {
		r.err = fmt.Errorf("%w: a newer version wrote it", errProvenance)
		return fieldSet{}
	}
	return set
}

func (r *reader) named(attributes map[string]string) attributeStamps {
	n := r.uvarint()
	if n == 0 {
		return attributeStamps{}
	}
	if n != uint64(len(attributes)) {
		r.err = errProvenance
		return attributeStamps{}
	}
	all := r.take(8 * len(attributes))
	if r.err != nil {
		return attributeStamps{}
	}
	if bytes.Equal(all[8:], all[:len(all)-8]) { // each is as the one before
		return attributeStamps{all: stamp(binary.LittleEndian.Uint64(all))}
	}
	stamps := make(map[string]stamp, n)
	for i, name := range sortedNames(attributes) {
		stamps[name] = stamp(binary.LittleEndian.Uint64(all[8*i:]))
	}
	return newAttributeStamps(stamps)
}
