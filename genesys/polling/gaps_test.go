package polling

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGapsAreJoinedUntilTheyAreSaved(t *testing.T) {
	g, noon := newGaps(), time.Unix(0, 0)
	require.Zero(t, g.take())
	g.add(noon)
	g.add(noon.Add(-time.Hour))
	g.add(noon.Add(time.Hour))
	require.Len(t, g.added, 1, "who waits is woken once")
	require.True(t, g.take().Equal(noon.Add(-time.Hour)), "the earliest counts")
	require.Zero(t, g.take())
}

// A gap can be added at any moment, also between the signal and take.
func TestNoGapIsLostHoweverAddingAndTakingMeet(t *testing.T) {
	seed := rand.Uint64()
	t.Log("seed", seed)
	g, random := newGaps(), rand.New(rand.NewPCG(seed, 0))
	times := make([]time.Time, 500)
	for n := range times {
		times[n] = time.Unix(1+random.Int64N(1e6), 0)
	}
	first := times[0]
	var adding sync.WaitGroup
	for _, at := range times {
		first = earlier(first, at)
		adding.Go(func() { g.add(at) })
	}
	added := make(chan struct{})
	go func() { adding.Wait(); close(added) }()
	var taken time.Time
	for over := false; !over; {
		select {
		case <-g.added:
		case <-added:
			over = true
			select {
			case <-g.added: // the last one may not have been looked for
			default:
				require.Zero(t, g.take(), "what is to be saved wakes who saves it")
			}
		}
		taken = earlier(taken, g.take())
	}
	require.True(t, taken.Equal(first), "%v, not %v", taken, first)
}

func TestARepairIsUnderwayUntilItIsSaidToBeOver(t *testing.T) {
	g, now := newGaps(), time.Unix(1, 0)
	require.Nil(t, g.repairUnderway(now))
	g.underway(true)
	first := g.repairUnderway(now)
	g.add(now)
	g.take()
	require.Equal(t, first, g.repairUnderway(now), "another gap changes nothing about that")
	g.underway(false)
	<-first
	require.Nil(t, g.repairUnderway(now))
}

func TestWhatHasWaitedForARepairDoesNotWaitForTheNextAtOnce(t *testing.T) {
	g, now := newGaps(), time.Unix(1, 0)
	g.underway(true)
	g.underway(false)
	g.waited(now)
	g.underway(true)
	require.Nil(t, g.repairUnderway(now))
	require.NotNil(t, g.repairUnderway(now.Add(turnAfterRepair)))
}
