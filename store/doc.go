// Package store is the contract between the tracker and a database: what is
// kept, and what a commit promises. It knows nothing of hooks or of Genesys.
//
// # What is kept
//
// For each conversation its state with a version, or a tombstone when it was
// vetoed or forgotten; the log of its events; for each event and After hook a delivery,
// until it is done; conclusions that wait to settle; changes that Before hooks
// refused. Beside that a few named values of the host, such as a poller's
// cursor.
//
// # What a commit promises
//
// A [Batch] is one transaction. Each of its changes names the version that it
// is based on; one whose version is not current any more is left out and
// reported, the others are written. A change's events and deliveries are
// written with it or not at all. What [Change.InTx] writes through the store's
// own transaction is committed with its change or not at all. When Commit
// returns without error, the batch is durable to the degree that the store
// documents.
//
// # The outbox
//
// Deliveries are claimed by state, never by "id greater than the last one
// seen": sequences are handed out before they are committed, so a reader that
// remembers a place skips rows. [Store.Claim] gives out, for each hook and
// conversation, only the earliest delivery that is not finished, so the order
// within a conversation holds across retries, crashes and processes. A failed
// delivery holds back the later ones of its hook in its conversation.
//
// An owner holds a delivery from its commit or claim until its outcome is
// recorded or its lease ends. [Store.Renew] names the deliveries whose leases go
// on: an owner that does not know that it holds one, because the answer of the
// commit or claim was lost, does not name it, so the lease runs out and the
// delivery is given out again. [Store.Release] gives up all deliveries of an
// owner at once, as when a process ends.
//
// Leases are measured by the store's clock, so processes need not agree on the
// time.
//
// # What is kept aside
//
// What Before hooks refuse, or cannot decide on yet, is stored beside the
// conversation as [Refused], with all that was heard since. When the hooks are to be
// asked again it is due as a conclusion is: [Record.Pending] has an entry for it, so
// that [Store.Due] gives the conversation out to whichever process looks after it
// then. A store keeps what it is given, and knows nothing of the rules.
//
// # The inbox
//
// What a process hears of a conversation that another one looks after is
// written to that one's inbox with [Store.Deposit], many entries at a time, and
// is durable then. The owner is woken out of [Store.Await], reads with
// [Store.Inbox], writes what follows from it, and names what it has used up in
// [Batch.Taken] of that batch or of a later one. An entry that was replaced by a
// later one since it was read is not removed. So what was heard is used at least once, whoever dies when; it is
// the caller that makes sure that using it twice does no harm.
//
// Nobody claims an entry. The owner's name says who is to take it, and the
// entries of owners that are gone are given to everybody who asks, of whom each
// takes those of the conversations that it looks after now. An entry without a
// conversation is of several ones. Times are those of
// the callers, and are kept to the microsecond; they decide which of two
// entries of a key is kept, and the order of reading.
//
// Where a store lets conversations be deleted, their entries go with them.
//
// A store that is a [Broadcaster], too, saves deposits where all processes hear
// the same: they tell each other what they have stored.
//
// # Forgetting
//
// [Forgetter.Forget] deletes a conversation for good: a tombstone, which has
// nothing of it but a digest of its id, keeps it from coming back with what is
// heard later. A tombstone lasts until [Forgetter.Expire] removes it.
//
// # Text and sizes
//
// Ids, names, reasons and errors may be any string: a store that cannot keep what is
// no UTF-8, or a zero byte, keeps U+FFFD in its place. Events, values and the data of
// entries are bytes and come back as they were. A call may have 500 changes, 3,000
// ids to load, 10,000 outcomes, renewals, entries and names of entries, a value of
// 1 MiB, and an entry of 3 MiB.
//
// # Errors
//
// A conversation that is not stored is no error for Load; it is [ErrNotFound]
// for reads that name it. A lost race is [ErrConflict]. Everything else is the
// database's own error, wrapped. All methods are safe for concurrent use and
// honour their context.
//
// Package storetest is the conformance suite for any implementation.
package store
