package polling

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnIDThatWasRefusedIsLeftOutForAWhile(t *testing.T) {
	r, now := newRefusedIDs(), time.Unix(0, 0)
	ids := []string{"a", "b", "c"}
	r.add("b", now)
	require.Equal(t, []string{"a", "c"}, r.without(ids, now.Add(askAgainAfter-1)))
	require.Equal(t, []string{"a", "b", "c"}, ids)
	require.Equal(t, ids, r.without(ids, now.Add(askAgainAfter)))
}

func TestOnlyWhatIsStillLeftOutIsRemembered(t *testing.T) {
	r, now := newRefusedIDs(), time.Unix(0, 0)
	for n := range 100 {
		r.add(fmt.Sprint("c-", n), now.Add(time.Duration(n)*time.Minute))
	}
	r.without(nil, now.Add(askAgainAfter+49*time.Minute))
	require.Len(t, r.until, 50)
}

// Discovering, following and repairing read at the same time.
func TestWhatOneReadIsRefusedIsLeftOutOfTheNextOfAnyOther(t *testing.T) {
	r, now := newRefusedIDs(), time.Unix(0, 0)
	var reading sync.WaitGroup
	for reader := range 8 {
		reading.Go(func() {
			for n := range 100 {
				id := fmt.Sprintf("c-%d-%d", reader, n)
				r.add(id, now)
				assert.Equal(t, []string{"other"}, r.without([]string{id, "other"}, now))
			}
		})
	}
	reading.Wait()
	for reader := range 8 {
		require.Empty(t, r.without([]string{fmt.Sprintf("c-%d-99", reader)}, now))
	}
}
