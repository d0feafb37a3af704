package pgstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// lockedWait is how long to wait for a delivery that is due and that somebody
// else is just writing.
const lockedWait = 50 * time.Millisecond

// Claim implements store.Store.
func (s *Store) Claim(ctx context.Context, c store.Claim) (due []store.Delivery, next time.Time, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, time.Time{}, err
	}
	hooks := slices.Compact(slices.Sorted(slices.Values(c.Hooks)))
	if len(hooks) == 0 {
		return nil, time.Time{}, nil
	}
	var wait time.Duration
	var waits bool
	err = s.transact(ctx, func(known *catalog, p *pipeline) {
		due = nil
		if c.Limit > 0 {
			p.add(known.statements.reopen, args(textsOf(hooks))...)
			p.read(func(r *row) error {
				d := store.Delivery{Hook: r.string(), Attempts: int(r.integer()), Trace: r.string()}
				d.Event = eventOf(r)
				due = append(due, d)
				return nil
			}, known.statements.claim, args(textsOf(hooks), integerOf(int64(c.Limit)), textOf(c.Owner), integerOf(c.Lease.Microseconds()))...)
		}
		p.read(func(r *row) error {
			v := r.value()
			wait, waits = time.Duration(v.Int)*time.Microsecond, v.Valid
			return nil
		}, known.statements.next, args(textsOf(hooks))...)
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("pgstore: claim: %w", err)
	}
	slices.SortStableFunc(due, func(a, b store.Delivery) int { return a.Time.Compare(b.Time) })
	if !waits {
		return due, time.Time{}, nil
	}
	if len(due) < c.Limit {
		wait = max(wait, lockedWait)
	}
	// The database tells how long to wait, as its clock may be another.
	return due, time.Now().Add(wait), nil
}

// eventOf reads the columns of an event.
func eventOf(r *row) store.Event {
	return store.Event{ID: r.string(), ConversationID: r.string(), Seq: r.integer(), Type: r.string(), Time: r.value().Time(), Rule: r.string(),
		Vetoed: r.bool(), Data: []byte(r.string())}
}

// Renew implements store.Store.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if len(held) == 0 {
		return nil
	}
	err := s.transact(ctx, func(known *catalog, p *pipeline) {
		of := known.types.delivery
		named := make([]rows.Value, 0, len(held)*len(of.columns))
		for _, key := range held {
			named = append(named, textOf(key.ConversationID), textOf(key.Hook), integerOf(key.Seq), rows.Value{}, rows.Value{}, rows.Value{})
		}
		p.add(known.statements.renew, append([]argument{{of: of, rows: named}}, args(textOf(owner), integerOf(lease.Microseconds()))...)...)
	})
	if err != nil {
		return fmt.Errorf("pgstore: renew: %w", err)
	}
	return nil
}

// Release implements store.Store.
func (s *Store) Release(ctx context.Context, owner string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	err := s.transact(ctx, func(known *catalog, p *pipeline) { p.add(known.statements.release, args(textOf(owner))...) })
	if err != nil {
		return fmt.Errorf("pgstore: release: %w", err)
	}
	return nil
}
