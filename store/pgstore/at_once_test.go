package pgstore_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// oddBatch is a batch of which something is not as it expects, and what the store
// must answer.
type oddBatch struct {
	batch   store.Batch
	ready   bool
	results []error
}

// odd prepares what a batch does not expect: r is a conversation that is as it must
// be, and gone another one.
var odd = map[string]func(t *testing.T, s opened, r, gone *reference) oddBatch{
	"another version": func(t *testing.T, s opened, r, gone *reference) oddBatch {
		stale := gone.update()
		stale.Version += 3
		return oddBatch{store.Batch{Changes: []*store.Change{r.update(), stale}}, false, []error{nil, store.ErrConflict}}
	},
	"a known one that is taken for new": func(t *testing.T, s opened, r, gone *reference) oddBatch {
		return oddBatch{store.Batch{Changes: []*store.Change{gone.create(), r.update()}}, false, []error{store.ErrConflict, nil}}
	},
	"one that is not there": func(t *testing.T, s opened, r, gone *reference) oddBatch {
		_, err := s.pool.Exec(t.Context(), "delete from cdm_conversation where conversation_id = $1", gone.id)
		require.NoError(t, err)
		return oddBatch{store.Batch{Changes: []*store.Change{r.update(), gone.update()}}, false, []error{nil, store.ErrConflict}}
	},
	"a forgotten one that is taken for new": func(t *testing.T, s opened, r, gone *reference) oddBatch {
		_, err := s.Forget(t.Context(), gone.id)
		require.NoError(t, err)
		return oddBatch{store.Batch{Changes: []*store.Change{gone.create(), r.update()}}, false, []error{store.ErrConflict, nil}}
	},
	"a delivery that had failed": func(t *testing.T, s opened, r, gone *reference) oddBatch {
		first := claimOf(t, s, gone)
		failed := first.Outcome("me", store.WillRetry)
		_, err := s.Commit(t.Context(), store.Batch{Outcomes: []store.Outcome{failed}})
		require.NoError(t, err)
		again := claim(t, s)
		return oddBatch{store.Batch{Changes: []*store.Change{r.update()}, Outcomes: []store.Outcome{again.Outcome("me", store.Done)}}, true, []error{nil}}
	},
	"a delivery that somebody else has": func(t *testing.T, s opened, r, gone *reference) oddBatch {
		d := claimOf(t, s, gone)
		return oddBatch{store.Batch{Changes: []*store.Change{r.update()}, Outcomes: []store.Outcome{d.Outcome("somebody", store.Done)}}, false, []error{nil}}
	},
}

// claimOf adds two deliveries, and claims the first one.
func claimOf(t *testing.T, s opened, r *reference) store.Delivery {
	t.Helper()
	done, err := s.Commit(t.Context(), store.Batch{Changes: []*store.Change{logOnly(r, r.version, plainEvent(r.id, 1, "waits"), plainEvent(r.id, 2, "waits"))}})
	require.NoError(t, err)
	require.NoError(t, done.Results[0].Err)
	return claim(t, s)
}

func claim(t *testing.T, s opened) store.Delivery {
	t.Helper()
	due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: time.Minute, Hooks: []string{"waits"}, Limit: 1})
	require.NoError(t, err)
	require.Len(t, due, 1)
	return due[0]
}

// What the server finds to be otherwise than a batch expects is answered as it
// would be without the attempt, and costs those after it nothing for a while.
func TestABatchThatIsNotCommittedAtOnceIsCommittedInTwoStepsAndSoAreOthersForAWhile(t *testing.T) {
	for name, prepare := range odd {
		t.Run(name, func(t *testing.T) {
			schema := cluster.Schema(t)
			p := newProxy(t, schema, 1)
			s := openIn(t, schema, p.through)
			list := references(t, s, 0, 3)
			b := prepare(t, s, list[0], list[1])
			s.EndCare()
			done, err := s.Commit(t.Context(), b.batch)
			require.NoError(t, err)
			require.Equal(t, b.ready, done.Ready)
			require.Len(t, done.Results, len(b.results))
			for i, want := range b.results {
				require.ErrorIs(t, done.Results[i].Err, want)
				record, err := s.Load(t.Context(), b.batch.Changes[i].ID)
				require.NoError(t, err)
				if want == nil {
					require.Equal(t, b.batch.Changes[i].Version+1, done.Results[i].Version)
					require.Equal(t, done.Results[i].Version, record[0].Version)
					require.Len(t, record[0].Announced, 1, "its event is there, once")
				}
			}
			trips := func() int64 {
				_, n := p.counted(func() { require.NoError(t, updateAll(t.Context(), s, list[2:])) })
				return n
			}
			for range 2 {
				trips() // all statements are prepared
			}
			require.EqualValues(t, 2, trips())
			s.EndCare()
			for range 2 {
				trips()
			}
			require.EqualValues(t, 1, trips())
		})
	}
}

// The server's log has the text of a statement that fails, which by the simple
// protocol says what it is given.
func TestByTheSimpleProtocolNothingIsSentThatMayFail(t *testing.T) {
	schema := cluster.Schema(t)
	p := newProxy(t, schema, 1)
	s := openIn(t, schema, p.through, mode(pgx.QueryExecModeSimpleProtocol))
	s.TriesAtOnce()
	list := references(t, s, 0, 2)
	list[1].version += 3
	_, trips := p.counted(func() { require.ErrorIs(t, updateAll(t.Context(), s, list), store.ErrConflict) })
	require.EqualValues(t, 2, trips)
}
