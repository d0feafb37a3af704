package memstore

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/store"
)

var _ store.LagReporter = (*Store)(nil)

// Lag implements store.LagReporter. It counts all.
func (s *Store) Lag(ctx context.Context, _ int) (map[string]store.Lag, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	lags, now := map[string]store.Lag{}, time.Now()
	for _, d := range s.outbox.byID {
		lag := lags[d.lane.hook]
		lag.Unfinished++
		if due, claimable := d.claimable(now); claimable && d.lane.queue[0] == d {
			if lag.Due.IsZero() || due.Before(lag.Due) {
				lag.Due, lag.Attempts = due, d.failure.Attempts
			}
		}
		lags[d.lane.hook] = lag
	}
	return lags, nil
}

// claimable reports whether nobody holds the delivery, and since when it is due or
// when it will be.
func (d *delivery) claimable(now time.Time) (due time.Time, claimable bool) {
	switch {
	case d.state == store.StateClaimed:
		return d.lease, !now.Before(d.lease)
	case d.due.IsZero():
		due = d.at
	default:
		due = d.due
	}
	return due, d.state == store.StateWaiting
}
