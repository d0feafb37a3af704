package inbox

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// The conversations of a bundle have much in common, and a database works longer
// on a large value than it takes to make a small one of it here. What repeats is
// written as a reference to where it stood before (LZ77), in whole bytes: a
// bundle has a few kilobytes, of which a code for each letter, as deflate makes
// one, takes longer to build than it saves.
//
// Compressed bytes are their length before, and then in turn: how many bytes
// follow as they are, those bytes, how many are repeated, and from how far back.
// All numbers are varints; the end has nothing to repeat.

const (
	leastRepeat = 6 // shorter ones are not worth the numbers
	tableBits   = 12
	// mostPlaces is how many places the table of a compressor distinguishes, until
	// it is cleared.
	mostPlaces = 1 << 30
)

// compressor compresses, one value at a time: its memory is used again.
type compressor struct {
	// table has the place behind the one where a sequence of leastRepeat bytes
	// stood last. Places go on from one value to the next, so that those of the
	// value before need not be cleared.
	table [1 << tableBits]uint32
	begin uint32
}

// append appends the compressed raw to b.
func (c *compressor) append(b, raw []byte) []byte {
	if len(raw) > mostPlaces-int(c.begin) {
		c.table, c.begin = [1 << tableBits]uint32{}, 0
	}
	b = binary.AppendUvarint(b, uint64(len(raw)))
	written := 0
	for at := 0; at+8 <= len(raw); {
		next := binary.LittleEndian.Uint64(raw[at:])
		slot := &c.table[hashOf(next)]
		place := int(*slot) - int(c.begin) - 1
		*slot = c.begin + uint32(at) + 1
		if place < 0 || (binary.LittleEndian.Uint64(raw[place:])^next)<<(64-8*leastRepeat) != 0 {
			at += 1 + (at-written)>>6 // what does not repeat for long is passed over faster
			continue
		}
		n := repeated(raw, place, at)
		b = append(binary.AppendUvarint(b, uint64(at-written)), raw[written:at]...)
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(n)), uint64(at-place))
		at += n
		written = at
	}
	c.begin += uint32(len(raw))
	b = append(binary.AppendUvarint(b, uint64(len(raw)-written)), raw[written:]...)
	return binary.AppendUvarint(b, 0)
}

// hashOf is where the table has the sequence that the eight bytes begin with.
func hashOf(next uint64) uint64 {
	return next << (64 - 8*leastRepeat) * 0x9e3779b185ebca87 >> (64 - tableBits)
}

// repeated returns how many bytes are the same at both places.
func repeated(raw []byte, place, at int) int {
	n := leastRepeat
	for ; at+n+8 <= len(raw); n += 8 {
		if x := binary.LittleEndian.Uint64(raw[place+n:]) ^ binary.LittleEndian.Uint64(raw[at+n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for at+n < len(raw) && raw[place+n] == raw[at+n] {
		n++
	}
	return n
}

var errCompressed = errors.New("what was compressed is not whole")

// decompress returns what was compressed.
func decompress(data []byte) ([]byte, error) {
	length, data, ok := number(data)
	if !ok {
		return nil, errCompressed
	}
	raw := make([]byte, 0, min(length, 64*uint64(len(data))))
	for {
		var n, back uint64
		if n, data, ok = number(data); !ok || n > uint64(len(data)) {
			return nil, errCompressed
		}
		raw, data = append(raw, data[:n]...), data[n:]
		if n, data, ok = number(data); !ok {
			return nil, errCompressed
		}
		if n == 0 {
			break
		}
		if back, data, ok = number(data); !ok || back == 0 || back > uint64(len(raw)) || n > length-min(length, uint64(len(raw))) {
			return nil, errCompressed
		}
		for from := len(raw) - int(back); n > 0; {
			part := raw[from : from+int(min(n, back))] // it may repeat itself
			raw = append(raw, part...)
			from, n = from+len(part), n-uint64(len(part))
		}
	}
	if uint64(len(raw)) != length || len(data) > 0 {
		return nil, errCompressed
	}
	return raw, nil
}

// number reads a number, and returns what is behind it.
func number(data []byte) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(data)
	return n, data[max(size, 0):], size > 0
}
