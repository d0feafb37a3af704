// Package outbox delivers events to After hooks: at least once, one after the
// other within a hook and conversation, in parallel otherwise.
//
// # The durable outbox
//
// The store has a row for each delivery until it is done. A row waits (for its
// turn, or for its next try), or it is claimed by a process under a lease, or it
// has failed for good. Claim gives out only the first unfinished row of a lane;
// a lane is a hook and a conversation.
//
// # The short way
//
// A process that commits an event may hold its deliveries from the start: they
// are claimed by the commit itself and run from memory, without a look at the
// store. Such a delivery goes through these states:
//
//	            Reserve           Committed          next            finish
//	(not known) ------> reserved ---------> queued ------> running ------> outcome
//	     ^                 | Abandon           | release                      | Recorded
//	     +-----------------+-------------------+------------------------------+
//
// From reserved to recorded the delivery is held: it has a place in memory, and
// its lease is renewed by its name. A delivery that the store says is claimed by
// this process and that it does not hold, because the answer of a commit or of a
// claim was lost, is not renewed: its lease ends, and it is claimed anew. So what
// the store says and what is held can differ for a lease and no longer. And one whose
// lease had ended before it was renewed, because the store could not be reached or
// the process was stopped, may be another one's by now: it is released, not run.
//
// # When the short way is closed
//
// The order of a lane holds as long as nothing runs from memory that the store
// has an earlier row of. So Reserve refuses in these states of a lane, and the
// delivery is committed as a row that waits:
//
//   - backlog: the record of the conversation says that the store has rows which
//     this process does not hold. The record is the lane's memory; it is set when
//     it is loaded, and by Reserve when a delivery goes the long way.
//   - blocked: a delivery of the lane failed or was released here, and those
//     behind it were released with it. That is on its way to the store as
//     outcomes, so the record does not say it yet. The lane is blocked until the
//     outcomes are recorded; then the record is dropped, to be loaded with its
//     backlog. While somebody works on the conversation that must wait until it rests; it is
//     enough, too, that Reserve has put the lane on the backlog meanwhile.
//   - doubted: the lease of a delivery that is held may have ended, because the store
//     could not be reached or the process was stopped. Somebody else may have it, and
//     the store ignores what became of it here. The lane is blocked, as above, until
//     that is recorded and the record is loaded. Before the first renewal that works
//     again all lanes are closed.
//   - no room: the hook has used up its share of the places. Every hook has the
//     same share, so that one that hangs takes nothing from the others.
//   - stopping.
//
// What went the long way is claimed when it is due. It may run in a blocked
// lane: it is the first of it.
//
// # Outcomes
//
// What became of a delivery is recorded by the next commit of many changes, or
// together with what else there is after 25 ms. An outcome that could not be
// recorded goes back to the head of the queue. One that is recorded twice, or
// after the lease has ended and somebody else has claimed the row, is ignored by
// the store.
//
// # The end
//
// When the sources have come to their end, Drain delivers what is due, also what an
// answer that was lost left claimed, and asks a store that fails again for a while.
// When Run is told to stop, Stop lets the hooks that run finish and releases the
// rest, for the next process.
package outbox
