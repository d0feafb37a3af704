package integrationtest_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// These are real databases in real trouble. That Health says it within five seconds
// is shown in virtual time, where a busy machine does not matter.

// troubled is a tracker that always has something to store.
type troubled struct {
	t *testing.T
	*convtrack.Tracker
}

func newTroubled(t *testing.T, s store.Store, hooks *events.Hooks) *troubled {
	t.Helper()
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: quiet, Hooks: hooks, DrainTimeout: time.Second})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = tracker.Run(ctx) }) // a store that is lost is an error
	for seed := range 4 {                       // some wait while others are tried again
		running.Go(func() {
			for ctx.Err() == nil {
				seed += 4
				s := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(seed)))
				_ = tracker.Observe(ctx, conversation.Update{Conversations: decode(t, s.Snapshots()...)})
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return &troubled{t, tracker}
}

// until asks until Health says so.
func (x *troubled) until(trouble string) {
	x.t.Helper()
	require.Eventually(x.t, func() bool {
		h := x.Health(x.t.Context())
		return h.Store.Trouble == trouble && (trouble == "") == h.Store.TroubleSince.IsZero()
	}, 2*time.Minute, 100*time.Millisecond, "the store is not %q", trouble)
}

// disk is a small one that can be filled.
type disk struct{ dir string }

// smallDisk returns a disk of so many bytes; false where this machine does not let
// the test make one.
func smallDisk(t *testing.T, bytes int) (disk, bool) {
	t.Helper()
	dir := t.TempDir()
	if err := mountSmall(dir, bytes); err != nil {
		t.Logf("no small disk can be made here (%v): the database itself is made to say that it is full", err)
		return disk{}, false
	}
	t.Cleanup(func() { require.NoError(t, unmount(dir)) })
	return disk{dir}, true
}

// fill takes all that is left.
func (d disk) fill(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(d.dir, "filler"))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for size := 1 << 16; size > 0; {
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	require.ErrorContains(t, err, "no space left")
}

func (d disk) free(t *testing.T) {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(d.dir, "filler")))
}

func TestHealthSaysThatTheDiskOfSQLiteIsFullAndThatItIsNotAnyMore(t *testing.T) {
	small, made := smallDisk(t, 8<<20)
	dir := small.dir
	if !made {
		dir = t.TempDir()
	}
	var pages atomic.Int64 // that the file may have; zero: any number
	hooks := events.NewHooks()
	events.Before(hooks, "pages", func(ctx context.Context, _ *events.ConversationCreated) error {
		if tx, ok := sqlitestore.Tx(ctx); ok && !made {
			return limitPages(ctx, tx, pages.Load())
		}
		return nil
	})
	s, err := sqlitestore.Open(t.Context(), filepath.Join(dir, "store.db"), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	x := newTroubled(t, s, hooks)
	x.until("")
	if made {
		small.fill(t)
		x.until("full")
		small.free(t)
	} else {
		pages.Store(1)
		x.until("full")
		pages.Store(1 << 30)
	}
	x.until("")
}

// limitPages lets the file have so many pages, or as many as it has.
func limitPages(ctx context.Context, tx *sql.Tx, most int64) error {
	if most == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "PRAGMA max_page_count = "+strconv.FormatInt(most, 10))
	return err
}

func TestHealthSaysThatAFileOfSQLiteIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := sqlitestore.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() }) // it says that the file is gone
	x := newTroubled(t, s, nil)
	x.until("")
	require.NoError(t, os.Remove(path))
	x.until("lost")
}

func TestHealthSaysThatSomebodyLocksAFileOfSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := sqlitestore.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	x := newTroubled(t, s, nil)
	x.until("")
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	var tx *sql.Tx
	require.Eventually(t, func() bool { tx, err = other.Begin(); return err == nil }, time.Minute, time.Millisecond, "the lock")
	x.until("slow")
	require.NoError(t, tx.Rollback())
	x.until("")
}

// private is a server of the test's own, which it may spoil.
func private(t *testing.T) *pgtest.Cluster {
	t.Helper()
	c, err := pgtest.Start("", pgtest.Unsynced())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// opened opens a store in a schema of its own, or in the database that change names.
func opened(t *testing.T, c *pgtest.Cluster, change func(*pgx.ConnConfig)) *pgstore.Store {
	t.Helper()
	config, err := pgxpool.ParseConfig(c.ConnString)
	require.NoError(t, err)
	if change != nil {
		change(config.ConnConfig)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	s, err := pgstore.New(t.Context(), pool, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestHealthSaysThatPostgreSQLIsReadOnlyAndThatItIsNotAnyMore(t *testing.T) {
	c := private(t)
	x := newTroubled(t, opened(t, c, nil), nil)
	x.until("")
	c.Exec(t, "alter system set default_transaction_read_only = on")
	c.Exec(t, "select pg_reload_conf()")
	x.until("readOnly")
	c.Exec(t, "alter system reset default_transaction_read_only")
	c.Exec(t, "select pg_reload_conf()")
	x.until("")
}

func TestHealthSaysThatTheDiskOfPostgreSQLIsFullAndThatItIsNotAnyMore(t *testing.T) {
	c := private(t)
	small, made := smallDisk(t, 32<<20)
	if !made {
		x := newTroubled(t, opened(t, c, nil), nil)
		x.until("")
		c.Exec(t, "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no space' using errcode = 'disk_full'; end $$")
		c.Exec(t, "create trigger refuse before insert on cdm_conversation for each row execute function refuse()")
		x.until("full")
		c.Exec(t, "drop trigger refuse on cdm_conversation")
		x.until("")
		return
	}
	ownedBy(t, c, small.dir)
	c.Exec(t, "create tablespace small location '"+small.dir+"'")
	c.Exec(t, "create database small tablespace small")
	x := newTroubled(t, opened(t, c, func(c *pgx.ConnConfig) { c.Database = "small" }), nil)
	x.until("")
	small.fill(t)
	x.until("full")
	small.free(t)
	x.until("")
}

// wire passes on what client and server say to one another.
type wire struct {
	listener net.Listener
	network  string
	server   string
	delay    atomic.Int64 // of what the client says
	severed  atomic.Bool
	hung     sync.RWMutex // while it is locked nothing is passed on to the server

	mu    sync.Mutex
	conns []net.Conn
	group sync.WaitGroup
}

func newWire(t *testing.T, network, server string) *wire {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{listener: listener, network: network, server: server}
	w.group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			w.group.Go(func() { w.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.sever(true)
		w.group.Wait()
	})
	return w
}

func (w *wire) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial(w.network, w.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	w.mu.Lock()
	w.conns = append(w.conns, client, server)
	w.mu.Unlock()
	if w.severed.Load() {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(client, server); _ = client.Close() })
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		time.Sleep(time.Duration(w.delay.Load()))
		w.hung.RLock()
		w.hung.RUnlock() //nolint:staticcheck // it is waited for
		if _, wrong := server.Write(buffer[:n]); errors.Join(err, wrong) != nil {
			break
		}
	}
	_ = server.Close()
	both.Wait()
}

// sever cuts all connections, and those that come while it is so.
func (w *wire) sever(is bool) {
	w.severed.Store(is)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

// wired opens a store on a private server that it reaches through a wire.
func wired(t *testing.T) (*pgstore.Store, *wire) {
	t.Helper()
	c := private(t)
	config, err := pgx.ParseConfig(c.ConnString)
	require.NoError(t, err)
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	w := newWire(t, network, address)
	at := w.listener.Addr().(*net.TCPAddr)
	return opened(t, c, func(c *pgx.ConnConfig) { c.Host, c.Port, c.Fallbacks = at.IP.String(), uint16(at.Port), nil }), w
}

func TestHealthSaysThatPostgreSQLIsSlowOrCannotBeReachedAndThatItIsOver(t *testing.T) {
	s, w := wired(t)
	x := newTroubled(t, s, nil)
	x.until("")
	w.delay.Store(int64(1200 * time.Millisecond))
	x.until("slow")
	w.delay.Store(0)
	x.until("")
	w.sever(true)
	x.until("lost")
	w.sever(false)
	x.until("")
}

func TestHealthSaysThatPostgreSQLHasStopped(t *testing.T) {
	c := private(t)
	x := newTroubled(t, opened(t, c, nil), nil)
	x.until("")
	require.NoError(t, c.Close())
	x.until("lost")
}
