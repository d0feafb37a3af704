package convtrack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// mostInUse is how many records that are worked on are passed over: others that
// rest are packed the next time.
const mostInUse = 8

// packExcess packs the open records that are too many, and that nobody works on.
func (t *Tracker) packExcess() {
	var b []byte
	for inUse := 0; inUse < mostInUse; {
		id, found := t.cache.excess()
		if !found {
			return
		}
		var r *record
		var place *packedRecord
		rests := false
		t.lanes.resting(id, func() {
			rests = true
			r, place = t.cache.take(id)
		})
		switch {
		case !rests:
			inUse++
		case place != nil:
			var p packedRecord
			p, b = r.pack(b)
			t.cache.fill(place, p)
		}
	}
}

// packedRecord is a record almost without pointers.
type packedRecord struct {
	store.Record        // but what is in data
	data         []byte // the announced events, then the conversation if there is one
}

// pack returns the record packed, and the memory that it was packed in.
func (r *record) pack(b []byte) (packedRecord, []byte) {
	p := packedRecord{Record: r.Record}
	p.Conversation, p.Backlog = nil, slices.Collect(maps.Keys(r.backlog))
	b = binary.AppendUvarint(b[:0], uint64(len(r.announced)))
	for id := range r.announced {
		b = append(binary.AppendUvarint(b, uint64(len(id))), id...)
	}
	if r.Conversation != nil {
		b = conversation.Pack(b, r.Conversation)
	}
	p.data = bytes.Clone(b)
	return p, b
}

var errPacked = errors.New("the packed record is damaged")

func (p packedRecord) unpack() (*record, error) {
	r, rest := p.Record, p.data
	number := func() int {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > uint64(len(rest)) {
			return -1
		}
		rest = rest[size:]
		return int(n)
	}
	for left := number(); left != 0; left-- {
		n := number()
		if left < 0 || n < 0 || n > len(rest) {
			return nil, errPacked
		}
		r.Announced = append(r.Announced, string(rest[:n]))
		rest = rest[n:]
	}
	if len(rest) > 0 {
		c, err := conversation.Unpack(rest)
		if err != nil {
			return nil, err
		}
		r.Conversation = c
	}
	return newRecord(r), nil
}
