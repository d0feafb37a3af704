package pgstore

import (
	"context"
	"fmt"

	"github.com/dcmkit/convtrack/store"
)

// Value implements store.Store.
func (s *Store) Value(ctx context.Context, name string) (value []byte, version int64, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, 0, err
	}
	var p pipeline
	p.read(func(r *row) error {
		value, version = []byte(r.string()), r.integer()
		return nil
	}, s.sql().value, args(textOf(name))...)
	if err := s.one(ctx, &p); err != nil {
		return nil, 0, fmt.Errorf("pgstore: value: %w", err)
	}
	return value, version, nil
}

// SetValue implements store.Store.
func (s *Store) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	var set int64
	scan := func(r *row) error {
		set = r.integer()
		return nil
	}
	var p pipeline
	if version == 0 {
		p.read(scan, s.sql().setNew, args(textOf(name), textOf(string(value)))...)
	} else {
		p.read(scan, s.sql().setValue, args(textOf(name), textOf(string(value)), integerOf(version))...)
	}
	if err := s.one(ctx, &p); err != nil {
		return 0, fmt.Errorf("pgstore: set value: %w", err)
	}
	if set == 0 {
		return 0, fmt.Errorf("pgstore: the value %q has another version than %d: %w", name, version, store.ErrConflict)
	}
	return set, nil
}
