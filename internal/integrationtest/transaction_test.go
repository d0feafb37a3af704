package integrationtest_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

func TestAHookThatAsksForATransactionWhereThereIsNoneIsToldOfInTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logbook
		hooks := events.NewHooks()
		events.Before(hooks, "before", func(ctx context.Context, _ *events.ConversationCreated) error {
			_, ok := sqlitestore.Tx(ctx)
			require.False(t, ok)
			return nil
		})
		events.After(hooks, "after", func(ctx context.Context, _ *events.ConversationCreated) error {
			_, ok := pgstore.Tx(ctx)
			require.False(t, ok)
			return nil
		})
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		defer run(t, tracker)()
		for _, m := range genesystest.BlindTransferToQueue().Snapshots() {
			require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, m)}))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Contains(t, log.String(), "register it with events.InTransaction()")
		require.Contains(t, log.String(), "hook=after")
		require.Contains(t, log.String(), "store=*memstore.Store")
	})
}
