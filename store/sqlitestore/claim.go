package sqlitestore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// Claim implements store.Store.
func (s *Store) Claim(ctx context.Context, c store.Claim) (due []store.Delivery, next time.Time, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer leave()
	c.Hooks = slices.Compact(slices.Sorted(slices.Values(c.Hooks)))
	// Most calls find nothing: they need not wait for those that write.
	found := false
	err = s.readOnce(ctx, func(l *link) (err error) {
		found, next, err = s.look(ctx, l, &c)
		return err
	})
	_, noting := s.clock.unnoted() // who opens the file next must know the time
	if err == nil && (found && c.Limit > 0 || noting) {
		err = s.write(ctx, func(t *transaction) (err error) {
			if !found || c.Limit <= 0 {
				return nil
			}
			if due, err = t.claim(&c); err != nil {
				return err
			}
			found, next, err = s.look(t.lasting, t.link, &c)
			return err
		})
	}
	if found {
		next = time.Now() // beyond the limit
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("sqlitestore: claim: %w", err)
	}
	return due, next, nil
}

// look reports whether a delivery is due, and when the next one is.
func (s *Store) look(ctx context.Context, l *link, c *store.Claim) (found bool, next time.Time, err error) {
	now := s.clock.now()
	for _, hook := range c.Hooks {
		err = l.query(ctx, s.statements.outbox.anyDue, []any{hook, now}, func([]any) error {
			found = true
			return nil
		})
		if err != nil {
			return false, time.Time{}, err
		}
		err = l.query(ctx, s.statements.outbox.next, []any{hook, now}, func(row []any) error {
			if row[0] == nil {
				return nil
			}
			at := time.Now().Add(time.Duration(integer(row[0])-now) * time.Microsecond) // the wall clock may be another
			if next.IsZero() || at.Before(next) {
				next = at
			}
			return nil
		})
		if err != nil {
			return false, time.Time{}, err
		}
	}
	return found, next, nil
}

// claim gives deliveries to the owner. It does not begin with the same hook
// each time, so that one with much to do does not starve the others.
func (t *transaction) claim(c *store.Claim) ([]store.Delivery, error) {
	var due []store.Delivery
	first := int(t.turns.Add(1) % uint64(len(c.Hooks)))
	for i := range c.Hooks {
		hook := c.Hooks[(first+i)%len(c.Hooks)]
		begin := len(due)
		err := t.query(t.statements.outbox.claimable, []any{hook, t.now, c.Limit - len(due)}, func(row []any) error {
			due = append(due, store.Delivery{Hook: hook, Attempts: int(integer(row[2])), Trace: text(row[9]), Event: store.Event{
				ID: text(row[3]), ConversationID: text(row[0]), Seq: integer(row[1]), Type: text(row[4]), Time: micros(row[5]).Time(),
				Rule: text(row[6]), Vetoed: integer(row[7]) == 1, Data: []byte(text(row[8]))}})
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, d := range due[begin:] {
			if _, err := t.exec(t.statements.outbox.claim, c.Owner, t.now+c.Lease.Microseconds(), d.ConversationID, hook, d.Seq); err != nil {
				return nil, err
			}
		}
		if len(due) == c.Limit {
			break
		}
	}
	return due, nil
}

// Renew implements store.Store.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if len(held) == 0 {
		return nil
	}
	err = s.write(ctx, func(t *transaction) error {
		for _, key := range held {
			if _, err := t.exec(t.statements.outbox.renew, t.now+lease.Microseconds(), key.ConversationID, key.Hook, key.Seq, owner); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sqlitestore: renew: %w", err)
	}
	return nil
}

// Release implements store.Store.
func (s *Store) Release(ctx context.Context, owner string) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	err = s.write(ctx, func(t *transaction) error {
		_, err := t.exec(t.statements.outbox.release, t.now, owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("sqlitestore: release: %w", err)
	}
	return nil
}

// Decide implements store.Store.
func (s *Store) Decide(ctx context.Context, do store.Decision, ids ...string) (int, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	var keys []deliveryKey
	var events []string
	for _, id := range ids {
		if event, hook, ok := store.ParseDelivery(id); ok {
			keys, events = append(keys, storedKey(event, hook)), append(events, event)
		}
	}
	if len(keys) == 0 {
		return 0, nil
	}
	n := 0
	err = s.write(ctx, func(t *transaction) (err error) {
		n, err = t.decide(do, keys, events)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sqlitestore: decide: %w", err)
	}
	return n, nil
}

func (t *transaction) decide(do store.Decision, keys []deliveryKey, events []string) (n int, err error) {
	failed, err := t.places(t.statements.outbox.failed, events)
	if err != nil {
		return 0, err
	}
	moved := map[lane]string{}
	for _, k := range keys {
		p, known := failed[k]
		if !known {
			continue
		}
		delete(failed, k)
		n++
		if do == store.Skip {
			moved[p.lane] = ""
			_, err = t.exec(t.statements.outbox.skip, p.conversationID, p.hook, p.seq)
		} else {
			_, err = t.exec(t.statements.outbox.retry, t.now, p.conversationID, p.hook, p.seq)
		}
		if err != nil {
			return 0, err
		}
	}
	_, err = t.promote(moved)
	return n, err
}
