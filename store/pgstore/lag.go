package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/store"
)

var _ store.LagReporter = (*Store)(nil)

// Lag implements store.LagReporter. What waits is counted by hook, what is claimed
// and what has failed for all hooks together, up to the limit each.
func (s *Store) Lag(ctx context.Context, limit int) (map[string]store.Lag, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	lags := map[string]store.Lag{}
	limit = max(limit, 1)
	most := args(integerOf(int64(limit)))
	count := func(hook string, n, looked int64) store.Lag {
		lag := lags[hook]
		lag.Unfinished, lag.More = lag.Unfinished+int(n), lag.More || looked >= int64(limit)
		return lag
	}
	var p pipeline
	open := func(r *row) error {
		hook, n, looked, since, attempts := r.string(), r.integer(), r.integer(), r.value(), r.value()
		lag := count(hook, n, looked)
		// The database tells how long ago it is, as its clock may be another. That is
		// counted from now: the question may have waited for a connection.
		if due := time.Now().Add(-time.Duration(since.Int) * time.Microsecond); since.Valid && (lag.Due.IsZero() || due.Before(lag.Due)) {
			lag.Due, lag.Attempts = due, int(attempts.Int)
		}
		lags[hook] = lag
		return nil
	}
	p.read(open, s.sql().waitingLag, most...)
	p.read(open, s.sql().claimedLag, most...)
	p.read(func(r *row) error {
		hook, n, looked := r.string(), r.integer(), r.integer()
		lags[hook] = count(hook, n, looked)
		return nil
	}, s.sql().failedLag, most...)
	if err := s.inSnapshot(ctx, &p); err != nil {
		return nil, fmt.Errorf("pgstore: lag: %w", err)
	}
	return lags, nil
}
