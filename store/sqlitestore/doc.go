// Package sqlitestore is a Store in one SQLite file, without cgo and without a
// server: the default for an embedded tracker.
//
//	s, err := sqlitestore.Open(ctx, "conversations.db", nil)
//
// The rows are the truth and may be read with any SQLite tool while the
// tracker runs: a table for each of conversation, participant, session,
// segment, metric, transfer, survey and evaluation, with columns in Genesys's
// terms, beside the log of events and its deliveries. Times are microseconds
// since 1970, in UTC: datetime(conversation_start/1e6, 'unixepoch'). Write to
// none of them; tables of your own are welcome in the file once the store has
// created it.
//
// # Durability
//
// What Commit has returned survives a crash of the process and of the machine:
// the journal is a write-ahead log, and is synced with every commit. Batches
// share the sync. A file that is deleted, replaced or cut short while it is
// open, or its log (-wal), is noticed at the next write: [ErrGone].
//
// Never copy the file without its log, which has what was committed of late. VACUUM
// INTO makes a whole copy while it is in use. Where such a copy takes the place of
// the file, with no process running, remove the log (-wal) and its index (-shm) that
// were left beside it: SQLite would play that log onto the copy.
//
// # What is deleted
//
// What the store deletes is overwritten with zeros. The log has it until others
// have taken its place there, or the last process closes the file. Where SQLite
// had moved a row to another page a copy may be left in an unused part of the
// first one: VACUUM, which makes the file anew, leaves nothing.
//
// # Transactions of hooks
//
// A Before hook reaches the transaction that writes its change with [Tx], and
// what it writes there is committed with the change or not at all. So does an
// After hook that asked for a transaction, with the mark that it is done. Neither
// of them can end it. One batch is written at a time, so a hook that is slow
// holds up all others, and one that writes to the store by another way than its
// transaction waits for itself until its context ends.
//
// # Several processes
//
// Any number of processes on one machine may open the file, each with a
// tracker of its own. Do not put the file on a network file system.
//
// # Time
//
// Leases and waits go by the wall clock of the machine. Where that is set back,
// they go on as if it had not been: the file notes by how much its time is ahead.
package sqlitestore
