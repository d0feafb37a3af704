package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tables are the backend's own. The advisory lock lets replicas start at once.
const tables = `
select pg_advisory_xact_lock(hashtext('demo tables'));
create table if not exists demo_case (
  case_id text primary key,
  caller text not null unique,
  owner text not null
);
create table if not exists demo_case_conversation (
  case_id text not null references demo_case,
  conversation_id text not null,
  verb text not null,
  owner_since timestamptz not null default '-infinity',
  primary key (case_id, conversation_id)
);
create table if not exists demo_user (
  name text primary key,
  genesys_user_id text not null unique
);
insert into demo_case values ('CASE-4711', '+31612345678', 'nobody') on conflict do nothing;
insert into demo_user values ('alice', 'user-a'), ('bob', 'user-b') on conflict do nothing`

func createTables(ctx context.Context, pool *pgxpool.Pool) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, tables)
		return err
	})
}

// caseOf links a conversation to the case of its caller, and returns the case;
// empty when the caller has none.
func caseOf(ctx context.Context, tx pgx.Tx, caller, conversationID string) (id string, err error) {
	err = tx.QueryRow(ctx, "select case_id from demo_case where caller = $1", caller).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, "insert into demo_case_conversation (case_id, conversation_id, verb) values ($1, $2, 'INITIAL')", id, conversationID)
	return id, err
}

// giveTo gives a case to the user behind a Genesys user who has the conversation since
// the time, and returns the name of the user; empty when that changes nothing. What is
// heard late takes the case from nobody who has the conversation since a later time.
func giveTo(ctx context.Context, tx pgx.Tx, caseID, conversationID, genesysUserID string, since time.Time) (owner string, err error) {
	err = tx.QueryRow(ctx, `with latest as (update demo_case_conversation set owner_since = $4
			where case_id = $1 and conversation_id = $2 and owner_since <= $4 returning case_id)
		update demo_case c set owner = u.name from demo_user u, latest
		where c.case_id = latest.case_id and u.genesys_user_id = $3 and c.owner <> u.name returning u.name`, caseID, conversationID, genesysUserID, since).Scan(&owner)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return owner, err
}

// reportCase says what is stored of a conversation's case, by a query over the
// backend's tables and convtrack's.
func reportCase(ctx context.Context, pool *pgxpool.Pool, conversationID string, printf func(format string, args ...any)) error {
	found, err := pool.Query(ctx, `select l.case_id, k.owner, c.calculated_status, string_agg(u.name, ' and ' order by a.user_id)
		from demo_case_conversation l join demo_case k using (case_id) join cdm_conversation c using (conversation_id)
		left join cdm_report_agent_time a using (conversation_id) left join demo_user u on u.genesys_user_id = a.user_id
		where conversation_id = $1 and a.answered group by 1, 2, 3`, conversationID)
	if err != nil {
		return err
	}
	var id, owner, status, agents string
	_, err = pgx.ForEachRow(found, []any{&id, &owner, &status, &agents}, func() error {
		printf("%s belongs to %s; its conversation is %s, %s have worked on it\n", id, owner, status, agents)
		return nil
	})
	return err
}
