package pgstore

import (
	"fmt"
	"strings"

	"github.com/dcmkit/convtrack/store/internal/rows"
)

// statements are the texts of all statements but those of listings. None of
// them depends on how much is written or read.
type statements struct {
	begin, beginRead, commit *statement
	// byIndex makes the transaction use indexes. A plan is kept for long, also
	// by the server's own checks of foreign keys, and one that was made while a
	// table was small reads all of it later.
	// asBefore leaves plans to the server again, for the statements of hooks.
	byIndex, asBefore *statement

	// Commits.
	upsert       *statement                      // conversations on their version
	lock         *statement                      // conversations whose hooks run
	reserve      *statement                      // new conversations whose hooks run
	unreserve    *statement                      // those whose hooks failed
	clear        *statement                      // what is below a conversation that became a tombstone
	write        [rows.Evaluation + 1]*statement // rows below conversations
	supersede    *statement                      // segments, in place of others
	logEvents    *statement
	deliver      *statement // deliveries that the committer claims
	enqueue      *statement // any deliveries
	finish       *statement // outcomes that are all done
	settle       *statement // any outcomes
	ready        *statement // whether lanes can go on
	deliverReady *statement // deliver and ready
	refresh      *statement // the same, where deliveries have failed

	// Deliveries.
	claim, next, renew, release *statement
	retry, skip                 *statement

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
		byIndex:   newStatement("select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"),
		asBefore:  newStatement("select set_config('enable_seqscan', null, true), set_config('enable_hashjoin', null, true), set_config('enable_mergejoin', null, true)"),
	}
	n := newNames(c)
	s.commits(n, t)
	s.outbox(n, t)
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
		select u.id, 0, statement_timestamp() from unnest($1::text[]) as u(id)
		on conflict do nothing returning conversation_id`, oidTexts)
	s.unreserve = n.statement(`delete from {conversation} where conversation_id = any ($1::text[])`, oidTexts)
	s.clear = n.statement(`with s as (delete from {session} where conversation_id = any ($1::text[])),
		t as (delete from {transfer} where conversation_id = any ($1::text[])),
		v as (delete from {survey} where conversation_id = any ($1::text[])),
		e as (delete from {evaluation} where conversation_id = any ($1::text[]))
		delete from {participant} where conversation_id = any ($1::text[])`, oidTexts)
	for _, e := range rows.Children() {
		s.write[e] = n.statement(upsertRows(e, "unnest($1::{"+e.Table().Name+"_row}[])"), t.entities[e].array)
	}
	s.supersede = n.statement(`with u as materialized (select * from unnest($1::{segment_row}[])),
		gone as (delete from {segment} as g using unnest($2::text[], $3::text[]) as x(conversation_id, session_id)
			where g.conversation_id = x.conversation_id and g.session_id = x.session_id
			and not exists (select from u where u.conversation_id = g.conversation_id and u.session_id = g.session_id
				and u.segment_start = g.segment_start and u.segment_type = g.segment_type)) `+upsertRows(rows.Segment, "u"),
		t.entities[rows.Segment].array, oidTexts, oidTexts)
	s.logEvents = n.statement(`insert into {event} (conversation_id, seq, event_id, type, time, rule, vetoed, data)
		select conversation_id, seq, event_id, type, time, rule, vetoed, data from unnest($1::{event_row}[])`, t.event.array)
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
		select ` + strings.Replace(columns, ", changed,", ", statement_timestamp(),", 1) + ` from unnest($1::{conversation_row}[])
		on conflict (conversation_id) do update set ` + sets.String()[2:] + `
		where c.version = excluded.version - 1
		returning c.conversation_id, c.xmax = 0`
}

// upsertRows writes rows of an entity below conversations.
func upsertRows(e rows.Entity, from string) string {
	table := e.Table()
	columns := list(table.Columns)
	var sets []string
	for _, c := range table.Columns[table.Keys:] {
		sets = append(sets, c.Name+" = excluded."+c.Name)
	}
	return `insert into {` + table.Name + `} (` + columns + `) select ` + columns + ` from ` + from + `
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

// live is what a delivery that is not finished fulfils.
const live = `state <> 'skipped'`

// isFirst is fulfilled by a delivery d that no unfinished one goes before.
// Events of a conversation are committed in their order, so who sees one sees
// all earlier ones.
const isFirst = `not exists (select from {delivery} e where e.conversation_id = d.conversation_id and e.hook = d.hook and e.seq < d.seq and e.` + live + `)`

// A delivery d can be claimed when it is due and waits, or its lease has ended.
// There is an index for each.
const (
	waiting = `d.state = 'waiting' and not d.blocked`
	claimed = `d.state = 'claimed'`
)

func (s *statements) outbox(n names, t *rowTypes) {
	// Blocked deliveries wait behind one that has failed, until that is
	// finished; they are not looked at by those who claim. Who blocks one locks
	// what it relies on, and who finishes that unblocks in a statement of its
	// own, after it has the lock: so none stays blocked behind nothing.
	const insert = `insert into {delivery} (conversation_id, hook, seq, event_id, state, blocked, due, owner, attempts)
		select u.conversation_id, u.hook, u.seq, u.event_id, case when u.claimed then 'claimed' else 'waiting' end, `
	const rest = `, statement_timestamp() + case when u.claimed then $3::bigint else 0 end * interval '1 microsecond',
		case when u.claimed then $2::text end, 0 from unnest($1::{delivery_row}[]) as u`
	s.deliver = n.statement(insert+`false`+rest, t.delivery.array, oidText, oidInt8)
	s.enqueue = n.statement(`with failed as materialized (select d.conversation_id, d.hook from {delivery} d
			where d.conversation_id in (select u.conversation_id from unnest($1::{delivery_row}[]) as u)
			and d.failed_at is not null and d.`+live+` order by d.conversation_id, d.hook, d.seq for share) `+insert+
		`not u.claimed and exists (select from failed f where f.conversation_id = u.conversation_id and f.hook = u.hook)`+rest,
		t.delivery.array, oidText, oidInt8)

	// A delivery is found by its event. What the server knows of the table may be
	// old and make it take another index for a good one; so the state is written
	// in a way that no index has, and the pairs are no join.
	const held = `d.event_id = any ($2::text[]) and d.state || '' = 'claimed'`
	const back = ` returning d.conversation_id, d.hook, d.event_id, `
	const finish = `delete from {delivery} as d where ` + held + ` and coalesce((d.event_id, d.hook, d.owner) in (select o.event_id, o.hook, o.owner
		from unnest($1::{outcome_row}[]) as o where o.did = 0), false)` + back + `d.failed_at is not null`
	s.finish = n.statement(finish, t.outcome.array, oidTexts)
	s.settle = n.statement(`with done as (`+finish+`),
		other as (update {delivery} as d set state = case when o.did = 2 then 'parked' else 'waiting' end, owner = null,
			due = statement_timestamp() + case when o.did = 1 then o.wait else 0 end * interval '1 microsecond',
			attempts = case when o.did = 3 then d.attempts else o.attempts end,
			type = case when o.did = 3 then d.type else o.type end,
			error = case when o.did = 3 then d.error else o.error end,
			stack = case when o.did = 3 then d.stack else o.stack end,
			failed_at = case when o.did = 3 then d.failed_at else coalesce(o.failed_at, statement_timestamp()) end
			from unnest($1::{outcome_row}[]) as o where o.did <> 0 and `+held+` and d.event_id = o.event_id and d.hook = o.hook and d.owner = o.owner`+back+`true)
		select * from done union all select * from other`, t.outcome.array, oidTexts)

	const lanes = `unnest($1::text[], $2::text[]) as l(conversation_id, hook)`
	const inLane = `d.conversation_id = l.conversation_id and d.hook = l.hook`
	const canGoOn = `select exists (select from ` + lanes + ` cross join lateral (select d.state, d.due from {delivery} d
		where ` + inLane + ` and d.` + live + ` order by d.seq limit 1) as h where h.state = 'waiting' and h.due <= statement_timestamp())`
	s.ready = n.statement(canGoOn, oidTexts, oidTexts)
	s.deliverReady = n.statement(`with delivered as (`+insert+`false`+rest+`) `+strings.NewReplacer("$1", "$4", "$2", "$5").Replace(canGoOn),
		t.delivery.array, oidText, oidInt8, oidTexts, oidTexts)
	s.refresh = n.statement(`with failed as materialized (select d.conversation_id, d.hook, d.seq from `+lanes+` join {delivery} d on `+inLane+`
			where d.failed_at is not null and d.`+live+` order by d.conversation_id, d.hook, d.seq for share of d),
		marked as (update {delivery} as d set blocked = not d.blocked from `+lanes+` where `+inLane+` and d.state = 'waiting'
			and d.blocked <> exists (select from failed f where f.conversation_id = d.conversation_id and f.hook = d.hook and f.seq < d.seq)) `+canGoOn,
		oidTexts, oidTexts)

	const due = ` and d.due <= statement_timestamp()`
	s.claim = n.statement(`with first as materialized (
			select * from (
				select w.* from unnest($1::text[]) as h(hook) cross join lateral (select d.conversation_id, d.hook, d.seq, d.due from {delivery} d
					where d.hook = h.hook and `+waiting+due+` and `+isFirst+` order by d.due limit $2::bigint) as w
				union all (select d.conversation_id, d.hook, d.seq, d.due from {delivery} d
					where `+claimed+due+` and d.hook = any ($1::text[]) and `+isFirst+` order by d.due limit $2::bigint)
			) as f order by due limit $2::bigint),
		mine as materialized (select d.conversation_id, d.hook, d.seq from first f
			join {delivery} d on d.conversation_id = f.conversation_id and d.hook = f.hook and d.seq = f.seq
			where (`+waiting+` or `+claimed+`)`+due+` for no key update of d skip locked)
		update {delivery} as d set state = 'claimed', owner = $3::text, due = statement_timestamp() + $4::bigint * interval '1 microsecond'
		from mine m join {event} e on e.conversation_id = m.conversation_id and e.seq = m.seq
		where d.conversation_id = m.conversation_id and d.hook = m.hook and d.seq = m.seq
		returning d.hook, d.attempts, e.event_id, e.conversation_id, e.seq, e.type, e.time, e.rule, e.vetoed, e.data`,
		oidTexts, oidInt8, oidText, oidInt8)
	s.next = n.statement(`select (extract(epoch from min(f.due) - statement_timestamp()) * 1000000)::bigint from (
			select w.due from unnest($1::text[]) as h(hook) cross join lateral (select d.due from {delivery} d
				where d.hook = h.hook and `+waiting+` and `+isFirst+` order by d.due limit 1) as w
			union all (select d.due from {delivery} d
				where `+claimed+` and d.hook = any ($1::text[]) and d.owner <> $2::text and `+isFirst+` order by d.due limit 1)
		) as f`, oidTexts, oidText)

	// What somebody else has locked is just being settled.
	const ofOwner = `with mine as materialized (select conversation_id, hook, seq from {delivery} where state = 'claimed' and owner = $1::text
		order by conversation_id, hook, seq for no key update`
	const mine = ` from mine m where d.conversation_id = m.conversation_id and d.hook = m.hook and d.seq = m.seq`
	s.renew = n.statement(ofOwner+` skip locked) update {delivery} as d set due = statement_timestamp() + $2::bigint * interval '1 microsecond'`+mine, oidText, oidInt8)
	s.release = n.statement(ofOwner+`) update {delivery} as d set state = 'waiting', owner = null, due = statement_timestamp()`+mine, oidText)

	const parked = `with mine as materialized (select d.conversation_id, d.hook, d.seq
			from (select distinct * from unnest($1::text[], $2::text[])) as i(event_id, hook) join {delivery} d on d.event_id = i.event_id and d.hook = i.hook
			where d.state || '' = 'parked' order by d.conversation_id, d.hook, d.seq for no key update of d)
		update {delivery} as d set `
	s.retry = n.statement(parked+`state = 'waiting', blocked = false, due = statement_timestamp(), attempts = 0, type = null, error = null, stack = null, failed_at = null`+
		mine+back+`true`, oidTexts, oidTexts)
	s.skip = n.statement(parked+`state = 'skipped', blocked = false, due = statement_timestamp()`+mine+back+`true`, oidTexts, oidTexts)
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
