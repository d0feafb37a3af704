package main

import (
	"context"
	"errors"

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
	_, err = tx.Exec(ctx, "insert into demo_case_conversation values ($1, $2, 'INITIAL')", id, conversationID)
	return id, err
}

// giveTo gives a case to the user behind a Genesys user, and returns the name
// of the user; empty when that changes nothing.
func giveTo(ctx context.Context, tx pgx.Tx, caseID, genesysUserID string) (owner string, err error) {
	err = tx.QueryRow(ctx, `update demo_case c set owner = u.name from demo_user u
		where c.case_id = $1 and u.genesys_user_id = $2 and c.owner <> u.name returning u.name`, caseID, genesysUserID).Scan(&owner)
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
