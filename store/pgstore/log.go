package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, conversationID string) ([]store.LoggedEvent, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	var exists bool
	var events []store.LoggedEvent
	bySeq := map[int64]int{}
	one := args(textOf(conversationID))
	var p pipeline
	p.read(func(*row) error {
		exists = true
		events = nil
		clear(bySeq)
		return nil
	}, s.sql().exists, one...)
	p.read(func(r *row) error {
		e := eventOf(r)
		bySeq[e.Seq] = len(events)
		events = append(events, store.LoggedEvent{Event: e})
		return nil
	}, s.sql().log, one...)
	p.read(func(r *row) error {
		i, found := bySeq[r.integer()]
		d := store.LoggedDelivery{Hook: r.string(), State: deliveryState(r.string()), Attempts: int(r.integer()), Error: r.string(), Stack: r.string()}
		if found {
			events[i].Deliveries = append(events[i].Deliveries, d)
		}
		return nil
	}, s.sql().deliveries, one...)
	if err := s.inSnapshot(ctx, &p); err != nil {
		return nil, fmt.Errorf("pgstore: events: %w", err)
	}
	if !exists {
		return nil, fmt.Errorf("pgstore: conversation %q: %w", conversationID, store.ErrNotFound)
	}
	return events, nil
}

// deliveryState reads a state. What has failed is called parked in the table: a
// process of an earlier version may still write there.
func deliveryState(state string) store.DeliveryState {
	if state == "parked" {
		return store.StateFailed
	}
	return store.DeliveryState(state)
}

// Backlog implements store.Store.
func (s *Store) Backlog(ctx context.Context) (map[string]int, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	backlog := map[string]int{}
	var p pipeline
	p.read(func(r *row) error {
		hook, n := r.string(), r.value()
		backlog[hook] = int(n.Int)
		return nil
	}, s.sql().backlogs)
	if err := s.inSnapshot(ctx, &p); err != nil {
		return nil, fmt.Errorf("pgstore: backlog: %w", err)
	}
	return backlog, nil
}

// Due implements store.Store.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) (ids []string, next time.Time, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, time.Time{}, err
	}
	limit = max(limit, 0)
	until := timeOf(at).Int
	var p pipeline
	p.read(func(r *row) error {
		id, due := r.string(), r.value()
		switch {
		case !next.IsZero():
		case len(ids) < limit && due.Int <= until:
			ids = append(ids, id)
		default:
			next = due.Time()
		}
		return nil
	}, s.sql().due, args(rows.Value{Valid: true, Int: int64(limit) + 1})...)
	if err := s.inSnapshot(ctx, &p); err != nil {
		return nil, time.Time{}, fmt.Errorf("pgstore: due: %w", err)
	}
	return ids, next, nil
}
