package conversation

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// A Fingerprint tells one message from others, whichever process has read it.
type Fingerprint struct {
	// Sum is a digest of what the message says, and of whom it says that of.
	Sum [16]byte
	// Seen is when it was read, of a message without a time of its own; else zero.
	Seen time.Time
}

// FingerprintOf returns the fingerprint of a partial conversation: two processes
// that read the same message get the same, but for Seen. It reports false for
// what has none: surveys and evaluations, and what is joined of many messages.
func FingerprintOf(c *Conversation) (Fingerprint, bool) {
	if len(c.Surveys)+len(c.Evaluations)+len(c.restated) > 0 {
		return Fingerprint{}, false
	}
	w := summers.Get().(*summer)
	defer summers.Put(w)
	w.b, w.seen = w.b[:0], 0
	if !w.conversation(c) {
		return Fingerprint{}, false
	}
	var f Fingerprint
	sum := sha256.Sum256(w.b)
	copy(f.Sum[:], sum[:])
	if w.seen > 0 {
		f.Seen = time.UnixMicro(int64(w.seen)).UTC()
	}
	return f, true
}

// summer composes what a fingerprint is of; its memory is used again.
type summer struct {
	b     []byte
	names []string // of the attributes that are being added
	seen  stamp    // the time of the first stamp that says when a message was read
}

var summers = sync.Pool{New: func() any { return &summer{} }}

func (w *summer) text(s string)   { w.b = appendText(w.b, s) }
func (w *summer) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *summer) conversation(c *Conversation) bool {
	w.text(c.ID)
	sum(w, &conversationFields, c)
	w.attributes(c.Attributes, c.attributes)
	w.number(uint64(len(c.Participants)))
	for _, p := range c.Participants {
		if !p.shadows.IsZero() {
			return false
		}
		w.text(p.ID)
		sum(w, &participantFields, p)
		w.attributes(p.Attributes, p.attributes)
		w.number(uint64(len(p.Sessions)))
		for _, s := range p.Sessions {
			if s.covered != nil {
				return false
			}
			w.session(s)
		}
	}
	w.number(uint64(len(c.Transfers)))
	for _, t := range c.Transfers {
		w.text(t.ID)
		sum(w, &transferFields, t)
	}
	return true
}

func (w *summer) session(s *Session) {
	w.text(s.ID)
	w.b = append(packedFlag.append(w.b, s.shadow), byte(s.owner), byte(s.segmentsBy))
	sum(w, &sessionFields, s)
	w.number(uint64(len(s.Segments)))
	for _, g := range s.Segments {
		w.text(string(g.Type))
		w.b = packedTime.append(w.b, g.Start)
		sum(w, &segmentFields, g)
	}
	w.number(uint64(len(s.Metrics)))
	for _, m := range s.Metrics {
		w.text(m.Name)
		w.b = binary.AppendVarint(packedTime.append(w.b, m.EmitDate), m.Value)
		w.stamp(m.stamp, m.stamp.sourceLeading(), m.stamp&stampTimeMask)
	}
}

// sum adds the fields that somebody states; the others follow from them.
func sum[E any](w *summer, s *schema[E], e *E) {
	stated := *s.stamps(e)
	w.number(uint64(len(stated)))
	for _, x := range stated {
		if x.fields.without(s.newest).empty() {
			w.stamp(x.stamp, x.stamp.timeLeading(), x.stamp>>8)
		} else {
			w.stamp(x.stamp, x.stamp.sourceLeading(), x.stamp&stampTimeMask)
		}
		w.b = appendSet(w.b, x.fields)
		for i := range x.fields.each() {
			w.b = s.fields[i].pack(w.b, e)
		}
	}
}

func (w *summer) attributes(values map[string]string, stamps attributeStamps) {
	w.number(uint64(len(values)))
	for name := range values {
		w.names = append(w.names, name)
	}
	defer func() {
		clear(w.names)
		w.names = w.names[:0]
	}()
	slices.Sort(w.names)
	for _, name := range w.names {
		w.text(name)
		w.text(values[name])
		s := stamps.stamp(name)
		w.stamp(s, s.timeLeading(), s>>8)
	}
}

// stamp adds who states something, and when: by the message, or, where it does
// not say that, how long after the first thing that was read.
func (w *summer) stamp(whole stamp, by Source, at stamp) {
	if !by.untimed() || at == 0 {
		w.b = binary.LittleEndian.AppendUint64(w.b, uint64(whole))
		return
	}
	if w.seen == 0 {
		w.seen = at
	}
	w.b = binary.AppendVarint(append(w.b, byte(by)), int64(at-w.seen))
}
