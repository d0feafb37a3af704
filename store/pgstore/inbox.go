package pgstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Deposit implements store.Store.
func (s *Store) Deposit(ctx context.Context, entries []store.Entry) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	values := rowsOfEntries(entries)
	err := s.do(ctx, func(c *pgx.Conn) error {
		known := s.catalog.Load()
		var p pipeline
		p.add(known.statements.deposit, argument{of: known.types.inbox, rows: values}, argument{value: textOf(s.config.channel())})
		return s.run(ctx, c, &p)
	})
	if err != nil {
		return fmt.Errorf("pgstore: deposit: %w", err)
	}
	for i := range entries {
		s.wakes.Wake(wakeName(entries[i].Owner))
	}
	return nil
}

// rowsOfEntries are the rows of the entries, of each key the latest one, in the
// order in which everybody locks them.
func rowsOfEntries(entries []store.Entry) []rows.Value {
	list := make([]store.Entry, len(entries))
	for i, e := range entries {
		e.ConversationID, e.Key = rows.Storable(e.ConversationID), rows.Storable(e.Key)
		list[i] = e
	}
	sameKey := func(a, b store.Entry) bool { return a.ConversationID == b.ConversationID && a.Key == b.Key }
	slices.SortStableFunc(list, func(a, b store.Entry) int {
		return cmp.Or(cmp.Compare(a.ConversationID, b.ConversationID), cmp.Compare(a.Key, b.Key), cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()))
	})
	list = slices.CompactFunc(list, sameKey)
	values := make([]rows.Value, 0, len(list)*len(rows.Inbox.Table().Columns))
	for i := range list {
		e := &list[i]
		values = append(values, textOf(e.ConversationID), textOf(e.Key), textOf(e.Owner), timeOf(e.At), textOf(string(e.Data)))
	}
	return values
}

// Inbox implements store.Store.
func (s *Store) Inbox(ctx context.Context, q store.InboxQuery) (entries []store.Entry, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		return nil, nil
	}
	except := rowsOfNames(nil, q.Except)
	given := args(textOf(q.Owner), textsOf(q.Alive), integerOf(int64(q.Limit)), rows.Value{})
	later := q.After != store.EntryKey{}
	if later {
		given = append(given, args(timeOf(q.After.At), textOf(q.After.ConversationID), textOf(q.After.Key))...)
	}
	s.wakes.Read(wakeName(q.Owner))
	err = s.transact(ctx, func(known *catalog, p *pipeline) {
		entries = nil
		given[3] = argument{of: known.types.inbox, rows: except}
		page := known.statements.firstPage
		if later {
			page = known.statements.laterPage
		}
		p.read(func(r *row) error {
			entries = append(entries, store.Entry{ConversationID: r.string(), Key: r.string(), Owner: r.string(), At: r.value().Time(), Data: []byte(r.string())})
			return nil
		}, page, given...)
	})
	if err != nil {
		return nil, fmt.Errorf("pgstore: inbox: %w", err)
	}
	return entries, nil
}

// rowsOfNames appends rows that only name entries.
func rowsOfNames(values []rows.Value, names []store.EntryKey) []rows.Value {
	for _, k := range names {
		values = append(values, textOf(k.ConversationID), textOf(k.Key), rows.Value{}, timeOf(k.At), rows.Value{})
	}
	return values
}
