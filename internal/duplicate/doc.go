// Package duplicate spares processes the deposit of what the owner of a
// conversation has heard, too.
//
// Where all processes hear all messages, as those that subscribe to the same
// topics do, the owner of a conversation stores each message, and each of the
// others would deposit a copy for it, which changes nothing. Instead the owner
// announces the fingerprints of what it has stored, and the others wait a moment
// for that before they deposit anything. A message is left out, and may be
// acknowledged, only if the owner has stored this very message: one with the same
// content, read at about the same time, in the same place among all that was
// heard of the conversation. Whatever is not announced in time, because the owner
// has not heard it, is slow or has died, or the announcement was lost, is
// deposited as ever.
//
// Which of two messages is the newer one shows in when they were read, and each
// process reads a message at its own time. So a message is deposited, too, when
// the owner has read it before this process has read something else of the
// conversation that it has deposited: that would hide it. With this, whatever one
// of the processes has heard all of is known in its order.
//
// One thing cannot be told: X, Y and X again within 250 ms, where this process has
// missed the first two and the owner the last one, which then passes for the
// first. Time is all that tells the two apart, and it differs by as much between
// processes that are busy. It is as if the owner's clock were slow by that moment.
// Y is believed, until the next message says X, or a poller does, that reads what
// has changed while sources were interrupted, as both of them must have been.
//
// Where each message reaches one process, as from a queue, nobody announces and
// nobody waits. Both are learned:
//   - A process announces for a while after a copy was deposited for it.
//   - A process that hears announcements compares them with what it deposits, and
//     begins to wait for an owner when nearly all was announced. It stops when
//     that is no longer so. While it waits it deposits a message now and then all
//     the same: so the owner knows that there is somebody to announce to.
package duplicate
