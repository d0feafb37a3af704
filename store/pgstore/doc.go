// Package pgstore is a Store in PostgreSQL, 14 or later.
//
//	pool, err := pgxpool.New(ctx, "postgres://…")
//	…
//	s, err := pgstore.New(ctx, pool, nil)
//
// The rows are the truth and may be read by anybody: a table for each of
// conversation, participant, session, segment, metric, transfer, survey and
// evaluation, with columns in Genesys's terms, beside the log of events and
// its deliveries. Tables and columns have comments, and views whose names
// begin with cdm_report answer what DCM asks first. Write to none of them. To
// forget a conversation, call Forget, or delete its row: everything that belongs
// to it goes with it, events, deliveries and entries of the inbox included, and
// a tombstone in cdm_forgotten keeps it from coming back. To truncate the table
// leaves no tombstones. Triggers delete what belongs to it, not foreign keys, which
// would make each commit dearer. They run once for each statement, so delete many
// conversations with one.
//
// # Roles
//
// The role that applies the migrations owns the tables. The role of the pool
// needs less once they are applied:
//
//	grant usage on schema … to …;
//	grant select, insert, update, delete on all tables in schema … to …;
//	revoke insert, update, delete on cdm_migration from …;
//
// The migrations that make cdm_inbox and cdm_forgotten give the privileges on
// them to those who have them on cdm_delivery.
//
// Who deletes a conversation needs the privileges select and delete on the
// tables of what belongs to it, cdm_event, cdm_delivery and cdm_inbox included,
// and select and insert on cdm_forgotten too: nothing here runs with the rights
// of another role. Grant nobody the privilege trigger, which "grant all"
// includes: a trigger runs with the rights of whoever writes to the table. A view
// shows what its owner may read, so the privilege to select from it is enough to
// report. Only the owner should be allowed to create objects in the schema;
// before PostgreSQL 15 everybody may in the schema public. [Store.Validate]
// says what differs.
//
// # Durability
//
// What Commit has returned is as durable as the server's commits are:
// synchronous_commit decides. A batch is one transaction of one round trip with
// one statement for each table, however large it is. Where that finds the rows
// otherwise than it expects, as another process was faster, nothing is written:
// the log of the server has an error that names convtrack and says so, and the
// batch is committed in two round trips, as are those of the next minute.
//
// # Transactions of Before hooks
//
// A Before hook reaches the transaction that writes its change with [Tx], and
// what it writes there is committed with the change or not at all. It holds a
// connection of the pool and the row of its conversation meanwhile, so a hook
// that is slow delays those who change the same conversation, and a pool
// should be larger than the number of hooks that run at a time and the
// tracker's committers together.
//
// # Several processes
//
// Any number of processes may share the tables. A change that another process
// was faster with is reported as a conflict; deliveries are leased, by the
// clock of the database.
//
// While a process awaits its inbox, one connection of a pool of four or more
// listens for what the others deposit, on a channel whose name is made from
// those of the schema and the tables. Messages name the owner of the inbox, and
// nothing of what was heard. Behind a proxy, and in a smaller pool, the table is
// asked instead, up to 40 times a second.
//
// # Connections
//
// Beside that the store keeps nothing in a session, so a proxy that gives out connections
// by the transaction may stand between; set the pool's default query mode to
// one without prepared statements then, such as pgx.QueryExecModeExec.
// A statement that the server ends, or a connection that breaks, fails the
// call and leaves nothing half done. Deadlocks and the like are tried again
// before they are reported, also those of a hook's own statements that the hook
// returns, wrapped or not: the hooks of the batch run again then.
package pgstore
