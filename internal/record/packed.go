package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// packedRecord is a record almost without pointers.
type packedRecord struct {
	store.Record // but what is in data
	loaded       time.Time
	data         []byte // the announced events, then the conversation if there is one
}

// pack returns the record packed, and the memory that it was packed in.
func (r *Record) pack(b []byte) (packedRecord, []byte) {
	p := packedRecord{Record: r.Record, loaded: r.loaded}
	p.Conversation, p.Record.Backlog = nil, slices.Collect(maps.Keys(r.Backlog))
	b = binary.AppendUvarint(b[:0], uint64(len(r.Announced)))
	for id := range r.Announced {
		b = append(binary.AppendUvarint(b, uint64(len(id))), id...)
	}
	if r.Conversation != nil {
		b = conversation.Pack(b, r.Conversation)
	}
	p.data = bytes.Clone(b)
	return p, b
}

var errPacked = errors.New("the packed record is damaged")

func (p packedRecord) unpack() (*Record, error) {
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
	opened := New(r)
	opened.loaded = p.loaded
	return opened, nil
}
