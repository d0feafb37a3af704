package pgstore

import (
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// commitStatements write conversations and what happened to them.
type commitStatements struct {
	upsert                        *statement                      // conversations on their version
	upsertAll                     *statement                      // the same; it fails unless all are written
	lock                          *statement                      // conversations whose hooks run
	reserve                       *statement                      // new conversations whose hooks run
	unreserve                     *statement                      // those whose hooks failed
	asReserved                    *statement                      // rows that are to be unreserved
	clear                         *statement                      // what is below a conversation that became a tombstone
	write, insert, insertAndWrite [rows.Evaluation + 1]*statement // rows below conversations: any, of new ones, both
	supersede                     *statement                      // segments, in place of others
	logEvents                     *statement
}

func newCommitStatements(n names, t *rowTypes) (s commitStatements) {
	conversations := t.entities[rows.Conversation]
	s.upsert = n.statement(upsertConversations()+`returning c.conversation_id, c.xmax = 0`, conversations.array)
	s.upsertAll = n.statement(`with w as (`+upsertConversations()+`returning c.version, c.xmax = 0 as created)
		select `+expect(`count(*) = $2::bigint`)+` from w where w.version = 1::bigint or not w.created`, conversations.array, oidInt8)
	s.lock = n.statement(`select conversation_id, version from {conversation} where conversation_id = any ($1::text[])
		order by conversation_id for no key update`, oidTexts)
	s.reserve = n.statement(`insert into {conversation} (conversation_id, version, changed)
		select u.id, 0, statement_timestamp() from pg_catalog.unnest($1::text[]) as u(id)
		on conflict (conversation_id) do update set changed = excluded.changed where {conversation}.version = 0
		returning conversation_id`, oidTexts)
	s.asReserved = n.statement(`update {conversation} set version = 0 where conversation_id = any ($1::text[])`, oidTexts)
	s.unreserve = n.statement(`delete from {conversation} where conversation_id = any ($1::text[])`, oidTexts)
	s.clear = n.statement(`with s as (delete from {session} where conversation_id = any ($1::text[])),
		t as (delete from {transfer} where conversation_id = any ($1::text[])),
		v as (delete from {survey} where conversation_id = any ($1::text[])),
		e as (delete from {evaluation} where conversation_id = any ($1::text[]))
		delete from {participant} where conversation_id = any ($1::text[])`, oidTexts)
	for _, e := range rows.Children() {
		list := t.entities[e].array
		s.write[e] = n.statement(upsertRows(e, rowsOf(e, 1)), list)
		s.insert[e] = n.statement(insertRows(e, rowsOf(e, 1)), list)
		s.insertAndWrite[e] = n.statement(`with fresh as (`+insertRows(e, rowsOf(e, 1))+`) `+upsertRows(e, rowsOf(e, 2)), list, list)
	}
	s.supersede = n.statement(`with u as materialized (select * from pg_catalog.unnest($1::{segment_row}[])),
		gone as (delete from {segment} as g using unnest($2::text[], $3::text[]) as x(conversation_id, session_id)
			where g.conversation_id = x.conversation_id and g.session_id = x.session_id
			and not exists (select from u where u.conversation_id = g.conversation_id and u.session_id = g.session_id
				and u.segment_start = g.segment_start and u.segment_type = g.segment_type)) `+upsertRows(rows.Segment, "u"),
		t.entities[rows.Segment].array, oidTexts, oidTexts)
	s.logEvents = n.statement(`insert into {event} (conversation_id, seq, event_id, type, time, rule, vetoed, data)
		select conversation_id, seq, event_id, type, time, rule, vetoed, data from pg_catalog.unnest($1::{event_row}[])`, t.event.array)
	return s
}

// upsertConversations writes conversations whose stored version is the one
// before theirs, and new ones. A provenance without bytes says that the state is
// as before.
func upsertConversations() string {
	table := rows.Conversation.Table()
	var sets strings.Builder
	for i, c := range table.Columns[1:] {
		switch {
		case c.Name == "changed":
			sets.WriteString(", changed = greatest(excluded.changed, c.changed + interval '1 microsecond')")
		case i+1 < table.Keys+table.Record:
			fmt.Fprintf(&sets, ", %s = excluded.%[1]s", c.Name)
		default:
			fmt.Fprintf(&sets, ", %s = case when excluded.provenance = ''::bytea then c.%[1]s else excluded.%[1]s end", c.Name)
		}
	}
	columns := list(table.Columns)
	return `insert into {conversation} as c (` + columns + `)
		select ` + strings.Replace(columns, ", changed,", ", statement_timestamp(),", 1) + ` from pg_catalog.unnest($1::{conversation_row}[])
		on conflict (conversation_id) do update set ` + sets.String()[2:] + `
		where c.version = excluded.version - 1 `
}
