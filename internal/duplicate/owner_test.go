package duplicate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestManyMessagesOfOneDisturbanceCountAsOne(t *testing.T) {
	o := &owner{score: most, waits: true}
	for range 100 { // they wait while a commit takes long
		o.missing(&heard{at: noon}, noon.Add(time.Second))
	}
	require.True(t, o.waits)
	o.missing(&heard{at: noon.Add(2 * time.Second)}, noon.Add(3*time.Second))
	require.Equal(t, most-2*missed, o.score)
}

func TestPatienceFollowsTheTimeThatAnnouncementsTakeAlsoOfThoseThatComeTooLate(t *testing.T) {
	o := &owner{score: most, waits: true, probe: noon.Add(time.Hour)}
	require.Equal(t, leastPatience, o.patience(noon))
	for range 100 {
		h := &heard{at: noon, owner: o}
		h.missing(noon.Add(leastPatience))
		o.announced(h, noon.Add(time.Second))
	}
	require.InDelta(t, several*time.Second, o.patience(noon), float64(time.Millisecond))
	for range 100 {
		o.announced(&heard{at: noon}, noon.Add(time.Hour))
	}
	require.Equal(t, mostPatience, o.patience(noon))
}
