package pgstore

// forgetStatements forget, and remember that.
type forgetStatements struct {
	hold, forget   *statement // conversations that are to be forgotten
	unheard        *statement // what lies in inboxes
	note           *statement // tombstones
	forgotten      *statement // which tombstones there are
	noneForgotten  *statement // it fails when there are some
	expire, vetoed *statement // tombstones that are old
}

func newForgetStatements(n names) (s forgetStatements) {
	// A row that somebody else is about to insert is waited for, one that nobody
	// has is held by a row of version 0.
	s.hold = n.statement(`insert into {conversation} as c (conversation_id, version, changed)
		select u.id, 0, statement_timestamp() from pg_catalog.unnest($1::text[]) as u(id)
		on conflict (conversation_id) do update set changed = c.changed where false`, oidTexts)
	s.forget = n.statement(`with gone as (delete from {conversation} where conversation_id = any ($1::text[]) returning version)
		select count(*) from gone where version > 0`, oidTexts)
	s.unheard = n.statement(`delete from {inbox} where conversation_id = any ($1::text[])`, oidTexts)
	s.note = n.statement(`insert into {forgotten} (digest, forgotten_at) select u.digest, statement_timestamp() from pg_catalog.unnest($1::text[]) as u(digest)
		on conflict (digest) do update set forgotten_at = excluded.forgotten_at`, oidTexts)
	s.forgotten = n.statement(`select digest from {forgotten} where digest = any ($1::text[])`, oidTexts)
	s.noneForgotten = n.statement(`select `+expect(`count(*) = 0::bigint`)+` from {forgotten} where digest = any ($1::text[])`, oidTexts)
	s.expire = n.statement(`with old as (delete from {forgotten} where digest = any (array(
			select digest from {forgotten} where forgotten_at < $1::timestamptz order by forgotten_at limit $2::bigint for update skip locked)) returning digest)
		select count(*) from old`, oidTimestamptz, oidInt8)
	s.vetoed = n.statement(`select conversation_id from {conversation} where vetoed is not null
		and changed_slot <= $1::timestamptz and changed < $1::timestamptz order by changed_slot limit $2::bigint for update skip locked`, oidTimestamptz, oidInt8)
	return s
}
