package pgstore

import "github.com/dcmkit/convtrack/store/internal/rows"

// readStatements read conversations, their log, and values.
type readStatements struct {
	known, backlog, announced *statement
	read                      [rows.Evaluation + 1]*statement
	exists, log, deliveries   *statement
	due, backlogs             *statement

	waitingLag, claimedLag, failedLag *statement // how far hooks are behind

	value, setNew, setValue *statement
}

func newReadStatements(n names) (s readStatements) {
	const some = ` where conversation_id = any ($1::text[])`
	s.known = n.statement(`select conversation_id, ''::text from {conversation}`+some+`
		union all select ''::text, digest from {forgotten} where digest = any ($2::text[])`, oidTexts, oidTexts)
	for e := range s.read {
		table := rows.Entity(e).Table()
		s.read[e] = n.statement(`select `+list(table.Columns)+` from {`+table.Name+`}`+some, oidTexts)
	}
	s.announced = n.statement(`select conversation_id, seq, event_id from {event}`+some+` order by conversation_id, seq`, oidTexts)
	s.backlog = n.statement(`select distinct conversation_id, hook from {delivery}`+some+` and `+live+` order by conversation_id, hook`, oidTexts)

	const one = ` where conversation_id = $1::text`
	s.exists = n.statement(`select conversation_id from {conversation}`+one, oidText)
	s.log = n.statement(`select event_id, conversation_id, seq, type, time, rule, vetoed, data from {event}`+one+` order by seq`, oidText)
	s.deliveries = n.statement(`select seq, hook, state, attempts, error, stack from {delivery}`+one+` order by seq, hook`, oidText)
	s.due = n.statement(`select conversation_id, due from {conversation} where due is not null order by due, conversation_id limit $1::bigint`, oidInt8)

	s.backlogs = n.statement(`select hook, count(*) from {delivery} where ` + live + ` group by hook`)

	// The hooks are found one after the other by the index of what waits, not by
	// looking at all that does; what is blocked by the lane of what has failed.
	const sample = `select d.conversation_id, d.hook, d.failed_at from {delivery} d where `
	const counted = `count(*) + coalesce(sum((select count(*) from {delivery} b where c.failed_at is not null
		and b.conversation_id = any (array[c.conversation_id]) and b.hook = c.hook and b.state = 'waiting' and b.blocked)), 0)::bigint`
	// Of what is claimed only that is due whose lease has ended.
	const dueFirst = `, (extract(epoch from statement_timestamp() - f.due) * 1000000::numeric)::bigint, f.attempts `
	const firstOf = ` left join lateral (select d.due, d.attempts from {delivery} d where d.hook = h.hook and `
	const isDueFirst = ` and ` + isFirst + ` order by d.due limit 1) as f on true`
	s.waitingLag = n.statement(`with recursive hooks(hook) as (
			(select d.hook from {delivery} d where `+waiting+` order by d.hook limit 1)
			union all select (select d.hook from {delivery} d where `+waiting+` and d.hook > h.hook order by d.hook limit 1) from hooks h where h.hook is not null)
		select h.hook, s.n, s.looked`+dueFirst+`
		from hooks h cross join lateral (select `+counted+` as n, count(*) as looked from (`+sample+`d.hook = h.hook and `+waiting+` order by d.due limit $1::bigint) as c) as s
		`+firstOf+waiting+isDueFirst+`
		where h.hook is not null`, oidInt8)
	const byHook = `select c.hook, ` + counted + ` as n, (sum(count(*)) over ())::bigint as looked from (` + sample
	s.claimedLag = n.statement(`select h.hook, h.n, h.looked`+dueFirst+`from (`+byHook+claimed+` order by d.due limit $1::bigint) as c group by c.hook) as h`+
		firstOf+claimed+` and d.due <= statement_timestamp()`+isDueFirst, oidInt8)
	s.failedLag = n.statement(byHook+`d.state = 'parked' order by d.failed_at limit $1::bigint) as c group by c.hook`, oidInt8)

	s.value = n.statement(`select value, version from {value} where name = $1::text`, oidText)
	s.setNew = n.statement(`insert into {value} (name, version, value) values ($1::text, 1, $2::bytea) on conflict do nothing returning version`, oidText, oidBytea)
	s.setValue = n.statement(`update {value} set version = version + 1, value = $2::bytea where name = $1::text and version = $3::bigint returning version`,
		oidText, oidBytea, oidInt8)
	return s
}
