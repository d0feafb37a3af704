package pgstore

import (
	"fmt"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// inboxStatements write to inboxes and read them.
type inboxStatements struct {
	deposit, take        *statement
	firstPage, laterPage *statement
	latest, notify       *statement
}

func newInboxStatements(n names, t *rowTypes) (s inboxStatements) {
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
		// A subquery that depends on nothing is looked up by its hash, also where
		// joins are told to use indexes.
		const fresh = ` and (i.conversation_id, i.key, i.heard_at) not in (select x.conversation_id, x.key, x.heard_at from pg_catalog.unnest($4::{inbox_row}[]) as x)`
		return n.statement(`with recursive o(owner) as (
				(select i.owner from {inbox} i order by i.owner limit 1)
				union all select (select i.owner from {inbox} i where i.owner > o.owner order by i.owner limit 1) from o where o.owner is not null)
			select `+list+` from o cross join lateral (select * from {inbox} i where i.owner = o.owner`+behind+fresh+order+`) as i
			where o.owner = $1::text or o.owner <> all ($2::text[])`+order, append([]uint32{oidText, oidTexts, oidInt8, t.inbox.array}, more...)...)
	}
	s.firstPage = page(``)
	s.laterPage = page(` and i.heard_at >= $5::timestamptz and (i.heard_at, i.conversation_id, i.key) > ($5::timestamptz, $6::text, $7::text)`, oidTimestamptz, oidText, oidText)

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
	// A message writes nothing, so nobody waits for a disk: neither its sender nor
	// those whose messages it would hold up.
	s.notify = n.statement(`select pg_catalog.set_config('synchronous_commit', 'off', true), pg_catalog.pg_notify($1::text, $2::text)`, oidText, oidText)
	return s
}
