package integrationtest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// spoils are what a hook can do to the transaction that it is lent.
var spoils = map[string]func(ctx context.Context, tx pgx.Tx) error{
	"a statement that fails": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into nobodys values (1)")
		return err
	},
	"a statement that fails, of which it says nothing": func(ctx context.Context, tx pgx.Tx) error {
		_, _ = tx.Exec(ctx, "insert into nobodys values (1)")
		return nil
	},
	"a query that its own time-out cuts": func(ctx context.Context, tx pgx.Tx) error {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, err := tx.Exec(ctx, "select pg_sleep(5)") // the server goes on with it where the cancellation comes before it
		return err
	},
	"rows that it leaves unread": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Query(ctx, "select generate_series(1, 100000)") // that is the fault
		return err
	},
	"a constraint that is checked at the end": func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into late values (1), (1)")
		return err
	},
}

func TestAHookThatSpoilsItsTransactionIsRefusedAndHoldsUpNobodyElse(t *testing.T) {
	s, err := openPostgres(t.Context(), postgres(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	conn, ok := s.(*pooled)
	require.True(t, ok)
	_, err = conn.pool.Exec(t.Context(), "create table late (id int, constraint one unique (id) deferrable initially deferred)")
	require.NoError(t, err)

	hooks := events.NewHooks()
	spoil := func(ctx context.Context, id string) error {
		if do := spoils[id]; do != nil {
			tx, ok := pgstore.Tx(ctx)
			require.True(t, ok)
			return do(ctx, tx)
		}
		return nil
	}
	events.Before(hooks, "before", func(ctx context.Context, e *events.ConversationCreated) error {
		return spoil(ctx, e.ConversationID)
	})
	events.After(hooks, "after", func(ctx context.Context, e *events.ConversationCreated) error {
		return spoil(ctx, e.ConversationID[len("after "):])
	}, events.InTransaction(), events.Attempts(2), events.Backoff(func(int) time.Duration { return time.Millisecond }))
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet, BeforeAttempts: 2})
	require.NoError(t, err)
	defer run(t, tracker)()

	want := map[string]string{}
	for id := range spoils {
		want[id], want["after "+id] = "before", "after"
		require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.Notification(id, 2, 1))}))
		require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.Notification("after "+id, 2, 1))}))
	}
	require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.Notification("after nothing", 2, 1))}))
	require.Eventually(t, func() bool {
		failed := map[string]string{}
		for item, err := range tracker.Failed(t.Context(), store.FailedQuery{}) {
			require.NoError(t, err)
			failed[item.ConversationID] = item.Hook
		}
		return fmt.Sprint(failed) == fmt.Sprint(want)
	}, time.Minute, 20*time.Millisecond, "each is refused or has failed")
	require.Eventually(t, func() bool {
		logged, err := s.Events(t.Context(), "after nothing")
		require.NoError(t, err)
		return len(logged) > 0 && !slices.ContainsFunc(logged, func(e store.LoggedEvent) bool { return len(e.Deliveries) > 0 })
	}, time.Minute, 20*time.Millisecond, "the others are delivered")
}

func TestAVetoUndoesWhatEarlierHooksHaveWrittenToPostgreSQL(t *testing.T) {
	s, err := openPostgres(t.Context(), postgres(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	conn, ok := s.(*pooled)
	require.True(t, ok)
	_, err = conn.pool.Exec(t.Context(), "create table mine (id text)")
	require.NoError(t, err)
	hooks := events.NewHooks()
	events.Before(hooks, "writes", func(ctx context.Context, e *events.ConversationCreated) error {
		tx, ok := pgstore.Tx(ctx)
		if !ok {
			return errors.New("there is no transaction")
		}
		_, err := tx.Exec(ctx, "insert into mine values ($1)", e.ConversationID)
		return err
	})
	events.Before(hooks, "vetoes", func(_ context.Context, e *events.ConversationCreated) error {
		if e.ConversationID == "unwanted" {
			return events.Veto("it is not ours")
		}
		return nil
	})
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(t, err)
	defer run(t, tracker)()
	for _, id := range []string{"unwanted", "wanted"} {
		require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.Notification(id, 2, 1))}))
	}
	rows, err := conn.pool.Query(t.Context(), "select id from mine")
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"wanted"}, ids)
}
