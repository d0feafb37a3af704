package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Forget implements store.Store.
func (s *Store) Forget(ctx context.Context, ids ...string) (stored int, err error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.remove(id) {
			stored++
		}
		s.forgotten[store.Digest(id)] = time.Now()
	}
	return stored, nil
}

// remove takes out what is stored of a conversation, and what is heard of it, and
// reports whether it was stored.
func (s *Store) remove(id string) bool {
	maps.DeleteFunc(s.inbox, func(of entryID, _ store.Entry) bool { return of.conversation == id })
	e := s.entries[id]
	if e == nil {
		return false
	}
	for _, l := range e.lanes {
		for _, d := range l.queue {
			delete(s.outbox.claimed, d)
			delete(s.outbox.byID, store.DeliveryID(d.event.ID, l.hook))
		}
		l.queue = nil
	}
	delete(s.entries, id)
	s.settling.drop(id)
	return true
}

func (s *Store) isForgotten(id string) bool {
	if len(s.forgotten) == 0 {
		return false
	}
	_, is := s.forgotten[store.Digest(id)]
	return is
}

// Expire implements store.Store.
func (s *Store) Expire(ctx context.Context, before time.Time, limit int) (n int, err error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	for digest, at := range s.forgotten {
		if n < limit && at.Before(before) {
			delete(s.forgotten, digest)
			n++
		}
	}
	for id, e := range s.entries {
		if n < limit && e.record.Vetoed != "" && e.changedAt.Before(before) {
			s.remove(id)
			n++
		}
	}
	return n, nil
}

// Find implements store.Store.
func (s *Store) Find(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
	if err := s.begin(ctx); err != nil {
		return store.IDPage{}, err
	}
	defer s.mu.Unlock()
	place, _, ok := cursor.Parse(rows.People, q.After)
	if !ok {
		return store.IDPage{}, fmt.Errorf("%w: %q", store.ErrCursor, q.After)
	}
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(s.entries)), func(id string) bool { return id <= place.ID })
	var found []store.Record
	limit := store.PageSize(q.Limit)
	for _, id := range ids {
		if r := s.entries[id].record; len(found) < limit && rows.TookPart(q.Person, &r) {
			found = append(found, r)
		}
	}
	return rows.PageOf(q.Person, found, limit), nil
}
