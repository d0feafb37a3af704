package pgstore

import "github.com/dcmkit/convtrack/store/internal/rows"

// readStatements read conversations, their log, and values.
type readStatements struct {
	known, backlog, announced *statement
	read                      [rows.Evaluation + 1]*statement
	exists, log, deliveries   *statement
	due, backlogs             *statement
	value, setNew, setValue   *statement
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
	s.deliveries = n.statement(`select seq, hook, state, attempts, error from {delivery}`+one+` order by seq, hook`, oidText)
	s.due = n.statement(`select conversation_id, due from {conversation} where due is not null order by due, conversation_id limit $1::bigint`, oidInt8)

	s.backlogs = n.statement(`select hook, count(*) from {delivery} where ` + live + ` group by hook`)

	s.value = n.statement(`select value, version from {value} where name = $1::text`, oidText)
	s.setNew = n.statement(`insert into {value} (name, version, value) values ($1::text, 1, $2::bytea) on conflict do nothing returning version`, oidText, oidBytea)
	s.setValue = n.statement(`update {value} set version = version + 1, value = $2::bytea where name = $1::text and version = $3::bigint returning version`,
		oidText, oidBytea, oidInt8)
	return s
}
