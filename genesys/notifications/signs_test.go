package notifications

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestASetOfPartitionsIsTheSameAfterItWasRecorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSigns(t)
		text, err := json.Marshal(state{Signs: s})
		require.NoError(t, err)
		var back state
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, s, back.Signs)
	})
}

func drawSet(t *rapid.T) (s partitionSet) {
	for _, p := range rapid.SliceOfN(rapid.IntRange(0, partitions-1), 1, 20).Draw(t, "partitions") {
		s.add(p)
	}
	return s
}

func drawSign(t *rapid.T) sign {
	return sign{
		Owner:      fmt.Sprint("p", rapid.IntRange(0, 4).Draw(t, "owner")),
		At:         time.Unix(rapid.Int64Range(1, 100).Draw(t, "at"), 0).UTC(),
		Partitions: drawSet(t),
		Own:        drawSet(t),
	}
}

func drawSigns(t *rapid.T) (s signs) {
	for range rapid.IntRange(1, 12).Draw(t, "signs") {
		s = s.record(drawSign(t))
	}
	return s
}

// Forgetting never makes it look as if a topic had been heard for longer, or for
// less long.
func TestPruningForgetsNothingThatDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSigns(t)
		var before [partitions]time.Time
		for p := range partitions {
			before[p] = s.latest(p, anybody)
		}
		alive := func(owner string) bool { return owner == "p0" || owner == "p1" }
		var ofAlive [partitions]time.Time
		for p := range partitions {
			ofAlive[p] = s.latest(p, alive)
		}
		s = s.prune(alive)
		for p := range partitions {
			require.Equal(t, before[p], s.latest(p, anybody))
			require.Equal(t, ofAlive[p], s.latest(p, alive))
		}
	})
}

func TestANewSignLeavesTheEarlierOneForWhatIsNotHeardAnyMore(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	set := func(ps ...int) (s partitionSet) {
		for _, p := range ps {
			s.add(p)
		}
		return s
	}
	s := signs{}.record(sign{Owner: "a", At: at(10), Partitions: set(1, 2, 3)}).record(sign{Owner: "b", At: at(11), Partitions: set(4)}).record(sign{Owner: "a", At: at(20), Partitions: set(2, 3)})
	for p, want := range map[int]int64{1: 10, 2: 20, 3: 20, 4: 11} {
		require.Equal(t, at(want), s.latest(p, anybody), "partition %d", p)
	}
	require.True(t, s.latest(5, anybody).IsZero())
	require.Len(t, s, 3)
	require.Len(t, s.record(sign{Owner: "a", At: at(30), Partitions: set(1, 2, 3)}), 2)
}

func TestPartitionsAreOfEqualSize(t *testing.T) {
	var n [partitions]int
	for i := range 100 * partitions {
		n[partitionOf(fmt.Sprintf("v2.users.%08x-0000-4000-8000-000000000001.conversations", i))]++
	}
	for p := range partitions {
		require.InDelta(t, 100, n[p], 60, "partition %d", p)
	}
}
