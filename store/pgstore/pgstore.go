package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/wake"
)

// Store keeps conversations in PostgreSQL. It is safe for concurrent use.
type Store struct {
	pool     *pgxpool.Pool
	config   Config
	protocol protocol
	catalog  atomic.Pointer[catalog]

	closed     atomic.Bool
	unprepared atomic.Bool // the connections do not keep prepared statements

	encoders, scratches sync.Pool // of *encoder and *scratch

	wakes     *wake.Board
	listening atomic.Bool // deposits are told by the server
}

var _ store.Store = (*Store)(nil)

// protocol is how statements are sent; the pool's default mode says it.
type protocol uint8

const (
	preparedProtocol protocol = iota // prepared once for each connection
	extendedProtocol                 // without anything that outlives a transaction
	simpleProtocol                   // as text
)

// Transactions implements store.Limited: each takes a connection of the pool,
// and one may be listening.
func (s *Store) Transactions() int {
	n := int(s.pool.Config().MaxConns)
	if s.mayListen() {
		n--
	}
	return n
}

var _ store.Limited = (*Store)(nil)

// New returns a store in the database of the pool, after it has applied the
// migrations that are missing; c may be nil. It holds an advisory lock
// meanwhile, so that of several processes one does it.
//
// The error is [ErrNewer] when a newer version of this module was here,
// [ErrOutdated] when Config.SkipMigrations is set and migrations are missing,
// and a [SchemaError] when a table, column, view or type is missing, or a column
// is of another type. [Store.Validate] looks at the rest too.
func New(ctx context.Context, pool *pgxpool.Pool, c *Config) (*Store, error) {
	if pool == nil {
		return nil, errors.New("pgstore: the pool is nil")
	}
	s := &Store{pool: pool, config: c.withDefaults()}
	s.wakes = wake.Watching(s.watch, lingerWatch, mostWait)
	if err := s.config.validate(); err != nil {
		return nil, err
	}
	switch pool.Config().ConnConfig.DefaultQueryExecMode {
	case pgx.QueryExecModeCacheStatement:
		s.protocol = preparedProtocol
	case pgx.QueryExecModeSimpleProtocol:
		s.protocol = simpleProtocol
	default:
		s.protocol = extendedProtocol
	}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("pgstore: open: %w", err)
	}
	return s, nil
}

// oldestServer is the version from which on there is all that is used.
const oldestServer = 140000

func (s *Store) open(ctx context.Context) error {
	var version int
	if err := s.pool.QueryRow(ctx, `select current_setting('server_version_num')::int`, s.mode()).Scan(&version); err != nil {
		return err
	}
	if version < oldestServer {
		return fmt.Errorf("the server is PostgreSQL %d; it must be %d or later", version/10000, oldestServer/10000)
	}
	var server, client string
	if err := s.pool.QueryRow(ctx, `select current_setting('server_encoding'), current_setting('client_encoding')`, s.mode()).Scan(&server, &client); err != nil {
		return err
	}
	if server != "UTF8" || client != "UTF8" {
		return fmt.Errorf("the encoding of the database is %s and that of the connection %s; both must be UTF8", server, client)
	}
	if s.config.Schema == "" {
		if err := s.pool.QueryRow(ctx, `select coalesce(current_schema(), '')::text`, s.mode()).Scan(&s.config.Schema); err != nil {
			return err
		}
		if s.config.Schema == "" {
			return errors.New("no schema of the search_path exists; create one, or name it in Config.Schema")
		}
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if err := s.complete(ctx); err != nil {
		return err
	}
	_, err := s.lookUp(ctx)
	return err
}

// mode is for statements that run once: it needs nothing that outlives a
// transaction.
func (s *Store) mode() pgx.QueryExecMode {
	if s.protocol == simpleProtocol {
		return pgx.QueryExecModeSimpleProtocol
	}
	return pgx.QueryExecModeExec
}

// enter says whether an operation may begin.
func (s *Store) enter(ctx context.Context) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return ctx.Err()
}

// Close ends the use of the store. The pool stays open: it is the host's.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.wakes.Close()
	return nil
}

// do runs pipelines on a connection of the pool, and again when that is
// harmless: f must do everything from the start.
func (s *Store) do(ctx context.Context, f func(c *pgx.Conn) error) error {
	for attempt := 1; ; attempt++ {
		err := s.once(ctx, f)
		if err == nil || attempt == mostAttempts {
			return err
		}
		if !harmless(err) {
			again, err := s.outdated(ctx, err)
			if !again {
				return err
			}
			continue
		}
		if unprepared(err) {
			s.unprepared.Store(true)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (s *Store) once(ctx context.Context, f func(c *pgx.Conn) error) error {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer s.letGo(ctx, c)
	return f(c.Conn())
}

// letGo gives the connection back. A transaction that is still open is rolled
// back, so that the connection lives on: pools close those that are in one.
func (s *Store) letGo(ctx context.Context, c *pgxpool.Conn) {
	if pc := c.Conn().PgConn(); !pc.IsClosed() && !pc.IsBusy() && pc.TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = pc.Exec(ctx, "rollback").Close() // when it fails the pool closes the connection
	}
	c.Release()
}

// transact runs a pipeline in a transaction. It is composed for each attempt,
// and must forget what the last one has read.
func (s *Store) transact(ctx context.Context, compose func(known *catalog, p *pipeline)) error {
	return s.do(ctx, func(c *pgx.Conn) error {
		known := s.catalog.Load()
		var p pipeline
		p.add(known.statements.begin)
		p.add(known.statements.byIndex)
		compose(known, &p)
		p.add(known.statements.commit)
		return s.run(ctx, c, &p)
	})
}

// inSnapshot runs a pipeline that reads one state of the tables.
func (s *Store) inSnapshot(ctx context.Context, p *pipeline) error {
	var all pipeline
	all.add(s.sql().beginRead)
	all.add(s.sql().byIndex)
	all.steps = append(all.steps, p.steps...)
	all.add(s.sql().commit)
	return s.one(ctx, &all)
}

// one runs a statement that is a transaction of its own.
func (s *Store) one(ctx context.Context, p *pipeline) error {
	return s.do(ctx, func(c *pgx.Conn) error { return s.run(ctx, c, p) })
}
