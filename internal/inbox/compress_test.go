package inbox

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestWhatWasCompressedComesBackWhateverWasCompressedBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c compressor
		c.begin = rapid.Uint32Range(0, mostPlaces).Draw(t, "places used")
		words := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 1, 8).Draw(t, "words")
		for range rapid.IntRange(1, 4).Draw(t, "values") {
			raw := bytes.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 60).Draw(t, "raw"), nil)
			again, err := decompress(c.append(nil, raw))
			require.NoError(t, err)
			require.True(t, bytes.Equal(raw, again))
		}
	})
}

func TestOneByteManyTimesIsShortAndComesBack(t *testing.T) {
	var c compressor
	for n := range 100 {
		raw := bytes.Repeat([]byte{'x'}, n*n)
		data := c.append(nil, raw)
		require.Less(t, len(data), 24)
		again, err := decompress(data)
		require.NoError(t, err)
		require.True(t, bytes.Equal(raw, again))
	}
}

// A damaged value may come back as something else, which is no conversation then.
func FuzzDecompress(f *testing.F) {
	var c compressor
	f.Add(c.append(nil, []byte("one and one and one and two")))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		raw, err := decompress(data)
		if err != nil {
			return
		}
		var c compressor
		again, err := decompress(c.append(nil, raw))
		if err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("%q became %q, %v", raw, again, err)
		}
	})
}

// BenchmarkBundle is what it costs to pass notifications on, so many in a
// bundle.
func BenchmarkBundle(b *testing.B) {
	for _, n := range []int{1, 2, 8} {
		var all []Heard
		for i := range n {
			m, err := genesys.Decode(genesystest.Notification(fmt.Sprintf("%08x-0000-4000-8000-%012x", i*7777777, i*99999999), 4, i%7), time.Now())
			require.NoError(b, err)
			all = append(all, Heard{"owner", m.Conversations[0]})
		}
		var bundles bundler
		data := bundles.entries(all, at)[0].Data
		b.Run(fmt.Sprintf("compose/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bundles.entries(all, at)
			}
			b.ReportMetric(float64(len(data))/float64(n), "bytes/notification")
		})
		b.Run(fmt.Sprintf("read/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := unbundle(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
