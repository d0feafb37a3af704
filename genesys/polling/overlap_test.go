package polling

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheWideOverlapIsDueAgainAfterAWhile(t *testing.T) {
	o, now := &overlap{wide: 10 * time.Minute}, time.Unix(1e9, 0)
	const wide = 10*time.Minute + wideEvery
	require.Equal(t, wide, o.next(now))
	require.Equal(t, wide, o.next(now), "it was not done")
	o.done(wide, now)
	require.Equal(t, narrowOverlap, o.next(now))
	o.done(narrowOverlap, now.Add(time.Minute))
	require.Equal(t, wide, o.next(now.Add(wideEvery)))
	small := &overlap{wide: time.Second}
	small.done(time.Second, now)
	require.Equal(t, time.Second, small.next(now), "never more than is configured")
}
