package conversation

import "encoding/binary"

// reader reads what the append functions wrote. After an error it reads zeros.
type reader struct {
	rest  []byte
	whole string // that rest is the end of, when texts are read
	err   error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.rest) {
		r.err = errProvenance
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 && r.err == nil { // mostly
		v := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.rest)
	if r.err != nil || n <= 0 {
		r.err = errProvenance
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) text() string {
	n := r.uvarint()
	at := len(r.whole) - len(r.rest)
	if n > uint64(len(r.rest)) || r.take(int(n)) == nil {
		r.err = errProvenance
		return ""
	}
	return r.whole[at : at+int(n)]
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// mostAtOnce bounds the memory that the length of a damaged list takes.
const mostAtOnce = 64

// readAll reads a list that appendAll wrote; nil when it is empty.
func readAll[V any](r *reader, read func(*reader) V) []V {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	list := make([]V, 0, min(n, mostAtOnce))
	for ; n > 0 && r.err == nil; n-- {
		list = append(list, read(r))
	}
	return list
}

func appendAll[V any](b []byte, list []V, add func([]byte, V) []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, v := range list {
		b = add(b, v)
	}
	return b
}
