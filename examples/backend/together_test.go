package main_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// conversations are so many, of all scenarios in turn but those in which an end
// is only known to who listened at the time.
func conversations(random *rand.Rand, n int) (list []*genesystest.Story) {
	scenarios := slices.DeleteFunc(genesystest.Scenarios(), func(s genesystest.Scenario) bool { return len(s.Live) > 0 })
	for range n {
		list = append(list, scenarios[random.IntN(len(scenarios))].Story().Fresh(random))
	}
	return list
}

func printedBy(p *process, stories []*genesystest.Story) (all []event) {
	for _, s := range stories {
		all = append(all, p.events(s.ID)...)
	}
	return all
}

func TestTwoBackendsOnOneDatabasePrintEachEventOnceAndOneGoesOnAlone(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it chooses who hears what

	events, dead := emulated(t)
	database := cluster.URL(cluster.Schema(t))
	env := append(events.environment(), "CONVTRACK_TOKENS="+token)
	one, other := start(t, database, env...), start(t, database, env...)
	one.until(ready(one))
	other.until(ready(other))

	// tell says messages to whoever is there: over the queue, which hands them to
	// either, and over HTTP.
	tell := func(messages [][]byte, there ...*process) {
		for some := range slices.Chunk(messages, 5) {
			if way := random.IntN(len(there) + 1); way < len(there) {
				there[way].post(some)
			} else {
				events.send(some...)
			}
		}
	}
	told := func(stories []*genesystest.Story) (messages [][]byte, want []event) {
		for _, s := range stories {
			want = append(want, expected(t, s.Envelopes()...)...)
			messages = append(messages, s.Envelopes()...)
		}
		random.Shuffle(len(messages), func(i, k int) { messages[i], messages[k] = messages[k], messages[i] })
		return messages, want
	}

	first := conversations(random, 20)
	messages, want := told(first)
	tell(messages, one, other)
	both := func(stories []*genesystest.Story) []event {
		return slices.Concat(printedBy(one, stories), printedBy(other, stories))
	}
	one.until(func() bool { return holdsAll(both(first), want) && events.len() == 0 })
	one.quiet()
	other.quiet()
	require.ElementsMatch(t, want, both(first), "each once over both")
	require.NotEmpty(t, printedBy(one, first), "both take part")
	require.NotEmpty(t, printedBy(other, first), "both take part")

	second := conversations(random, 20)
	messages, want = told(second)
	tell(messages[:len(messages)/2], one, other)
	one.kill()
	tell(messages[len(messages)/2:], other)
	// What the dead one held of the queue comes back after its visibility.
	require.Eventually(t, func() bool { return holdsAll(both(second), want) && events.len() == 0 }, 3*time.Minute, 100*time.Millisecond, "%s", other.said)
	other.quiet()
	// Between printing a line and noting that it is printed the one may have died:
	// that one comes again, from the other.
	for _, p := range []*process{one, other} {
		all := ids(printedBy(p, second))
		slices.Sort(all)
		require.Len(t, slices.Compact(slices.Clone(all)), len(all), "an event twice from one process")
	}
	require.Subset(t, want, both(second), "nothing is invented")
	require.Zero(t, dead.len())
	require.Zero(t, other.stop())
}
