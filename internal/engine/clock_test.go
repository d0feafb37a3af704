package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheClockFollowsTheWallClockForwardAndGoesOnWhereThatIsSetBack(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	wall, elapsed := start, time.Duration(0)
	c := &clock{wall: func() time.Time { return wall }, elapsed: func() time.Duration { return elapsed }}
	pass := func(d time.Duration) { wall, elapsed = wall.Add(d), elapsed+d }
	require.Equal(t, start, c.now())
	pass(time.Minute)
	require.Equal(t, start.Add(time.Minute), c.now())
	wall = wall.Add(2 * time.Hour) // the machine has slept
	require.Equal(t, start.Add(2*time.Hour+time.Minute), c.now())
	wall = wall.Add(-time.Hour)
	require.Equal(t, start.Add(2*time.Hour+time.Minute), c.now())
	pass(time.Minute)
	require.Equal(t, start.Add(2*time.Hour+2*time.Minute), c.now())
	pass(2 * time.Hour)
	wall = wall.Add(3 * time.Hour)
	require.Equal(t, wall, c.now(), "it has caught up")
}
