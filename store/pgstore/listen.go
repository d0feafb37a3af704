package pgstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// leastToListen is how many connections a pool has of which one may listen:
	// as many as a pool has by default.
	leastToListen = 4
	// A message of our own shows every so often that messages arrive, and must
	// arrive within a while.
	probeEvery, probeWithin = 10 * time.Second, 2 * time.Second
	// listenAgain is when to try again after a connection broke, tryAgain after
	// one where no message arrived.
	listenAgain, tryAgain = time.Second, time.Minute
	closeTimeout          = time.Second
)

// errNoMessages: no message arrives, as where connections are given out by the
// transaction.
var errNoMessages = errors.New("pgstore: no message of the server arrives")

// mayListen reports whether the pool can do without a connection.
func (s *Store) mayListen() bool { return s.pool.Config().MaxConns >= leastToListen }

// listen listens on a connection of the pool, again and again until ctx ends.
func (s *Store) listen(ctx context.Context) {
	for wait := time.Duration(0); sleep(ctx, wait); {
		err := s.receive(ctx)
		s.listening.Store(false)
		if wait = listenAgain; errors.Is(err, errNoMessages) {
			wait = tryAgain
		}
	}
}

// receive listens until the connection breaks or no message arrives any more.
func (s *Store) receive(ctx context.Context) error {
	acquired, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer acquired.Release()
	conn := acquired.Conn()
	defer closeConnection(ctx, conn) // messages might still arrive on it
	// Where a proxy gives out its own connections, it would be left with one that
	// listens for nobody.
	direct, err := isDirect(ctx, conn.PgConn())
	if err != nil {
		return err
	}
	if !direct {
		return errNoMessages
	}
	if _, err := conn.PgConn().Exec(ctx, `listen "`+s.config.channel()+`"`).ReadAll(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	token, arrived := rand.Text(), make(chan struct{}, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		cancel(s.probe(ctx, proof+token, arrived))
	}()
	defer func() {
		cancel(nil)
		<-over
	}()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		}
		if owner, is := strings.CutPrefix(n.Payload, toOwner); is {
			s.wakes.Wake(owner)
		} else if message, is := strings.CutPrefix(n.Payload, toAll); is {
			s.tell(message)
		} else if n.Payload == proof+token {
			select {
			case arrived <- struct{}{}:
			default: // one is there already
			}
		}
	}
}

// tell hands a broadcast to those who listen here.
func (s *Store) tell(encoded string) {
	if message, err := base64.RawStdEncoding.DecodeString(encoded); err == nil {
		s.listeners.Tell(message)
	}
}

// isDirect reports whether the server's process is the one that it named when
// the connection was made; a proxy names one of its own making.
func isDirect(ctx context.Context, c *pgconn.PgConn) (bool, error) {
	results, err := c.Exec(ctx, "select pg_catalog.pg_backend_pid()").ReadAll()
	if err != nil {
		return false, err
	}
	return string(results[0].Rows[0][0]) == strconv.FormatUint(uint64(c.PID()), 10), nil
}

func closeConnection(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_ = conn.Close(ctx) // it is closed either way
}

// probe sends a message through the pool every so often and waits until it
// arrives. The error is errNoMessages when one does not.
func (s *Store) probe(ctx context.Context, message string, arrived <-chan struct{}) error {
	for {
		if s.notify(ctx, message) == nil {
			select {
			case <-arrived:
			case <-time.After(probeWithin):
				return errNoMessages
			case <-ctx.Done():
				return ctx.Err()
			}
			if !s.listening.Swap(true) {
				s.wakes.WakeAll() // for what was deposited before
			}
		}
		if !sleep(ctx, probeEvery) {
			return ctx.Err()
		}
	}
}

// notify sends a message of the server to all who listen.
func (s *Store) notify(ctx context.Context, message string) error {
	return s.do(ctx, func(c *pgx.Conn) error {
		var p pipeline
		p.add(s.sql().notify, args(textOf(s.config.channel()), textOf(message))...)
		return s.run(ctx, c, &p)
	})
}
