package record

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func TestRecordsThatAreAskedForInTurnsStayOpen(t *testing.T) {
	cache := NewCache(160)
	pack := func() { cache.Pack(func(_ string, do func()) bool { do(); return true }) }
	at := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	const records = 100 // ten times as many as are open at first
	for i := range records {
		c := conversation.State(&conversation.Conversation{ID: fmt.Sprint("c", i), Start: at}, conversation.Statement{By: conversation.SourceREST, At: at, Seen: at})
		cache.Put(New(store.Record{ID: c.ID, Version: 1, Conversation: conversation.Merge(nil, c), Announced: []string{"e"}}))
		pack()
	}
	require.Equal(t, leastOpen(160), cache.open.Len())
	turn := func() (packed int) {
		for i := range records {
			before := cache.packed.Len()
			r := cache.Get(fmt.Sprint("c", i))
			require.NotNil(t, r, "it is in memory, one way or the other")
			require.Equal(t, at, r.Conversation.Start)
			require.True(t, r.Announced["e"])
			if cache.packed.Len() < before {
				packed++
			}
			pack()
		}
		return packed
	}
	require.Positive(t, turn(), "they were packed")
	turn()
	require.Zero(t, turn(), "they are not packed any more")
	for i := range 2 * records { // then others come, and those are not asked for
		cache.Put(New(store.Record{ID: fmt.Sprint("d", i)}))
		pack()
	}
	require.Equal(t, leastOpen(160), cache.open.Len())
	require.LessOrEqual(t, len(cache.byID), 160)
}

func TestARecordThatIsWorkedOnIsNotPacked(t *testing.T) {
	cache := NewCache(16)
	for i := range 32 {
		cache.Put(New(store.Record{ID: fmt.Sprint("c", i)}))
	}
	asked := 0
	cache.Pack(func(string, func()) bool { asked++; return false })
	require.Equal(t, mostInUse, asked, "it does not look for ever")
	require.Zero(t, cache.packed.Len())
}
