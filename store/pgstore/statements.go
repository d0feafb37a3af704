package pgstore

import (
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// statements are the texts of all statements but those of listings. None of
// them depends on how much is written or read. Functions and operators are
// given exactly the types that PostgreSQL's own take, or are named with their
// schema (of several arrays unnest always is PostgreSQL's own): so what others
// make in a schema of the search_path is never the better match.
type statements struct {
	begin, beginRead, commit *statement
	// byIndex makes the transaction use indexes. A plan is kept for long, also
	// by the server's own checks of foreign keys, and one that was made while a
	// table was small reads all of it later. A scan in the order of an index
	// also remembers which of its entries are dead; one that makes a bitmap
	// visits the rows of all deliveries that a lane ever had.
	// asBefore leaves plans to the server again, for the statements of hooks.
	byIndex, asBefore *statement

	// Commits.
	upsert                        *statement                      // conversations on their version
	lock                          *statement                      // conversations whose hooks run
	reserve                       *statement                      // new conversations whose hooks run
	unreserve                     *statement                      // those whose hooks failed
	asReserved                    *statement                      // rows that are to be unreserved
	clear                         *statement                      // what is below a conversation that became a tombstone
	write, insert, insertAndWrite [rows.Evaluation + 1]*statement // rows below conversations: any, of new ones, both
	supersede                     *statement                      // segments, in place of others
	logEvents                     *statement
	deliver                       *statement // deliveries that the committer claims
	enqueue                       *statement // any deliveries
	finish                        *statement // outcomes that are all done
	settle                        *statement // any outcomes
	ready                         *statement // whether lanes can go on
	deliverReady                  *statement // deliver and ready
	refresh                       *statement // the same, where deliveries have failed

	// Deliveries.
	claim, next, renew, release *statement
	retry, skip                 *statement

	// The inbox.
	deposit, take        *statement
	firstPage, laterPage *statement
	latest, notify       *statement

	// Reads.
	known, backlog, announced *statement
	read                      [rows.Evaluation + 1]*statement
	exists, log, deliveries   *statement
	due                       *statement
	value, setNew, setValue   *statement
}

func newStatements(c *Config, t *rowTypes) *statements {
	s := &statements{
		begin:     newStatement("begin"),
		beginRead: newStatement("begin isolation level repeatable read read only"),
		commit:    newStatement("commit"),
		byIndex:   newStatement("select pg_catalog.set_config('enable_seqscan', 'off', true), pg_catalog.set_config('enable_hashjoin', 'off', true), pg_catalog.set_config('enable_mergejoin', 'off', true), pg_catalog.set_config('enable_bitmapscan', 'off', true)"),
		asBefore:  newStatement("select pg_catalog.set_config('enable_seqscan', null, true), pg_catalog.set_config('enable_hashjoin', null, true), pg_catalog.set_config('enable_mergejoin', null, true), pg_catalog.set_config('enable_bitmapscan', null, true)"),
	}
	n := newNames(c)
	s.commits(n, t)
	s.outbox(n, t)
	s.inbox(n, t)
	s.reads(n)
	return s
}

// names replaces the names of tables and types in the text of a statement.
type names struct{ *strings.Replacer }

func newNames(c *Config) names {
	var pairs []string
	for e := rows.Conversation; e <= rows.Migration; e++ {
		name := e.Table().Name
		pairs = append(pairs, "{"+name+"_row}", c.name(name+"_row"), "{"+name+"}", c.name(name))
	}
	pairs = append(pairs, "{outcome_row}", c.name("outcome_row"))
	return names{strings.NewReplacer(pairs...)}
}

func (n names) statement(sql string, params ...uint32) *statement {
	return newStatement(n.Replace(strings.Join(strings.Fields(sql), " ")), params...)
}

func (s *statements) commits(n names, t *rowTypes) {
	conversations := t.entities[rows.Conversation]
	s.upsert = n.statement(upsertConversations(), conversations.array)
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
}

// upsertConversations writes conversations whose stored version is the one
// before theirs, and new ones. It returns the ids that it has written, and
// whether the conversation is new. A provenance without bytes says that the
// state is as before.
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
		where c.version = excluded.version - 1
		returning c.conversation_id, c.xmax = 0`
}

// rowsOf is a parameter with rows of the entity.
func rowsOf(e rows.Entity, parameter int) string {
	return fmt.Sprintf("pg_catalog.unnest($%d::{%s_row}[])", parameter, e.Table().Name)
}

// insertRows writes rows of an entity that are not there yet.
func insertRows(e rows.Entity, from string) string {
	columns := list(e.Table().Columns)
	return `insert into {` + e.Table().Name + `} (` + columns + `) select ` + columns + ` from ` + from
}

// upsertRows writes rows of an entity below conversations.
func upsertRows(e rows.Entity, from string) string {
	table := e.Table()
	var sets []string
	for _, c := range table.Columns[table.Keys:] {
		sets = append(sets, c.Name+" = excluded."+c.Name)
	}
	return insertRows(e, from) + `
		on conflict (` + list(table.Key()) + `) do update set ` + strings.Join(sets, ", ")
}

// list lists the names of columns.
func list(columns []rows.Column) string {
	var b strings.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name)
	}
	return b.String()
}

func (s *statements) reads(n names) {
	const some = ` where conversation_id = any ($1::text[])`
	s.known = n.statement(`select conversation_id from {conversation}`+some, oidTexts)
	for e := range s.read {
		table := rows.Entity(e).Table()
		s.read[e] = n.statement(`select `+list(table.Columns)+` from {`+table.Name+`}`+some, oidTexts)
	}
	s.announced = n.statement(`select conversation_id, seq, event_id from {event}`+some+` order by conversation_id, seq`, oidTexts)
	s.backlog = n.statement(`select distinct conversation_id, hook from {delivery}`+some+` and `+live+` order by conversation_id, hook`, oidTexts)

	const one = ` where conversation_id = $1::text`
	s.exists = n.statement(`select conversation_id from {conversation}`+one, oidText)
	s.log = n.statement(`select event_id, conversation_id, seq, type, time, rule, vetoed, data from {event}`+one+` order by seq`, oidText)
	s.deliveries = n.statement(`select seq, hook, state, attempts, error from {delivery}`+one+` order by seq, hook`, oidText)
	s.due = n.statement(`select conversation_id, due from {conversation} where due is not null order by due, conversation_id limit $1::bigint`, oidInt8)

	s.value = n.statement(`select value, version from {value} where name = $1::text`, oidText)
	s.setNew = n.statement(`insert into {value} (name, version, value) values ($1::text, 1, $2::bytea) on conflict do nothing returning version`, oidText, oidBytea)
	s.setValue = n.statement(`update {value} set version = version + 1, value = $2::bytea where name = $1::text and version = $3::bigint returning version`,
		oidText, oidBytea, oidInt8)
}
