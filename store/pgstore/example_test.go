package pgstore_test

import (
	"context"
	"log"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// The host brings the pool, and ends it.
func ExampleNew() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, "postgres://localhost/dcm")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	store, err := pgstore.New(ctx, pool, &pgstore.Config{Schema: "tracking"})
	if err != nil {
		log.Fatal(err)
	}
	tracker, err := convtrack.New(store, nil)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(tracker.Run(ctx /*, sources… */))
}

// Behind a proxy that gives out connections by the transaction, such as
// PgBouncer, nothing may be prepared.
func ExampleNew_transactionPooling() {
	config, err := pgxpool.ParseConfig("postgres://pgbouncer:6432/dcm")
	if err != nil {
		log.Fatal(err)
	}
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	if _, err := pgstore.New(context.Background(), pool, nil); err != nil {
		log.Fatal(err)
	}
}

// What a Before hook writes is committed with the conversation or not at all.
func ExampleTx() {
	hooks := events.NewHooks()
	events.Before(hooks, "open-case", func(ctx context.Context, e *events.ConversationCreated) error {
		tx, ok := pgstore.Tx(ctx)
		if !ok {
			return nil // the tracker has another store
		}
		_, err := tx.Exec(ctx, "insert into dcm_case (conversation_id) values ($1)", e.ConversationID)
		return err
	})
}
