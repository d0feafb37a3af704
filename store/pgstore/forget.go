package pgstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Forget implements store.Store. It first takes the rows of the conversations,
// also of those that there are none of: so a commit that is under way has written
// them, and they are deleted, or it waits, and finds the tombstones then.
func (s *Store) Forget(ctx context.Context, ids ...string) (stored int, err error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	if len(ids) == 0 {
		return 0, nil
	}
	ids = distinct(ids)
	digests := make([]string, len(ids))
	for i, id := range ids {
		digests[i] = store.Digest(id)
	}
	slices.Sort(digests)
	err = s.transact(ctx, func(known *catalog, p *pipeline) {
		p.add(known.statements.hold, args(textsOf(ids))...)
		p.read(func(r *row) error {
			stored = int(r.integer())
			return nil
		}, known.statements.forget, args(textsOf(ids))...)
		p.add(known.statements.unheard, args(textsOf(ids))...)
		p.add(known.statements.note, args(textsOf(digests))...)
	})
	if err != nil {
		return 0, fmt.Errorf("pgstore: forget: %w", err)
	}
	return stored, nil
}

// distinct returns the ids as they are stored, in the order in which everybody
// locks them.
func distinct(ids []string) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = rows.Storable(id)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Expire implements store.Store.
func (s *Store) Expire(ctx context.Context, before time.Time, limit int) (expired int, err error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	if limit <= 0 {
		return 0, nil
	}
	err = s.transact(ctx, func(known *catalog, p *pipeline) {
		p.read(func(r *row) error {
			expired = int(r.integer())
			return nil
		}, known.statements.expire, args(timeOf(before), integerOf(int64(limit)))...)
	})
	if err == nil && expired < limit {
		var vetoed int
		vetoed, err = s.expireVetoed(ctx, before, limit-expired)
		expired += vetoed
	}
	if err != nil {
		return 0, fmt.Errorf("pgstore: expire: %w", err)
	}
	return expired, nil
}

// expireVetoed deletes rows of conversations that were vetoed. They leave no
// tombstone.
func (s *Store) expireVetoed(ctx context.Context, before time.Time, limit int) (int, error) {
	var ids []string
	err := s.do(ctx, func(c *pgx.Conn) error {
		ids = nil
		known := s.catalog.Load()
		var p pipeline
		p.add(known.statements.begin)
		p.add(known.statements.byIndex)
		p.read(func(r *row) error {
			ids = append(ids, r.string())
			return nil
		}, known.statements.vetoed, args(timeOf(before), integerOf(int64(limit)))...)
		if err := s.run(ctx, c, &p); err != nil {
			return err
		}
		p = pipeline{}
		if len(ids) > 0 {
			p.add(known.statements.asReserved, args(textsOf(ids))...)
			p.add(known.statements.unreserve, args(textsOf(ids))...)
			p.add(known.statements.unheard, args(textsOf(ids))...)
		}
		p.add(known.statements.commit)
		return s.run(ctx, c, &p)
	})
	return len(ids), err
}
