package commit

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/store"
)

// A process settles a conversation that it has in memory as it was before another
// one drew the conclusion.
func TestAConclusionThatAnotherProcessHasDrawnIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var facts []*conversation.Conversation
		for _, data := range genesystest.BlindTransferToQueue().Details() {
			m, err := genesys.Decode(data, time.Now())
			require.NoError(t, err)
			facts = append(facts, m.Conversations...)
		}
		settles, other := newRig(t, events.NewHooks()), newRig(t, events.NewHooks())
		other.store.Store = settles.store.Store
		for _, c := range facts[:3] {
			require.NoError(t, settles.push(c).Wait(t.Context()))
		}
		for _, c := range facts[3:] {
			require.NoError(t, other.push(c).Wait(t.Context()))
		}
		time.Sleep(2 * time.Second)
		id := facts[0].ID
		due, _, err := settles.store.Due(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Equal(t, []string{id}, due)
		receipt := lane.NewReceipt()
		require.NoError(t, settles.Lanes.Settle(id, false, receipt))
		require.NoError(t, receipt.Wait(t.Context()))
		due, _, err = settles.store.Due(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Empty(t, due)
	})
}

// unreadable is a store that cannot be read for a while.
type unreadable struct {
	store.Store
	down atomic.Bool
}

func (s *unreadable) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if s.down.Load() {
		return nil, errors.New("down")
	}
	return s.Store.Load(ctx, ids...)
}

// Another process takes a tombstone away while this one cannot read that.
func TestATombstoneThatHasGoneIsGoneAlthoughTheStoreCouldNotBeReadWhenThatWasSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "vetoes", func(context.Context, *events.ConversationCreated) error { return events.Veto("not ours") })
		here, there := newRig(t, hooks), newRig(t, events.NewHooks())
		unreadable := &unreadable{Store: here.store.Store}
		there.store.Store, here.store.Store = here.store.Store, unreadable
		require.NoError(t, here.hear(said("c", at)))
		require.Nil(t, here.load("c").Conversation)
		lifted := lane.NewReceipt()
		require.NoError(t, there.Lanes.Lift("c", lifted))
		require.NoError(t, lifted.Wait(t.Context()))

		unreadable.down.Store(true)
		require.NoError(t, here.Lanes.Reload("c"))
		time.Sleep(20 * time.Second)
		unreadable.down.Store(false)
		require.NoError(t, here.hear(said("c", at.Add(time.Second))))
		require.NotNil(t, here.load("c").Conversation)
	})
}
