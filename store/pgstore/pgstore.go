package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/wake"
)

var (
	_ store.Broadcaster = (*Store)(nil)
	_ store.Limited     = (*Store)(nil)
)

// System implements store.Described.
func (s *Store) System() string { return "postgresql" }

// Transactions implements store.Limited: each takes a connection of the pool,
// and one may be listening.
func (s *Store) Transactions() int {
	n := int(s.pool.Config().MaxConns)
	if s.mayListen() {
		n--
	}
	return n
}

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
	s := &Store{database: &database{pool: pool, config: c.withDefaults()}, mostFew: mostFew, careful: careful{lasts: carefulFor}}
	s.wakes = wake.Watching(s.watch, lingerWatch, mostWait)
	if err := s.config.validate(); err != nil {
		return nil, err
	}
	s.protocol = protocolOf(pool.Config().ConnConfig.DefaultQueryExecMode)
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
