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

func (s *statements) inbox(n names, t *rowTypes) {
	columns := rows.Inbox.Table().Columns
	// Who listens on the channel is told the owners, as far as a message is
	// long enough. It is sent when the transaction commits.
	s.deposit = n.statement(`with put as (`+upsertRows(rows.Inbox, `pg_catalog.unnest($1::{inbox_row}[])`)+`
			where excluded.heard_at > {inbox}.heard_at returning owner)
		select pg_catalog.pg_notify($2::text, '`+toOwner+`'::text || o.owner) from (select distinct pg_catalog.left(owner, `+fmt.Sprint(longestOwner)+`) as owner from put) as o`,
		t.inbox.array, oidText)

	// There are few owners, and there may be many entries: each owner is looked
	// up behind the one before.
	page := func(behind string, more ...uint32) *statement {
		list := `i.` + list(columns[:1])
		for _, c := range columns[1:] {
			list += `, i.` + c.Name
		}
		const order = ` order by i.heard_at, i.conversation_id, i.key limit $3::bigint`
		return n.statement(`with recursive o(owner) as (
				(select i.owner from {inbox} i order by i.owner limit 1)
				union all select (select i.owner from {inbox} i where i.owner > o.owner order by i.owner limit 1) from o where o.owner is not null)
			select `+list+` from o cross join lateral (select * from {inbox} i where i.owner = o.owner`+behind+order+`) as i
			where o.owner = $1::text or o.owner <> all ($2::text[])`+order, append([]uint32{oidText, oidTexts, oidInt8}, more...)...)
	}
	s.firstPage = page(``)
	s.laterPage = page(` and i.heard_at >= $4::timestamptz and (i.heard_at, i.conversation_id, i.key) > ($4::timestamptz, $5::text, $6::text)`, oidTimestamptz, oidText, oidText)

	// Each is looked up by its key, in the order in which others lock them too.
	// The times are compared in a way that no index has, as the server may take
	// the table for an empty one, where all indexes are the same.
	s.take = n.statement(`delete from {inbox} where ctid = any (array(select l.ctid from
			(select u.conversation_id, u.key, u.heard_at from pg_catalog.unnest($1::{inbox_row}[]) as u order by u.conversation_id collate pg_catalog."C", u.key collate pg_catalog."C") as o
			cross join lateral (select i.ctid from {inbox} i where i.conversation_id = o.conversation_id and i.key = o.key and o.heard_at - i.heard_at >= '0'::interval for update) as l))`,
		t.inbox.array)

	s.latest = n.statement(`select o.owner, l.n, l.heard_at from pg_catalog.unnest($1::text[]) as o(owner) cross join lateral (
			select count(*) as n, max(h.heard_at) as heard_at from
				(select i.heard_at from {inbox} i where i.owner = o.owner order by i.heard_at desc limit 100) as h) as l`, oidTexts)
	s.notify = n.statement(`select pg_catalog.pg_notify($1::text, $2::text)`, oidText, oidText)
}

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
		p.add(known.statements.deposit, argument{of: known.types.inbox, rows: values}, argument{value: textOf(s.channel())})
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
	given := args(textOf(q.Owner), textsOf(q.Alive), integerOf(int64(q.Limit)))
	later := q.After != store.EntryKey{}
	if later {
		given = append(given, args(timeOf(q.After.At), textOf(q.After.ConversationID), textOf(q.After.Key))...)
	}
	s.wakes.Read(wakeName(q.Owner))
	err = s.transact(ctx, func(known *catalog, p *pipeline) {
		entries = nil
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

// addTaken adds the end of the entries that the batch and its changes have
// taken.
func (t *committer) addTaken(p *pipeline) {
	var values []rows.Value
	add := func(taken []store.EntryKey) {
		for _, k := range taken {
			values = append(values, textOf(k.ConversationID), textOf(k.Key), rows.Value{}, timeOf(k.At), rows.Value{})
		}
	}
	add(t.batch.Taken)
	for _, i := range t.order {
		if t.done.Results[i].Err == nil {
			add(t.batch.Changes[i].Taken)
		}
	}
	if len(values) > 0 {
		p.add(t.statements.take, argument{of: t.types.inbox, rows: values})
	}
}
