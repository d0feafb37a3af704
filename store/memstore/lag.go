package memstore

import (
	"context"

	"github.com/dcmkit/convtrack/store"
)

var _ store.LagReporter = (*Store)(nil)

// Lag implements store.LagReporter. It counts all.
func (s *Store) Lag(ctx context.Context, _ int) (map[string]store.Lag, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	lags := map[string]store.Lag{}
	for _, d := range s.outbox.byID {
		lag := lags[d.lane.hook]
		lag.Unfinished++
		if d.lane.queue[0] == d && d.state == store.StateWaiting {
			due := d.due
			if due.IsZero() {
				due = d.at
			}
			if lag.Due.IsZero() || due.Before(lag.Due) {
				lag.Due, lag.Attempts = due, d.failure.Attempts
			}
		}
		lags[d.lane.hook] = lag
	}
	return lags, nil
}
