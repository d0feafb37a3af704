package conversation

import "encoding/binary"

// covered is what a session's sources say in fields in which it shows its
// shadow, or what its segments tell: Merge joins facts, so they are kept beside
// what is shown.
type covered struct {
	fields fieldSet
	facts  *Session // with these fields alone
}

// with returns c with the fact of the field in place i of s.
func (c *covered) with(i int, s *Session) *covered {
	if c == nil {
		c = &covered{facts: &Session{}}
	}
	c.fields.add(i)
	sessionFields.fields[i].copy(c.facts, s)
	return c
}

// covers reports whether what is shown in the field in place i is not what the
// session's own sources say.
func (s *Session) covers(i int) bool { return s.covered != nil && s.covered.fields.has(i) }

// uncovered returns the session as its own sources have it: s itself when it
// shows nothing else.
func (s *Session) uncovered() *Session {
	if s.covered == nil {
		return s
	}
	facts := clone(s)
	facts.covered = nil
	for i := range s.covered.fields.each() {
		sessionFields.fields[i].copy(facts, s.covered.facts)
	}
	return facts
}

// same reports whether both hold the same facts.
func (c *covered) same(d *covered) bool {
	if c == nil || d == nil {
		return c == d
	}
	if c.fields != d.fields {
		return false
	}
	for i := range c.fields.each() {
		if sessionFields.fields[i].compare(c.facts, d.facts) != 0 {
			return false
		}
	}
	return true
}

// beatenBy reports whether what a media topic says of the leg, in place i, wins
// over what others say: it has moved on, or is newer. Where only the source
// counts, nothing that names the leg is given up for what does not.
func beatenBy(f *Field[Session], s, shadow *Session, i int) bool {
	switch f.rule {
	case forward, graded, newest, settled:
	default:
		return false
	}
	theirs := shadow.stamps.of(i)
	if theirs == 0 || f.compare(s, shadow) == 0 {
		return false
	}
	wins, _ := f.weigh(s, s.stamps.of(i), shadow, theirs)
	return wins
}

// appendCovered appends what s covers, if it does.
func (s *Session) appendCovered(b []byte) []byte {
	if s.covered == nil {
		return b
	}
	n := 0
	for range s.covered.fields.each() {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	for i := range s.covered.fields.each() {
		b = sessionFields.fields[i].pack(binary.AppendUvarint(b, uint64(i)), s.covered.facts)
	}
	return b
}

// covered reads what appendCovered has appended.
func (r *reader) covered() *covered {
	n := r.uvarint()
	if r.whole == "" {
		r.whole = string(r.rest)
	}
	c := &covered{facts: &Session{}}
	for ; n > 0 && r.err == nil; n-- {
		i := r.uvarint()
		if i >= uint64(len(sessionFields.fields)) {
			r.err = errProvenance
			return nil
		}
		c.fields.add(int(i))
		sessionFields.fields[i].unpack(c.facts, r)
	}
	return c
}
