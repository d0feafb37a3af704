package sqlitestore

import (
	"context"
	"fmt"

	"github.com/dcmkit/convtrack/store"
)

// Value implements store.Store.
func (s *Store) Value(ctx context.Context, name string) (value []byte, version int64, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	err = s.read(ctx, func(l *link) error {
		return l.query(ctx, s.statements.value, []any{name}, func(row []any) error {
			value, version = []byte(text(row[0])), integer(row[1])
			return nil
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("sqlitestore: value: %w", err)
	}
	return value, version, nil
}

// SetValue implements store.Store.
func (s *Store) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	if value == nil {
		value = []byte{}
	}
	err = s.write(ctx, func(t *transaction) error {
		var n int64
		var err error
		if version == 0 {
			n, err = t.exec(t.statements.addValue, name, value)
		} else {
			n, err = t.exec(t.statements.setValue, name, value, version)
		}
		if err == nil && n == 0 {
			err = store.ErrConflict
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sqlitestore: set value: %w", err)
	}
	return version + 1, nil
}
