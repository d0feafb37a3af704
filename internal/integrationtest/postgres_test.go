package integrationtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

// cluster is the PostgreSQL of this process's tests; it is started by the
// first one that needs it, and ended by TestMain.
var cluster = sync.OnceValues(func() (*pgtest.Cluster, error) {
	c, err := pgtest.Start(os.Getenv("CONVTRACK_TEST_POSTGRES"), pgtest.Unsynced())
	started = c
	return c, err
})

var started *pgtest.Cluster

// postgres returns how to connect to a new empty schema.
func postgres(t *testing.T) string {
	c, err := cluster()
	require.NoError(t, err)
	return c.ConnString + "\n" + c.Schema(t)
}

// connect connects as postgres says.
func connect(ctx context.Context, target string, change ...func(*pgxpool.Config)) (*pgxpool.Pool, error) {
	connString, schema, _ := strings.Cut(target, "\n")
	config, err := pgxpool.ParseConfig(connString)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["search_path"] = schema
	for _, c := range change {
		c(config)
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// pooled is a store that ends its pool.
type pooled struct {
	store.Store
	pool *pgxpool.Pool
}

func (p *pooled) Unwrap() store.Store { return p.Store }

func (p *pooled) Close() error {
	defer p.pool.Close()
	return p.Store.Close()
}

func openPostgres(ctx context.Context, target string, change ...func(*pgxpool.Config)) (store.Store, error) {
	pool, err := connect(ctx, target, change...)
	if err != nil {
		return nil, err
	}
	s, err := pgstore.New(ctx, pool, nil)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &pooled{s, pool}, nil
}

var postgresEngine = engine{
	open: func(ctx context.Context, target string) (store.Store, error) { return openPostgres(ctx, target) },
	effect: func(ctx context.Context, timing events.Timing, eventID string) error {
		tx, _ := pgstore.Tx(ctx)
		_, err := tx.Exec(ctx, "INSERT INTO effect (timing, event_id) VALUES ($1, $2)", string(timing), eventID)
		return err
	},
	prepare: func(ctx context.Context, target string) error {
		pool, err := connect(ctx, target)
		if err != nil {
			return err
		}
		defer pool.Close()
		_, err = pool.Exec(ctx, "CREATE TABLE effect (timing text NOT NULL, event_id text NOT NULL)")
		return err
	},
	effects: func(ctx context.Context, target string, timing events.Timing) (map[string]int, error) {
		pool, err := connect(ctx, target)
		if err != nil {
			return nil, err
		}
		defer pool.Close()
		rows, err := pool.Query(ctx, "SELECT event_id, count(*) FROM effect WHERE timing = $1 GROUP BY event_id", string(timing))
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		found := map[string]int{}
		for rows.Next() {
			var id string
			var n int
			if err := rows.Scan(&id, &n); err != nil {
				return nil, err
			}
			found[id] = n
		}
		return found, rows.Err()
	},
}

// TestKilledReplicasLoseNothingOnPostgreSQL is as that on SQLite, of three at a
// time: two thirds of what each hears another one looks after.
func TestKilledReplicasLoseNothingOnPostgreSQL(t *testing.T) {
	for name, v := range map[string]victim{"with a Before hook": {Before: true}, "in group commits": {}, "with hooks that put off and refuse": {Before: true, Aside: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v.Engine, v.Target, v.Ledger = "postgres", postgres(t), t.TempDir()
			kill(t, v, 3, *kills/3)
		})
	}
	t.Run("that all hear the same", func(t *testing.T) {
		t.Parallel()
		kill(t, victim{Engine: "postgres", Target: postgres(t), Ledger: t.TempDir(), Together: time.Now()}, 3, *kills/3)
	})
}

func TestReplicasOnPostgreSQLAnnounceEachEventOnceAndInOrder(t *testing.T) {
	for _, n := range []int{2, 4} {
		for _, toAll := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d replicas, each message to all %v", n, toAll), func(t *testing.T) {
				target := postgres(t)
				replicas(t, n, toAll, 60, func() store.Store {
					s, err := openPostgres(t.Context(), target)
					require.NoError(t, err)
					t.Cleanup(func() { require.NoError(t, s.Close()) })
					return s
				})
			})
		}
	}
}

// TestADeadReplicasDeliveriesAreTakenOverWithinItsLease: a process holds a
// delivery whose hook runs when it dies; another one delivers it.
func TestADeadReplicasDeliveriesAreTakenOverWithinItsLease(t *testing.T) {
	const lease = 2 * time.Second
	target := postgres(t)
	open := func(dead *atomic.Bool) store.Store {
		s, err := openPostgres(t.Context(), target, func(c *pgxpool.Config) {
			c.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) { return !dead.Load(), nil }
			c.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
				if dead.Load() {
					return errors.New("the process is dead")
				}
				return nil
			}
		})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	told := make(chan string, 100)
	start := func(name string, s store.Store, hook func(ctx context.Context) error) (*convtrack.Tracker, func()) {
		hooks := events.NewHooks()
		events.After(hooks, "hook", func(ctx context.Context, e *events.ConversationCreated) error {
			if hook != nil {
				if err := hook(ctx); err != nil {
					return err
				}
			}
			told <- name
			return nil
		})
		tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet, Instance: name, Lease: lease, DrainTimeout: time.Millisecond})
		require.NoError(t, err)
		return tracker, run(t, tracker)
	}
	var dead, alive atomic.Bool
	running := make(chan struct{})
	first, stopFirst := start("dies", open(&dead), func(ctx context.Context) error {
		close(running)
		<-ctx.Done() // it never comes to its end
		return ctx.Err()
	})
	_, stopSecond := start("lives", open(&alive), nil)
	defer stopSecond()
	require.NoError(t, first.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Records()[0])}))
	<-running
	dead.Store(true) // nothing of it reaches the store any more
	died := time.Now()
	require.Equal(t, "lives", <-told)
	took := time.Since(died)
	t.Logf("taken over after %v, the lease is %v", took, lease)
	require.Less(t, took, 15*lease, "nobody else is held up so long")
	stopFirst()
	require.Empty(t, told, "it is delivered once")
}

// TestARestartOfPostgreSQLUnderLoadLosesNothing restarts a server as a crash
// does while a tracker writes.
func TestARestartOfPostgreSQLUnderLoadLosesNothing(t *testing.T) {
	server, err := pgtest.Start("", pgtest.Unsynced()) // nobody else's, as it is going to fail
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	target := server.ConnString + "\npublic"
	require.NoError(t, postgresEngine.prepare(t.Context(), target))
	s, err := openPostgres(t.Context(), target)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()

	v := victim{Engine: "postgres", Target: target, Ledger: t.TempDir(), Before: true}
	tracker := v.tracker(s)
	stop := run(t, tracker)
	acknowledged := v.ledger("acknowledged")
	require.NoError(t, v.ledger("left out").Close()) // one process leaves nothing to another
	var talking sync.WaitGroup
	var said atomic.Int64 // and acknowledged
	feeding, enough := context.WithCancel(t.Context())
	for who := range talkers {
		talking.Go(func() {
			for i := who; feeding.Err() == nil; i += talkers {
				for n, part := range v.story(v.Round, i) {
					for tracker.Observe(t.Context(), conversation.Update{Conversations: []*conversation.Conversation{part}}) != nil {
						if feeding.Err() != nil {
							return
						}
						time.Sleep(10 * time.Millisecond) // said again, as a source would
					}
					_, _ = fmt.Fprintf(acknowledged, "%d %d %d\n", v.Round, i, n)
					said.Add(1)
				}
			}
		})
	}
	defer talking.Wait()
	defer enough()
	goesOn := func() { // it has begun, or found the server again, and writes
		since := said.Load()
		require.Eventually(t, func() bool { return said.Load() >= since+10*talkers }, 5*time.Minute, 10*time.Millisecond)
	}
	for range 3 {
		goesOn()
		require.NoError(t, server.Restart())
	}
	goesOn()
	enough()
	talking.Wait()
	stop()
	require.NotZero(t, tracker.Stats().StoreErrors, "the restarts were not noticed")
	v.Round = 1 // of the process that cleans up
	v.bury(t)
}

// With the pool that pgx makes by itself, of four connections: each hook needs a
// second one while it holds its own.
func TestHooksThatTakeASecondConnectionEndWithTheDefaultPool(t *testing.T) {
	pool, err := connect(t.Context(), strings.Replace(postgres(t), "\n", " pool_max_conns=4\n", 1))
	require.NoError(t, err)
	defer pool.Close()
	require.EqualValues(t, 4, pool.Config().MaxConns)
	s, err := pgstore.New(t.Context(), pool, nil)
	require.NoError(t, err)
	hooks := events.NewHooks()
	look := func(ctx context.Context) error {
		var one int
		return pool.QueryRow(ctx, "select 1").Scan(&one)
	}
	events.Before(hooks, "before", func(ctx context.Context, _ *events.ConversationCreated) error { return look(ctx) })
	events.After(hooks, "after", func(ctx context.Context, _ *events.ConversationCreated) error { return look(ctx) }, events.InTransaction())
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(t, err)
	const conversations = 200
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	require.NoError(t, tracker.Run(ctx, sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
		all, ctx := errgroup.WithContext(ctx)
		for i := range conversations {
			all.Go(func() error {
				return sink(ctx, conversation.Update{Conversations: decode(t, genesystest.Notification(fmt.Sprintf("c-%03d", i), 2, 1))})
			})
		}
		return all.Wait()
	})))
	n, err := tracker.Count(t.Context(), store.Query{})
	require.NoError(t, err)
	require.Equal(t, conversations, n)
	backlog, err := s.Backlog(t.Context())
	require.NoError(t, err)
	require.Empty(t, backlog)
	for item, err := range tracker.Failed(t.Context(), store.FailedQuery{}) {
		require.NoError(t, err)
		require.Failf(t, "a hook has failed", "%+v", item.Failure)
	}
}
