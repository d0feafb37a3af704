package conversation

import (
	"encoding/binary"
	"math"
	"time"
)

// packed is how a value is written and read.
type packed[V any] struct {
	append func(b []byte, v V) []byte
	read   func(r *reader) V
}

func packedText[S ~string]() packed[S] {
	return packed[S]{
		func(b []byte, s S) []byte { return appendText(b, string(s)) },
		func(r *reader) S { return S(r.text()) },
	}
}

var (
	packedFlag = packed[bool]{
		func(b []byte, v bool) []byte {
			if v {
				return append(b, 1)
			}
			return append(b, 0)
		},
		func(r *reader) bool { return r.byte() == 1 },
	}
	packedNumber = packed[int64]{binary.AppendVarint, (*reader).varint}
	packedTime   = packed[time.Time]{
		func(b []byte, t time.Time) []byte {
			return binary.AppendUvarint(binary.AppendVarint(b, t.Unix()), uint64(t.Nanosecond()))
		},
		func(r *reader) time.Time { return time.Unix(r.varint(), int64(r.uvarint())).UTC() },
	}
	packedScore = packed[*float64]{
		func(b []byte, v *float64) []byte { return binary.LittleEndian.AppendUint64(b, math.Float64bits(*v)) },
		func(r *reader) *float64 {
			v := math.Float64frombits(r.uint64())
			return &v
		},
	}
)
