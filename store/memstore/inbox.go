package memstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// inbox holds the entries by conversation and key.
type inbox map[entryID]store.Entry

type entryID struct{ conversation, key string }

// remove takes out the entries that were not replaced since.
func (b inbox) remove(taken []store.EntryKey) {
	for _, k := range taken {
		id := entryID{k.ConversationID, k.Key}
		if e, is := b[id]; is && !e.At.After(k.At) {
			delete(b, id)
		}
	}
}

// Deposit implements store.Store.
func (s *Store) Deposit(ctx context.Context, entries []store.Entry) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for _, e := range entries {
		id := entryID{e.ConversationID, e.Key}
		e.At = e.At.Truncate(time.Microsecond)
		if is, found := s.inbox[id]; found && !e.At.After(is.At) {
			continue
		}
		e.Data = slices.Clone(e.Data)
		s.inbox[id] = e
		s.wakes.Wake(e.Owner)
	}
	return nil
}

// Inbox implements store.Store.
func (s *Store) Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	s.wakes.Read(q.Owner)
	var entries []store.Entry
	except := make(map[store.EntryKey]bool, len(q.Except))
	for _, k := range q.Except {
		except[timed(k)] = true
	}
	for e := range maps.Values(s.inbox) {
		if !except[timed(e.Name())] && (e.Owner == q.Owner || !slices.Contains(q.Alive, e.Owner)) && (q.After == store.EntryKey{} || e.Name().Compare(q.After) > 0) {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b store.Entry) int { return a.Name().Compare(b.Name()) })
	entries = entries[:min(len(entries), max(q.Limit, 0))]
	for i := range entries {
		entries[i].Data = slices.Clone(entries[i].Data)
	}
	return entries, nil
}

// timed is the key with a time that can be compared by ==.
func timed(k store.EntryKey) store.EntryKey {
	k.At = time.UnixMicro(k.At.UnixMicro()).UTC()
	return k
}

// Await implements store.Store.
func (s *Store) Await(ctx context.Context, owner string) error { return s.wakes.Wait(ctx, owner) }

// Local implements store.Local.
func (s *Store) Local() {}

// Broadcast implements store.Broadcaster.
func (s *Store) Broadcast(ctx context.Context, message []byte) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.mu.Unlock()
	s.listeners.Tell(slices.Clone(message))
	return nil
}

// Listen implements store.Broadcaster.
func (s *Store) Listen(ctx context.Context, hear func(message []byte)) error {
	return s.listeners.Listen(ctx, hear)
}
