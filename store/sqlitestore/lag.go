package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/store"
)

var _ store.LagReporter = (*Store)(nil)

// Lag implements store.LagReporter. It counts the deliveries of up to limit
// conversations of each hook, and of as many with a failed one.
func (s *Store) Lag(ctx context.Context, limit int) (map[string]store.Lag, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	limit = max(limit, 1)
	var lags map[string]store.Lag
	err = s.read(ctx, func(l *link) error {
		lags = map[string]store.Lag{}
		return s.lag(ctx, l, limit, lags)
	})
	if err != nil {
		return nil, fmt.Errorf("sqlitestore: lag: %w", err)
	}
	return lags, nil
}

func (s *Store) lag(ctx context.Context, l *link, limit int, lags map[string]store.Lag) error {
	of := &s.statements.outbox
	count := func(row []any) error {
		hook, lanes, n := text(row[0]), integer(row[1]), integer(row[2])
		if n > 0 {
			lag := lags[hook]
			lag.Unfinished, lag.More = lag.Unfinished+int(n), lag.More || lanes >= int64(limit)
			lags[hook] = lag
		}
		return nil
	}
	var hooks []string
	err := l.query(ctx, of.lagHooks, nil, func(row []any) error {
		hooks = append(hooks, text(row[0]))
		return nil
	})
	if err != nil {
		return err
	}
	now, stored := time.Now(), s.clock.now() // the wall clock may be another
	for _, hook := range hooks {
		if err := l.query(ctx, of.lagOpen, []any{hook, limit}, count); err != nil {
			return err
		}
		err := l.query(ctx, of.lagDue, []any{hook, stored}, func(row []any) error {
			lag := lags[hook]
			lag.Due, lag.Attempts = now.Add(time.Duration(integer(row[0])-stored)*time.Microsecond), int(integer(row[1]))
			lags[hook] = lag
			return nil
		})
		if err != nil {
			return err
		}
	}
	return l.query(ctx, of.lagFailed, []any{limit}, count)
}
