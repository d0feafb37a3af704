package inbox

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"
)

// The conversations of a bundle have much in common, and a database works longer
// on a large value than it takes to make a small one of it here.

// deflater compresses, one value at a time: its memory is used again.
type deflater struct{ writer *flate.Writer }

// append appends the compressed raw to b.
func (d *deflater) append(b, raw []byte) []byte {
	out := bytes.NewBuffer(b)
	if d.writer == nil {
		d.writer, _ = flate.NewWriter(out, flate.BestSpeed) // there is such a level
	} else {
		d.writer.Reset(out)
	}
	_, _ = d.writer.Write(raw) // a buffer takes everything
	_ = d.writer.Close()
	return out.Bytes()
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// inflate returns what was compressed.
func inflate(data []byte) ([]byte, error) {
	r := inflaters.Get().(io.Reader)
	defer inflaters.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(data), nil); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(8 * len(data))
	_, err := out.ReadFrom(r)
	return out.Bytes(), err
}
