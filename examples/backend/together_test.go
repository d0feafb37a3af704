package main_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
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

// ledger is the database that both write, as the test reads it.
type ledger struct {
	t *testing.T
	store.Store
}

func openLedger(t *testing.T, database string) ledger {
	pool, err := pgxpool.New(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	s, err := pgstore.New(t.Context(), pool, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return ledger{t, s}
}

// holds reports whether all that the messages say is stored.
func (l ledger) holds(messages [][]byte) bool {
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(l.t, err)
		for _, said := range m.Conversations {
			records, err := l.Load(l.t.Context(), said.ID)
			require.NoError(l.t, err)
			is := records[0].Conversation
			if is == nil || !conversation.Diff(is, conversation.Merge(is, said)).Empty() {
				return false
			}
		}
	}
	return true
}

// announced returns what has been announced of the stories. Events that are concluded
// from part of the facts can be others than those that all facts together tell
// of, where the rest comes more than events.Settling later.
func (l ledger) announced(stories []*genesystest.Story) (list []event) {
	for _, s := range stories {
		logged, err := l.Events(l.t.Context(), s.ID)
		require.NoError(l.t, err)
		for _, e := range logged {
			list = append(list, event{e.ID, e.Type, s.ID})
		}
	}
	return list
}

// settled reports whether everything that is stored of the stories tells of is
// announced, under its id or one that it had before.
func (l ledger) settled(stories []*genesystest.Story) bool {
	announced := ids(l.announced(stories))
	for _, s := range stories {
		records, err := l.Load(l.t.Context(), s.ID)
		require.NoError(l.t, err)
		if len(events.Unannounced(records[0].Conversation, events.Wanted{Types: events.AllTypes}, func(id string) bool { return slices.Contains(announced, id) })) > 0 {
			return false
		}
	}
	return true
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

	queue, dead := emulated(t)
	database := cluster.URL(cluster.Schema(t))
	env := append(queue.environment(), "CONVTRACK_TOKENS="+token)
	stored := openLedger(t, database)
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
				queue.send(some...)
			}
		}
	}
	told := func(stories []*genesystest.Story) (messages [][]byte) {
		for _, s := range stories {
			messages = append(messages, s.Envelopes()...)
		}
		random.Shuffle(len(messages), func(i, k int) { messages[i], messages[k] = messages[k], messages[i] })
		return messages
	}
	both := func(stories []*genesystest.Story) []event {
		return slices.Concat(printedBy(one, stories), printedBy(other, stories))
	}
	// over reports whether everything is stored, announced and printed.
	over := func(messages [][]byte, stories []*genesystest.Story) bool {
		return queue.len() == 0 && stored.holds(messages) && stored.settled(stories) && holdsAll(both(stories), stored.announced(stories))
	}

	first := conversations(random, 20)
	messages := told(first)
	tell(messages, one, other)
	one.until(func() bool { return over(messages, first) })
	one.quiet()
	other.quiet()
	require.ElementsMatch(t, stored.announced(first), both(first), "each once over both")
	require.NotEmpty(t, printedBy(one, first), "both take part")
	require.NotEmpty(t, printedBy(other, first), "both take part")

	second := conversations(random, 20)
	messages = told(second)
	tell(messages[:len(messages)/2], one, other)
	one.kill()
	tell(messages[len(messages)/2:], other)
	// What the dead one held of the queue comes back after its visibility.
	other.until(func() bool { return over(messages, second) })
	other.quiet()
	// Between printing a line and noting that it is printed the one may have died:
	// that one comes again, from the other.
	for _, p := range []*process{one, other} {
		all := ids(printedBy(p, second))
		slices.Sort(all)
		require.Len(t, slices.Compact(slices.Clone(all)), len(all), "an event twice from one process")
	}
	require.Subset(t, stored.announced(second), both(second), "nothing is invented")
	require.Zero(t, dead.len())
	require.Zero(t, other.stop())
}
