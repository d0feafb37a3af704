package inbox

import (
	"bytes"
	"compress/flate"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
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
		raw, err := expand(e.Data)
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
	raw, err := expand(whole)
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
