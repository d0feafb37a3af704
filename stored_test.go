package convtrack_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestObserveReturnsOnlyWhenTheFactsAreStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gate{Store: memstore.New(), open: make(chan struct{})}
		r := startOn(t, s, events.NewHooks())
		var stored atomic.Bool
		go func() {
			r.tell(genesystest.BlindTransferToQueue().Snapshots()[0])
			stored.Store(true)
		}()
		time.Sleep(time.Second)
		synctest.Wait()
		require.False(t, stored.Load())
		close(s.open)
		synctest.Wait()
		require.True(t, stored.Load())
	})
}

// gate holds commits of changes back until it is open.
type gate struct {
	store.Store
	open chan struct{}
}

func (g *gate) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if len(b.Changes) > 0 {
		select {
		case <-g.open:
		case <-ctx.Done():
			return store.Committed{}, ctx.Err()
		}
	}
	return g.Store.Commit(ctx, b)
}

func TestObserveWaitsWhileTooMuchIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gate{Store: memstore.New(), open: make(chan struct{})}
		r := startOn(t, s, events.NewHooks(), func(c *convtrack.Config) { c.MaxPending = 10 })
		var returned atomic.Int64
		for i := range 30 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				story := genesystest.BlindTransferToQueue()
				story.ID = fmt.Sprint("c-", i)
				err := r.Observe(ctx, conversation.Update{Conversations: decode(t, story.Snapshots()[0])})
				require.ErrorIs(t, err, context.DeadlineExceeded)
				returned.Add(1)
			}()
		}
		synctest.Wait()
		require.Equal(t, 10, r.Stats().Pending, "memory is bounded")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 30, returned.Load())
		close(s.open)
	})
}

func TestAStoreThatFailsForAWhileIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &flaky{Store: memstore.New()}
		s.fail.Store(4)
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		r := startOn(t, s, hooks)
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
		s.fail.Store(1 << 30)
		other := story(t, "agentless")
		err := r.Observe(t.Context(), conversation.Update{Conversations: decode(t, other.Snapshots()[0])})
		require.ErrorContains(t, err, "no answer", "in the end the source is told")
		s.fail.Store(0)
	})
}

// flaky fails the next commits of changes.
type flaky struct {
	store.Store
	fail atomic.Int64
}

func (f *flaky) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if len(b.Changes) > 0 && f.fail.Add(-1) >= 0 {
		return store.Committed{}, errors.New("no answer")
	}
	return f.Store.Commit(ctx, b)
}

func TestARowThatTheStoreRefusesHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &picky{Store: memstore.New()}
		r := startOn(t, s, events.NewHooks(), func(c *convtrack.Config) { c.Committers = 1 })
		var good, bad sync.WaitGroup
		began := time.Now()
		for i := range 20 {
			good.Go(func() {
				s := genesystest.BlindTransferToQueue()
				s.ID = fmt.Sprint("c-", i)
				r.tell(s.Snapshots()[0])
			})
		}
		bad.Go(func() {
			s := genesystest.BlindTransferToQueue()
			s.ID = "bad"
			require.ErrorContains(t, r.Observe(t.Context(), conversation.Update{Conversations: decode(t, s.Snapshots()[0])}), "bad row")
		})
		good.Wait()
		require.Less(t, time.Since(began), time.Second)
		bad.Wait()
	})
}

// picky refuses batches with the conversation "bad".
type picky struct{ store.Store }

func (p *picky) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	for _, c := range b.Changes {
		if c.ID == "bad" {
			return store.Committed{}, errors.New("bad row")
		}
	}
	return p.Store.Commit(ctx, b)
}
