package convtrack_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
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
	"github.com/dcmkit/convtrack/storetest"
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

// undelivered is a store with a delivery that no process has, which is due.
func undelivered(t *testing.T) store.Store {
	s, hooks := memstore.New(), events.NewHooks()
	events.After(hooks, "owner", func(ctx context.Context, _ *events.ConversationCreated) error {
		<-ctx.Done()
		return ctx.Err()
	})
	r := startOn(t, s, hooks)
	r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
	synctest.Wait()
	require.NoError(t, r.stop())
	return s
}

// runToTheEnd runs a tracker with a source that soon ends, and returns how much was
// delivered and what the log says.
func runToTheEnd(t *testing.T, s store.Store) (delivered int, logged string) {
	var log bytes.Buffer
	hooks := events.NewHooks()
	events.After(hooks, "owner", func(context.Context, *events.ConversationCreated) error { delivered++; return nil })
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, DrainTimeout: 20 * time.Second, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	require.NoError(t, tracker.Run(t.Context(), sourceFunc(func(context.Context, conversation.Sink) error {
		time.Sleep(time.Millisecond) // the first claim has begun
		return nil
	})))
	return delivered, log.String()
}

const left = "deliveries that are due may be left"

func TestWhatIsBeingClaimedWhenTheSourcesEndIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		delivered, _ := runToTheEnd(t, slowClaims{undelivered(t)})
		require.Equal(t, 1, delivered)
	})
}

func TestAStoreThatFailsForAMomentWhenTheSourcesEndIsAskedAgainForWhatIsDue(t *testing.T) {
	for _, method := range []string{"Claim", "Commit", "Load"} {
		synctest.Test(t, func(t *testing.T) {
			s := undelivered(t)
			delivered, logged := runToTheEnd(t, storetest.Faulty(s, storetest.Fault{Method: method, Times: 2}))
			require.Equal(t, 1, delivered)
			require.NotContains(t, logged, left)
		})
	}
}

func TestAStoreThatIsGoneWhenTheSourcesEndHoldsUpNobodyAndWhatIsLeftIsSaidOnce(t *testing.T) {
	for _, fault := range []storetest.Fault{{Method: "Claim"}, {Method: "Claim", Hangs: true}, {Method: "Commit"}, {Method: "Commit", Hangs: true}, {Nth: 4}} {
		synctest.Test(t, func(t *testing.T) {
			s := undelivered(t)
			began := time.Now()
			_, logged := runToTheEnd(t, storetest.Faulty(s, fault))
			require.LessOrEqual(t, time.Since(began), 45*time.Second, "the drain timeout for what is due, and once more for the end")
			require.Equal(t, 1, strings.Count(logged, left), "%+v\n%s", fault, logged)
			time.Sleep(15 * time.Second) // the lease, where it could not be given back
			delivered, _ := runToTheEnd(t, s)
			require.Equal(t, 1, delivered, "the next process delivers it")
		})
	}
}
