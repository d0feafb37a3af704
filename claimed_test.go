package convtrack_test

import (
	"context"
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

// slowClaims is a store of which each claim takes a second after it has been done:
// who does not wait for the answer holds deliveries and does not know it.
type slowClaims struct{ store.Store }

func (s slowClaims) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	list, next, err := s.Store.Claim(ctx, c)
	select {
	case <-time.After(time.Second):
		return list, next, err
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	}
}

func TestWhatIsBeingClaimedWhenTheSourcesEndIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, hooks := memstore.New(), events.NewHooks()
		remove := events.After(hooks, "owner", func(ctx context.Context, _ *events.ConversationCreated) error {
			<-ctx.Done()
			return ctx.Err()
		})
		r := startOn(t, s, hooks)
		r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
		synctest.Wait()
		require.NoError(t, r.stop())
		remove()

		delivered := 0
		events.After(hooks, "owner", func(context.Context, *events.ConversationCreated) error { delivered++; return nil })
		tracker, err := convtrack.New(slowClaims{s}, &convtrack.Config{Hooks: hooks})
		require.NoError(t, err)
		require.NoError(t, tracker.Run(t.Context(), sourceFunc(func(context.Context, conversation.Sink) error {
			time.Sleep(time.Millisecond) // the first claim has begun
			return nil
		})))
		require.Equal(t, 1, delivered)
	})
}
