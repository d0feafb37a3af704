package convtrack_test

import (
	"context"
	"fmt"
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

func TestStopDrainsWhatWasAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "slow", func(context.Context, *events.ConversationCreated) error { time.Sleep(time.Second); return nil })
		s := memstore.New()
		r := startOn(t, s, hooks)
		story := genesystest.BlindTransferToQueue()
		result := make(chan error, 1)
		go func() {
			result <- r.Observe(context.Background(), conversation.Update{Conversations: decode(t, story.Snapshots()[0])})
		}()
		synctest.Wait()
		require.NoError(t, r.stop())
		require.NoError(t, <-result)
		records, err := s.Load(t.Context(), story.ID)
		require.NoError(t, err)
		require.NotNil(t, records[0].Conversation)
		require.ErrorIs(t, r.Observe(t.Context(), conversation.Update{Conversations: decode(t, story.Snapshots()[0])}), convtrack.ErrStopped)
		require.ErrorIs(t, r.Run(t.Context()), convtrack.ErrRunning)
	})
}

func TestStopGivesUpAfterTheDrainTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gate{Store: memstore.New(), open: make(chan struct{})}
		r := startOn(t, s, events.NewHooks(), func(c *convtrack.Config) { c.DrainTimeout = time.Second })
		result := make(chan error, 1)
		go func() {
			result <- r.Observe(context.Background(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])})
		}()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, r.stop())
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
		require.Error(t, <-result, "what is not stored is not acknowledged")
	})
}

func TestWhatWasCommittedAndNotDeliveredIsDeliveredAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		first := events.NewHooks()
		j := &journal{}
		events.After(first, "journal", func(ctx context.Context, e events.Event) error {
			if len(j.read()) == 3 {
				<-ctx.Done() // the process stops while the hook runs
				return ctx.Err()
			}
			j.write("%s", e.Head().Type)
			return nil
		})
		r := startOn(t, s, first, func(c *convtrack.Config) { c.DrainTimeout = time.Second })
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		synctest.Wait()
		require.NoError(t, r.stop())
		require.Equal(t, storyEvents[:3], j.read())

		second := events.NewHooks()
		events.After(second, "journal", func(_ context.Context, e events.Event) error {
			require.NotNil(t, e.Head().Conversation)
			j.write("%s", e.Head().Type)
			return nil
		})
		startOn(t, s, second)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
	})
}

func TestAProcessThatDiesLosesItsDeliveriesWithItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		first := events.NewHooks()
		events.After(first, "journal", func(ctx context.Context, e events.Event) error { <-ctx.Done(); return ctx.Err() })
		dead := startOn(t, &dying{Store: s}, first)
		dead.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		dead.store.(*dying).dead.Store(true)

		second := events.NewHooks()
		j := journalHook(second, "journal")
		startOn(t, s, second)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Empty(t, j.read(), "the lease still runs")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, storyEvents, j.read())
	})
}

// dying is a store whose process can no longer reach it.
type dying struct {
	store.Store
	dead atomic.Bool
}

func (d *dying) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if d.dead.Load() {
		return errDead
	}
	return d.Store.Renew(ctx, owner, lease, held)
}

func (d *dying) Release(ctx context.Context, owner string) error {
	if d.dead.Load() {
		return errDead
	}
	return d.Store.Release(ctx, owner)
}

func (d *dying) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if d.dead.Load() {
		return store.Committed{}, errDead
	}
	return d.Store.Commit(ctx, b)
}

func (d *dying) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if d.dead.Load() {
		return 0, errDead
	}
	return d.Store.SetValue(ctx, name, value, version)
}

func (d *dying) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	if d.dead.Load() {
		return nil, time.Time{}, errDead
	}
	return d.Store.Claim(ctx, c)
}

func TestRunEndsWithItsSourcesWhenAllIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := &journal{}
		events.After(hooks, "slow", func(_ context.Context, e events.Event) error {
			time.Sleep(time.Second)
			j.write("%s", e.Head().Type)
			return nil
		})
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: quiet})
		require.NoError(t, err)
		file := sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
			for _, m := range genesystest.BlindTransferToQueue().Snapshots() {
				if err := sink(ctx, conversation.Update{Conversations: decode(t, m)}); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, tracker.Run(t.Context(), file))
		require.Equal(t, storyEvents, j.read())
	})
}

func TestRunEndsWhenWhatFoundNoRoomInMemoryIsDeliveredToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conversation.Conversation{ID: "c"}
		for i := range 3000 {
			c.Participants = append(c.Participants, &conversation.Participant{ID: fmt.Sprint("p", i), Purpose: conversation.PurposeCustomer})
		}
		conversation.State(c, conversation.Statement{By: conversation.SourceTopic})
		hooks := events.NewHooks()
		j := journalHook(hooks, "journal")
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, MaxDeliveries: 1000, Logger: quiet})
		require.NoError(t, err)
		require.NoError(t, tracker.Run(t.Context(), sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
			return sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{c}})
		})))
		require.Len(t, j.read(), 3001)
	})
}
