package inbox

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestABundleSaysWhatWasHeardInOrder(t *testing.T) {
	var b bundler
	said := []*conversation.Conversation{heard("c", "one", at), heard("d", "two", at.Add(time.Second)), heard("c", "three", at)}
	for range 2 { // in memory that is used again
		entries := b.entries([]Heard{{"b", said[0]}, {"b", said[1]}, {"b", said[2]}}, at)
		require.Len(t, entries, 1)
		require.Equal(t, "b", entries[0].Owner)
		require.Equal(t, at, entries[0].At)
		got, err := unbundle(entries[0].Data)
		require.NoError(t, err)
		require.Len(t, got, len(said))
		for i := range said {
			require.Equal(t, said[i].ID, got[i].ID)
			require.True(t, conversation.Diff(conversation.Merge(nil, said[i]), conversation.Merge(conversation.Merge(nil, said[i]), got[i])).Empty())
			require.Equal(t, said[i].ExternalTag, got[i].ExternalTag)
		}
	}
}

func TestEachOwnerHasBundlesOfItsOwnOfALimitedSizeAndEachHasItsOwnName(t *testing.T) {
	var b bundler
	var all []Heard
	for i := range 3000 {
		all = append(all, Heard{fmt.Sprint("owner", i%3), heard(fmt.Sprint("c", i), "tag", at)})
	}
	names, owners, n := map[string]bool{}, map[string]int{}, 0
	for _, e := range b.entries(all, at) {
		raw, err := expand(nil, e.Data)
		require.NoError(t, err)
		require.Less(t, len(raw), mostBytes+1024)
		list, err := unbundle(e.Data)
		require.NoError(t, err)
		n += len(list)
		names[e.Key] = true
		owners[e.Owner]++
	}
	require.Equal(t, len(all), n)
	require.Len(t, owners, 3)
	require.Len(t, names, owners["owner0"]+owners["owner1"]+owners["owner2"])
}

func TestTheMemoryOfManyOwnersIsKeptWhileFewAreHeard(t *testing.T) {
	var b bundler
	c := heard("c", "tag", at)
	for range 3 {
		require.Len(t, b.entries([]Heard{{"a", c}, {"b", c}, {"c", c}}, at), 3)
		require.Len(t, b.entries([]Heard{{"b", c}}, at), 1)
		require.Len(t, b.buffers, 3)
	}
}

func TestABundleOfAnEarlierVersionIsRead(t *testing.T) {
	said := heard("c", "one", at)
	var data bytes.Buffer
	data.WriteByte(deflated)
	w, err := flate.NewWriter(&data, flate.BestSpeed)
	require.NoError(t, err)
	_, err = w.Write(appendPacked(nil, said))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	got, err := unbundle(data.Bytes())
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.True(t, conversation.Diff(conversation.Merge(nil, said), conversation.Merge(nil, got[0])).Empty())
}

func TestADamagedBundleIsAnErrorAndSaysNothing(t *testing.T) {
	var b bundler
	whole := b.entries([]Heard{{"b", heard("c", "one", at)}, {"b", heard("d", "two", at)}}, at)[0].Data
	first, err := unbundle(whole)
	require.NoError(t, err)
	require.Len(t, first, 2)
	for n := range whole {
		_, err := unbundle(whole[:n])
		require.Error(t, err)
	}
	raw, err := expand(nil, whole)
	require.NoError(t, err)
	ends := 0
	for n := range raw {
		list, err := unpackAll(raw[:n])
		if err == nil { // between two of them
			require.Less(t, len(list), 2)
			ends++
		}
	}
	require.Equal(t, 2, ends)
	_, err = unbundle(append([]byte{form + 1}, whole[1:]...))
	require.ErrorContains(t, err, "does not know")
}

func TestTheLengthInADamagedBundleTakesNoMemory(t *testing.T) {
	data := binary.AppendUvarint([]byte{form}, math.MaxUint32)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := unbundle(append(data, 1, 2, 3))
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, s2.ErrCorrupt)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(mostRaw))
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

// BenchmarkBundlesOfFewOwnersAfterThoseOfMany is how a process hears that shares the
// conversations with three others.
func BenchmarkBundlesOfFewOwnersAfterThoseOfMany(b *testing.B) {
	var all []Heard
	for i := range 30 {
		m, err := genesys.Decode(genesystest.Notification(fmt.Sprint("c-", i), 4, i%7), time.Now())
		require.NoError(b, err)
		all = append(all, Heard{fmt.Sprint("owner-", i%3), m.Conversations[0]})
	}
	var bundles bundler
	b.ReportAllocs()
	for b.Loop() {
		bundles.entries(all[:1], at)
		bundles.entries(all, at)
	}
}
