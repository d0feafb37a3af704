package pgstore

import "strings"

// live is what a delivery that is not finished fulfils.
const live = `state <> 'skipped'`

// isFirst is fulfilled by a delivery d that no unfinished one goes before.
// Events of a conversation are committed in their order, so who sees one sees
// all earlier ones. The offset keeps the server from making a join of it: each
// delivery would be compared with all, where it takes the table for empty.
const isFirst = `not exists (select from {delivery} e where e.conversation_id = d.conversation_id and e.hook = d.hook and e.seq < d.seq and e.` + live + ` offset 0)`

// A delivery d can be claimed when it is due and waits. It waits again when it is
// claimed and its lease has ended. There is an index for each.
const (
	waiting = `d.state = 'waiting' and not d.blocked`
	claimed = `d.state = 'claimed'`
)

// heldBy is fulfilled by a delivery d that o names, when its owner is what
// follows. What the server knows of the table may be old and make it take
// another index for a good one; so the state is written in a way that no
// index has. "Any of one" keeps the server from a join in the other order, which
// it takes for as good while there are hardly any deliveries: it compares all
// that are named with all that there are, a minute for ten thousand.
const heldBy = `d.conversation_id = any (array[o.conversation_id]) and d.hook = o.hook and d.seq = o.seq and d.state || '' = 'claimed' and d.owner = `

// outboxStatements write deliveries and hand them out.
type outboxStatements struct {
	deliver      *statement // deliveries that the committer claims
	enqueue      *statement // any deliveries
	finish       *statement // outcomes that are all done
	finishAtOnce *statement // the same; it fails unless all count and none of the deliveries has failed before
	settle       *statement // any outcomes
	ready        *statement // whether lanes can go on
	deliverReady *statement // deliver and ready
	refresh      *statement // the same, where deliveries have failed

	reopen, claim, next, renew, release *statement
	retry, skip                         *statement
}

func newOutboxStatements(n names, t *rowTypes) (s outboxStatements) {
	// Blocked deliveries wait behind one that has failed, until that is
	// finished; claims do not look at them. Whoever blocks one locks
	// what it relies on, and whoever finishes that unblocks in a statement of its
	// own, after it has the lock: so none stays blocked behind nothing.
	const insert = `insert into {delivery} (conversation_id, hook, seq, event_id, state, blocked, due, owner, attempts, trace)
		select u.conversation_id, u.hook, u.seq, u.event_id, case when u.claimed then 'claimed' else 'waiting' end, `
	const rest = `, statement_timestamp() + interval '1 microsecond' * case when u.claimed then $3::bigint::float8 else 0 end,
		case when u.claimed then $2::text end, 0, u.trace from pg_catalog.unnest($1::{delivery_row}[]) as u`
	s.deliver = n.statement(insert+`false`+rest, t.delivery.array, oidText, oidInt8)
	// Lanes are looked up one by one, in order, also where the server takes the
	// table for empty.
	const failedOf = ` cross join lateral (select d.conversation_id, d.hook, d.seq from {delivery} d where d.failed_at is not null and d.` + live
	s.enqueue = n.statement(`with failed as materialized (select f.conversation_id, f.hook from
			(select distinct u.conversation_id from pg_catalog.unnest($1::{delivery_row}[]) as u order by u.conversation_id) as l`+failedOf+`
			and d.conversation_id = l.conversation_id order by d.hook, d.seq for share) as f) `+insert+
		`not u.claimed and exists (select from failed f where f.conversation_id = u.conversation_id and f.hook = u.hook)`+rest,
		t.delivery.array, oidText, oidInt8)

	// What is updated has no owner any more.
	const back = ` returning d.conversation_id, d.hook, d.seq, d.owner, `
	const finish = `delete from {delivery} as d using pg_catalog.unnest($1::{outcome_row}[]) as o where o.did = 0 and ` + heldBy + `o.owner` + back + `d.failed_at is not null`
	s.finish = n.statement(finish, t.outcome.array)
	s.finishAtOnce = n.statement(`with done as (`+finish+` as failed) select `+expect(`count(*) = $2::bigint`)+` from done where not done.failed`, t.outcome.array, oidInt8)
	s.settle = n.statement(`with done as (`+finish+`),
		other as (update {delivery} as d set state = case when o.did = 2 then 'parked' else 'waiting' end, owner = null,
			due = statement_timestamp() + interval '1 microsecond' * case when o.did = 1 then o.wait::float8 else 0 end,
			attempts = case when o.did = 3 then d.attempts else o.attempts end,
			type = case when o.did = 3 then d.type else o.type end,
			error = case when o.did = 3 then d.error else o.error end,
			stack = case when o.did = 3 then d.stack else o.stack end,
			failed_at = case when o.did = 3 then d.failed_at else coalesce(o.failed_at, statement_timestamp()) end
			from pg_catalog.unnest($1::{outcome_row}[]) as o where o.did <> 0 and `+heldBy+`o.owner`+back+`true)
		select * from done union all select * from other`, t.outcome.array)

	const lanes = `unnest($1::text[], $2::text[]) as l(conversation_id, hook)`
	const inLane = `d.conversation_id = l.conversation_id and d.hook = l.hook`
	const inOneLane = `d.conversation_id = any (array[l.conversation_id]) and d.hook = l.hook`
	const canGoOn = `select exists (select from ` + lanes + ` cross join lateral (select d.state, d.due from {delivery} d
		where ` + inLane + ` and d.` + live + ` order by d.seq limit 1) as h where h.state = 'waiting' and h.due <= statement_timestamp())`
	// Mostly nothing waits at all, which one look at the index of what waits
	// tells; the second question is not asked then. What is blocked is not in
	// the index, and nobody could claim it.
	const someWait = `select exists (select from pg_catalog.unnest($2::text[]) as i(hook) cross join lateral (select from {delivery} d
		where d.hook = i.hook and ` + waiting + ` and d.due <= statement_timestamp() order by d.due limit 1) as w) and (` + canGoOn + `)`
	s.ready = n.statement(someWait, oidTexts, oidTexts)
	s.deliverReady = n.statement(`with delivered as (`+insert+`false`+rest+`) `+strings.NewReplacer("$1", "$4", "$2", "$5").Replace(someWait),
		t.delivery.array, oidText, oidInt8, oidTexts, oidTexts)
	s.refresh = n.statement(`with failed as materialized (select f.* from (select distinct l.* from `+lanes+` order by l.conversation_id, l.hook) as l`+failedOf+`
			and `+inLane+` order by d.seq for share) as f),
		marked as (update {delivery} as d set blocked = not d.blocked from `+lanes+` where `+inOneLane+` and d.state = 'waiting'
			and d.blocked <> exists (select from failed f where f.conversation_id = d.conversation_id and f.hook = d.hook and f.seq < d.seq)) `+canGoOn,
		oidTexts, oidTexts)

	const due = ` and d.due <= statement_timestamp()`
	// What is left of an owner that is gone waits from the end of its lease on, the
	// first of a lane and those behind it: whoever is done with one learns then that
	// the next one waits. What is locked is just being settled or renewed.
	s.reopen = n.statement(`with ended as materialized (select d.conversation_id, d.hook, d.seq from {delivery} d where `+claimed+due+` and d.hook = any ($1::text[])
			order by d.due for no key update skip locked)
		update {delivery} as d set state = 'waiting', owner = null from ended m
		where d.conversation_id = any (array[m.conversation_id]) and d.hook = m.hook and d.seq = m.seq`, oidTexts)
	s.claim = n.statement(`with first as materialized (
			select w.* from pg_catalog.unnest($1::text[]) as h(hook) cross join lateral (select d.conversation_id, d.hook, d.seq, d.due from {delivery} d
				where d.hook = h.hook and `+waiting+due+` and `+isFirst+` order by d.due limit $2::bigint) as w order by w.due limit $2::bigint),
		mine as materialized (select d.conversation_id, d.hook, d.seq from first f
			join {delivery} d on d.conversation_id = any (array[f.conversation_id]) and d.hook = f.hook and d.seq = f.seq
			where d.state || '' = 'waiting' and not d.blocked`+due+` for no key update of d skip locked)
		update {delivery} as d set state = 'claimed', owner = $3::text, due = statement_timestamp() + interval '1 microsecond' * $4::bigint::float8
		from mine m cross join lateral (select * from {event} e where e.conversation_id = m.conversation_id and e.seq = m.seq offset 0) as e
		where d.conversation_id = any (array[m.conversation_id]) and d.hook = m.hook and d.seq = m.seq
		returning d.hook, d.attempts, d.trace, e.event_id, e.conversation_id, e.seq, e.type, e.time, e.rule, e.vetoed, e.data`,
		oidTexts, oidInt8, oidText, oidInt8)
	s.next = n.statement(`select (extract(epoch from min(f.due) - statement_timestamp()) * 1000000::numeric)::bigint from (
			select w.due from pg_catalog.unnest($1::text[]) as h(hook) cross join lateral (select d.due from {delivery} d
				where d.hook = h.hook and `+waiting+` and `+isFirst+` order by d.due limit 1) as w
			union all (select d.due from {delivery} d where `+claimed+` and d.hook = any ($1::text[]) order by d.due limit 1)
		) as f`, oidTexts)

	// What somebody else has locked is just being settled.
	const mine = ` from mine m where d.conversation_id = any (array[m.conversation_id]) and d.hook = m.hook and d.seq = m.seq`
	// Each is looked up by its key: a join in any other order compares all that
	// are named with all that there are.
	s.renew = n.statement(`with mine as materialized (select l.* from
			(select u.conversation_id, u.hook, u.seq from pg_catalog.unnest($1::{delivery_row}[]) as u order by u.conversation_id, u.hook, u.seq) as o
			cross join lateral (select d.conversation_id, d.hook, d.seq from {delivery} d where `+heldBy+`$2::text for no key update of d skip locked) as l)
		update {delivery} as d set due = statement_timestamp() + interval '1 microsecond' * $3::bigint::float8`+mine, t.delivery.array, oidText, oidInt8)
	s.release = n.statement(`with mine as materialized (select conversation_id, hook, seq from {delivery} where state = 'claimed' and owner = $1::text
			order by conversation_id, hook, seq for no key update)
		update {delivery} as d set state = 'waiting', owner = null, due = statement_timestamp()`+mine, oidText)

	const failed = `with mine as materialized (select d.conversation_id, d.hook, d.seq
			from (select distinct * from unnest($1::text[], $2::text[])) as i(event_id, hook) join {delivery} d on d.event_id = i.event_id and d.hook = i.hook
			where d.state = 'parked' order by d.conversation_id, d.hook, d.seq for no key update of d)
		update {delivery} as d set `
	s.retry = n.statement(failed+`state = 'waiting', blocked = false, due = statement_timestamp(), attempts = 0, type = null, error = null, stack = null, failed_at = null`+
		mine+back+`true`, oidTexts, oidTexts)
	s.skip = n.statement(failed+`state = 'skipped', blocked = false, due = statement_timestamp()`+mine+back+`true`, oidTexts, oidTexts)
	return s
}
