package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/wake"
)

// Store keeps conversations in a file. It is safe for concurrent use.
type Store struct {
	config     Config
	path       string
	db         *sql.DB
	statements *statements
	mostFew    int // see mostFew

	writer  chan *link // holds the one connection that writes
	readers chan *link // holds the others; the same one as writer in memory
	memory  bool
	file    *presence // nil in memory
	clock   *clock
	turns   atomic.Uint64 // counts claims

	checkpoints *checkpoints

	committers sync.Pool // of *committer
	wakes      *wake.Board

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // calls of methods; added to while mu is held and not closed
	closing chan struct{}  // closed by Close
	over    chan struct{}  // closed when all is closed
}

var _ store.Described = (*Store)(nil)

// System implements store.Described.
func (s *Store) System() string { return "sqlite" }

// The settings of a connection. A write does not wait inside SQLite for its
// turn, as it could not be told there that its context has ended. What it deletes
// is overwritten, as it is about people.
var (
	writerSettings = []string{"busy_timeout=0", "foreign_keys=ON", "secure_delete=ON", "synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON",
		"cache_size=-65536", "temp_store=MEMORY", fmt.Sprint("wal_autocheckpoint=", longestLog), fmt.Sprint("journal_size_limit=", logLimit)}
	checkpointSettings = []string{"busy_timeout=0", "synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON", "cache_size=-1024"}
	readerSettings     = []string{"busy_timeout=5000", "query_only=ON", "cache_size=-16384", "temp_store=MEMORY"}
)

// Open opens the file, and creates it when it is not there; its directory must
// exist. The path ":memory:" is a database of this store alone that ends with
// it. A nil config is all defaults. ctx bounds the opening only.
//
// A file that is not a store is [ErrForeign], one of a newer version [ErrNewer],
// one that lacks migrations [ErrOutdated] when Config.SkipMigrations is set, and
// one of which a table, column, index or trigger is missing, or a column is of
// another type, a [SchemaError] that names it.
func Open(ctx context.Context, path string, config *Config) (*Store, error) {
	if config == nil {
		config = &Config{}
	}
	c := config.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	if path == "" {
		return nil, errors.New("sqlitestore: the path of the file is empty; for a store in memory it is \"" + memoryPath + "\"")
	}
	if path != memoryPath { // whoever connects later may be in another directory
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("sqlitestore: %s: %w", path, err)
		}
		path = absolute
	}
	connector, err := newConnector(c.Driver, path)
	if err != nil {
		return nil, err
	}
	s := &Store{config: c, path: path, db: sql.OpenDB(connector), statements: newStatements(c.Prefix), memory: path == memoryPath, mostFew: mostFew, clock: newClock(), checkpoints: newCheckpoints(),
		writer: make(chan *link, 1), readers: make(chan *link, c.Readers), closing: make(chan struct{}), over: make(chan struct{})}
	s.wakes = wake.New()
	if !s.memory { // others may open the file
		s.wakes = wake.Watching(s.watch, lingerWatch, mostWait)
	}
	s.committers.New = func() any { return &committer{store: s, seen: map[string]bool{}} }
	if err := s.open(ctx); err != nil {
		_ = s.db.Close()
		return nil, fmt.Errorf("sqlitestore: %s cannot be opened: %w", path, explain(err))
	}
	return s, nil
}

// explain says what to do about errors that SQLite is brief on.
func explain(err error) error {
	switch {
	case isNotADatabase(err):
		return fmt.Errorf("%w: it is no SQLite database; give the store another path (%w)", ErrForeign, err)
	case isCannotOpen(err):
		return fmt.Errorf("%w; its directory must exist, and the process must be able to create files there", err)
	case isReadOnly(err):
		return fmt.Errorf("%w; the process must be able to write to the file and its directory", err)
	case isFull(err):
		return fmt.Errorf("%w; free some space where the file is", err)
	}
	return err
}

func (s *Store) open(ctx context.Context) error {
	w, err := s.connectWriter(ctx)
	if err != nil {
		return err
	}
	if err := s.prepareFile(ctx, w); err != nil {
		w.close()
		return err
	}
	if err := s.resumeClock(ctx, w); err != nil {
		w.close()
		return err
	}
	if !s.memory {
		if s.file, err = observe(s.path); err != nil {
			w.close()
			return err
		}
		l, err := connect(ctx, s.db, checkpointSettings...)
		if err != nil {
			w.close()
			return err
		}
		s.running.Add(1)
		go s.checkpointLoop(context.WithoutCancel(ctx), l) // that bounds the opening only
	}
	s.writer <- w
	if !s.memory {
		for range s.config.Readers {
			s.readers <- nil // it is connected when it is needed
		}
	}
	return nil
}

// resumeClock goes on with the time of those who have used the file before.
func (s *Store) resumeClock(ctx context.Context, l *link) error {
	var change, ahead int64
	if err := l.query(ctx, s.statements.lastChange, nil, func(row []any) error {
		change = integer(row[0])
		return nil
	}); err != nil {
		return err
	}
	if err := l.query(ctx, s.statements.value, []any{clockName}, func(row []any) error {
		ahead = integer(row[1])
		return nil
	}); err != nil {
		return err
	}
	s.clock.resume(change, ahead)
	return nil
}

// enter begins a call of a method, and returns what ends it.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	s.running.Add(1)
	return s.running.Done, nil
}

// Close implements store.Store. It waits for the calls that are under way,
// but not for those that wait for their turn to write.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if !first {
		<-s.over
		return nil
	}
	defer close(s.over)
	close(s.closing)
	s.wakes.Close()
	s.running.Wait()
	if !s.memory {
		for range s.config.Readers {
			if l := <-s.readers; l != nil {
				l.close()
			}
		}
	}
	if w := <-s.writer; w != nil {
		w.close()
	}
	return s.db.Close()
}
