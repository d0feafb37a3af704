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
// Where each message reaches one process, as from a queue, nobody announces and
// nobody waits. Both are learned:
//   - A process announces for a while after a copy was deposited for it.
//   - A process that hears announcements compares them with what it deposits, and
//     begins to wait for an owner when nearly all was announced. It stops when
//     that is no longer so. While it waits it deposits a message now and then all
//     the same: so the owner knows that there is somebody to announce to.
package duplicate
