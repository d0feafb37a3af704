package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

const (
	conversations = 1000
	batch         = 100
)

// updates keeps conversations in a store and changes them, batch by batch.
type updates struct {
	store    store.Store
	work     *workload
	versions map[string]int64
	stored   map[string]*conversation.Conversation
}

func newUpdates(t *testing.T, driver string) *updates {
	s, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), &sqlitestore.Config{Driver: driver})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	u := &updates{s, newWorkload(), map[string]int64{}, map[string]*conversation.Conversation{}}
	for range conversations / batch {
		u.commit(t)
	}
	return u
}

// commit writes what the next notifications say, and returns how long the
// store took.
func (u *updates) commit(t *testing.T) time.Duration {
	var b store.Batch
	for range batch {
		m, err := genesys.Decode(u.work.notification(), time.Now())
		require.NoError(t, err)
		said := m.Conversations[0]
		was := u.stored[said.ID]
		b.Changes = append(b.Changes, &store.Change{ID: said.ID, Version: u.versions[said.ID], From: was, To: conversation.Merge(was, said)})
	}
	began := time.Now()
	done, err := u.store.Commit(t.Context(), b)
	took := time.Since(began)
	require.NoError(t, err)
	for i, c := range b.Changes {
		require.NoError(t, done.Results[i].Err)
		u.versions[c.ID], u.stored[c.ID] = done.Results[i].Version, c.To
	}
	return took
}

// TestStoreRatio compares the drivers below the store alone: batches of a
// hundred conversations, of which each changes in two legs.
func TestStoreRatio(t *testing.T) {
	ours, cgo := newUpdates(t, ""), newUpdates(t, "sqlite3")
	var ratios []float64
	for round := range rounds {
		var a, b time.Duration
		for range 20 {
			a += ours.commit(t)
			b += cgo.commit(t)
		}
		t.Logf("round %d, conversations a second: the store %.0f, over cgo %.0f", round+1, 20*batch/a.Seconds(), 20*batch/b.Seconds())
		ratios = append(ratios, float64(b)/float64(a))
	}
	demand(t, "the store ÷ the same over cgo", ratios, 0.6)
}
