package convtrack

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func TestRecordsThatAreAskedForInTurnsStayOpen(t *testing.T) {
	tracker := &Tracker{cache: newCache(160), lanes: newLanes(1)}
	at := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	const records = 100 // ten times as many as are open at first
	for i := range records {
		c := conversation.State(&conversation.Conversation{ID: fmt.Sprint("c", i), Start: at}, conversation.Statement{By: conversation.SourceREST, At: at, Seen: at})
		tracker.cache.put(newRecord(store.Record{ID: c.ID, Version: 1, Conversation: conversation.Merge(nil, c), Announced: []string{"e"}}))
		tracker.packExcess()
	}
	require.Equal(t, leastOpen(160), tracker.cache.open.Len())
	turn := func() (packed int) {
		for i := range records {
			before := tracker.cache.packed.Len()
			r := tracker.cache.get(fmt.Sprint("c", i))
			require.NotNil(t, r, "it is in memory, one way or the other")
			require.Equal(t, at, r.Conversation.Start)
			require.True(t, r.announced["e"])
			if tracker.cache.packed.Len() < before {
				packed++
			}
			tracker.packExcess()
		}
		return packed
	}
	require.Positive(t, turn(), "they were packed")
	turn()
	require.Zero(t, turn(), "they are not packed any more")
	for i := range 2 * records { // then others come, and those are not asked for
		tracker.cache.put(newRecord(store.Record{ID: fmt.Sprint("d", i)}))
		tracker.packExcess()
	}
	require.Equal(t, leastOpen(160), tracker.cache.open.Len())
	require.LessOrEqual(t, len(tracker.cache.byID), 160)
}
