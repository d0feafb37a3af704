package inbox

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Heard is what was heard of a conversation that another process looks after.
type Heard struct {
	Owner        string
	Conversation *conversation.Conversation
}

// The first byte of a bundle is its form: how the rest is to be read. Another
// version of the module may write another one, while both run, and what it wrote
// stays when it is gone.
const (
	form     = 4
	deflated = 3 // read only: the same conversations, compressed by compress/flate
)

// mostRaw bounds what a bundle is before it is compressed, so that the length in
// a damaged one takes no memory; a frame of a source has 64 MiB at most.
const mostRaw = 128 << 20

// mostBytes is how large a bundle becomes, before it is compressed, until the next
// one is begun.
const mostBytes = 64 << 10

// bundler composes entries, one list at a time: their memory is used again.
type bundler struct {
	buffers [][]byte
	encoded []byte
}

// entries returns the entries for what was heard: for each owner as few as
// possible. They have names of their own, so that one that is deposited twice,
// because the answer of the store was lost, is still one.
func (b *bundler) entries(heard []Heard, now time.Time) []store.Entry {
	var entries []store.Entry
	open := map[string]int{} // the place of the entry that is being filled
	for _, h := range heard {
		i, is := open[h.Owner]
		if !is || len(entries[i].Data) >= mostBytes {
			i = len(entries)
			open[h.Owner] = i
			entries = append(entries, store.Entry{Key: rand.Text(), Owner: h.Owner, At: now, Data: b.buffer(i)})
		}
		entries[i].Data = appendPacked(entries[i].Data, h.Conversation)
	}
	for i := range entries {
		raw := entries[i].Data
		b.encoded = compressed(b.encoded, raw)
		entries[i].Data = bytes.Clone(b.encoded) // as large as it is, as it waits to be written
		switch {
		case cap(raw) > 2*mostBytes:
		case i < len(b.buffers):
			b.buffers[i] = raw[:0]
		case len(b.buffers) < mostBuffers:
			b.buffers = append(b.buffers, raw[:0])
		}
	}
	if cap(b.encoded) > mostKept {
		b.encoded = nil
	}
	return entries
}

const (
	mostBuffers = 16            // how many are kept for the next list
	mostKept    = 4 * mostBytes // how large one for a whole bundle may be that is kept
)

func (b *bundler) buffer(i int) []byte {
	if i < len(b.buffers) {
		return b.buffers[i]
	}
	return nil
}

const lengthBytes = 4

func appendPacked(b []byte, c *conversation.Conversation) []byte {
	b = append(b, make([]byte, lengthBytes)...)
	begin := len(b)
	b = conversation.Pack(b, c)
	binary.LittleEndian.PutUint32(b[begin-lengthBytes:], uint32(len(b)-begin))
	return b
}

var errDamaged = errors.New("an entry of the inbox is damaged")

// unbundle returns what was heard.
func unbundle(data []byte) ([]*conversation.Conversation, error) {
	buffer := expanded.Get().(*[]byte) //nolint:forcetypeassert // New makes nothing else
	defer expanded.Put(buffer)
	raw, err := expand(*buffer, data)
	if err != nil {
		return nil, err
	}
	if cap(raw) <= mostKept {
		*buffer = raw
	}
	return unpackAll(raw)
}

// expanded are buffers in which bundles are expanded, one after the other: what is
// read of them has memory of its own.
var expanded = sync.Pool{New: func() any { return new([]byte) }}

// expand returns what a bundle has, in the buffer where that is large enough.
func expand(buffer, data []byte) (raw []byte, err error) {
	switch {
	case len(data) > 0 && data[0] == form:
		raw, err = decompress(buffer, data[1:])
	case len(data) > 0 && data[0] == deflated:
		raw, err = io.ReadAll(flate.NewReader(bytes.NewReader(data[1:])))
	default:
		return nil, errors.New("an entry of the inbox has a form that this version does not know")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return raw, nil
}

// compressed writes the bundle of raw to data, if that is large enough, or else to
// memory of its own.
func compressed(data, raw []byte) []byte {
	most := 1 + s2.MaxEncodedLen(len(raw))
	if cap(data) < most {
		data = make([]byte, most)
	}
	data = data[:most]
	data[0] = form
	return data[:1+len(s2.Encode(data[1:], raw))]
}

// decompress returns what a bundle of today's form has. S2 works in whole bytes:
// a bundle has a few kilobytes, of which a code for each letter, as deflate makes
// one, takes longer to build than it saves.
func decompress(buffer, data []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(data); err != nil || n > mostRaw {
		return nil, s2.ErrCorrupt
	}
	return s2.Decode(buffer, data)
}

func unpackAll(data []byte) (list []*conversation.Conversation, err error) {
	for len(data) > 0 {
		if len(data) < lengthBytes {
			return nil, errDamaged
		}
		n := uint64(binary.LittleEndian.Uint32(data))
		if data = data[lengthBytes:]; n > uint64(len(data)) {
			return nil, errDamaged
		}
		c, err := conversation.UnpackPartial(data[:n])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		list, data = append(list, c), data[n:]
	}
	return list, nil
}
