package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// cases are the backend's own records. What a hook writes of them is committed
// with what it is told of, or not at all.
type cases struct {
	// exec executes a statement in the transaction of a hook. Nil: there is no
	// table, as the store is in memory.
	exec func(ctx context.Context, statement string, args ...any) error
	// read reads one text, outside of a transaction.
	read func(ctx context.Context, statement, arg string) (string, error)
	// owners are those of the cases where there is no table.
	owners *owners
}

// createCases makes the table.
const createCases = `create table if not exists dcm_case (
  case_id text primary key,
  conversation_id text not null unique,
  owner text not null default '',
  owner_since text not null default ''
)`

// addSince adds the column to a table that was made before there was one.
const addSince = "alter table dcm_case add column owner_since text not null default ''"

// prepare makes the table where it is not there, which needs a privilege that to use
// it does not, and sees that it has the columns of this backend. find returns its name,
// or nothing.
func (c cases) prepare(ctx context.Context, find string, execute func(ctx context.Context, statement string) error) error {
	name, err := c.read(ctx, find, "dcm_case")
	if err == nil && name == "" {
		err = execute(ctx, createCases)
	}
	if err != nil {
		return fmt.Errorf("the table of cases: %w", err)
	}
	if _, err := c.read(ctx, "select case_id || conversation_id || owner from dcm_case where case_id = $1 limit 0", ""); err != nil {
		return fmt.Errorf("the table dcm_case is not one that this backend can use: %w; if it is another program's, name a database of the backend's own with -store", err)
	}
	const since = "select owner_since from dcm_case where case_id = $1 limit 0"
	if _, err := c.read(ctx, since, ""); err == nil {
		return nil
	}
	err = execute(ctx, addSince)
	if _, lacks := c.read(ctx, since, ""); lacks != nil { // else another replica was faster
		return fmt.Errorf("the table dcm_case lacks a column: %w; its owner can add it: %s", err, addSince)
	}
	return nil
}

// link links a conversation to a case, which it returns. This backend opens a
// case for each conversation; a real one would look for that of the customer,
// and veto a conversation that has none.
func (c cases) link(ctx context.Context, conversationID string) (id string, err error) {
	id = "CASE-" + conversationID
	if c.exec == nil {
		return id, nil
	}
	return id, c.exec(ctx, "insert into dcm_case (case_id, conversation_id) values ($1, $2) on conflict (case_id) do nothing", id, conversationID)
}

// owner is who has a case, and since when.
type owner struct {
	userID string
	since  time.Time
}

// owners are kept in memory, by the case.
type owners struct {
	mu sync.Mutex
	by map[string]owner
}

func (o *owners) set(id string, to owner) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !to.since.Before(o.by[id].since) {
		o.by[id] = to
	}
}

func (o *owners) of(id string) owner {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.by[id]
}

// sinceFormat sorts as the times do.
const sinceFormat = "2006-01-02T15:04:05.000000Z"

// giveTo makes a Genesys user the owner of a case, unless somebody is since a later
// time: a source may bring late who had the conversation before.
func (c cases) giveTo(ctx context.Context, id string, to owner) error {
	if c.exec == nil {
		c.owners.set(id, to)
		return nil
	}
	return c.exec(ctx, "update dcm_case set owner = $2, owner_since = $3 where case_id = $1 and owner_since <= $3", id, to.userID, to.since.UTC().Format(sinceFormat))
}

// owner returns the Genesys user who owns a case; empty: nobody does yet.
func (c cases) owner(ctx context.Context, id string) (userID string, err error) {
	if c.exec == nil {
		return c.owners.of(id).userID, nil
	}
	return c.read(ctx, "select owner from dcm_case where case_id = $1", id)
}

// errNoTransaction: the tracker has another store than that of the cases.
var errNoTransaction = errors.New("the hook runs in no transaction of this store")

func execSQLite(ctx context.Context, statement string, args ...any) error {
	tx, in := sqlitestore.Tx(ctx)
	if !in {
		return errNoTransaction
	}
	_, err := tx.ExecContext(ctx, statement, args...)
	return err
}

func execPostgres(ctx context.Context, statement string, args ...any) error {
	tx, in := pgstore.Tx(ctx)
	if !in {
		return errNoTransaction
	}
	_, err := tx.Exec(ctx, statement, args...)
	return err
}
