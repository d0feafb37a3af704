package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// refillName is the name of a value that is there while columns of conversations
// have yet to be filled, as they were added or are filled by another rule, which no SQL can do.
const refillName = "sqlitestore/refill"

// refill fills in what is derived of conversations that were stored before there
// was a column for it, or by another rule: some hundred at a time, so that others can write in
// between. What they write meanwhile has it.
func (s *Store) refill(ctx context.Context, l *link) error {
	waits := false
	if err := l.query(ctx, s.statements.value, []any{refillName}, func([]any) error { waits = true; return nil }); err != nil || !waits {
		return err
	}
	for after, more := "", true; more; {
		err := s.whenFree(ctx, func() error {
			return s.alone(ctx, l, func() (err error) {
				after, more, err = s.refillSome(ctx, l, after)
				return err
			})
		})
		if err != nil {
			return fmt.Errorf("what conversations are found by: %w", err)
		}
	}
	return nil
}

// alone does something in a transaction that writes.
func (s *Store) alone(ctx context.Context, l *link, do func() error) error {
	lasting := context.WithoutCancel(ctx) // who is interrupted may have begun, or committed
	if _, err := l.exec(lasting, s.statements.begin); err != nil {
		return err
	}
	if err := do(); err != nil {
		_, rollback := l.exec(lasting, s.statements.rollback)
		return errors.Join(err, rollback)
	}
	_, err := l.exec(lasting, s.statements.commit)
	return err
}

// refillSome fills in the conversations that follow one, and notes it when there
// are no more.
func (s *Store) refillSome(ctx context.Context, l *link, after string) (last string, more bool, err error) {
	var places []cursor.Place
	err = l.query(ctx, s.statements.refillable, []any{after, loadAtOnce}, func(row []any) error {
		places = append(places, cursor.Place{ID: text(row[0])})
		return nil
	})
	if err != nil {
		return "", false, err
	}
	if len(places) == 0 {
		_, err := l.exec(ctx, s.statements.refilled, refillName)
		return "", false, err
	}
	conversations, err := s.conversations(ctx, l, places)
	if err != nil {
		return "", false, err
	}
	for i, c := range conversations {
		customer, _ := c.Customer()
		if _, err := l.exec(ctx, s.statements.refill, orNull(customer.Address), listOrNull(c.PresentUsers()), listOrNull(c.PresentQueues()), places[i].ID); err != nil {
			return "", false, err
		}
	}
	return places[len(places)-1].ID, true, nil
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func listOrNull(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return string(rows.AppendList(nil, list))
}
