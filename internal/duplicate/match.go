package duplicate

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// sameMoment is how far apart two processes read the same message at most: their
// clocks differ a little, and one may be busy.
const sameMoment = 250 * time.Millisecond

// keep is how long a message or an announcement is compared with others.
const keep = 2 * mostPatience

// heard is a message that this process has heard.
type heard struct {
	conversation.Fingerprint
	talk  *talk
	owner *owner
	at    time.Time
	over  chan struct{} // closed when there is nothing to wait for: it is found, or will not be
	found bool          // the owner has announced it
	as    time.Time     // when the owner has read it, once it is found
	late  bool          // it was not announced in time
}

// missing says that nobody waits for the message to be announced any more.
func (h *heard) missing(now time.Time) {
	if !h.late && !h.found {
		h.late = true
		h.owner.missing(h, now)
	}
}

// read is when this process has read the message, or later.
func (h *heard) read() time.Time {
	if h.Seen.IsZero() {
		return h.at
	}
	return h.Seen
}

// talk is what this process and the owner have heard of a conversation lately,
// as far as the one was not found in the other.
type talk struct {
	heard     []*heard    // by this process, in its order
	stored    []announced // by the owner, in the order in which it read them
	deposited time.Time   // when the latest message was read that this process has deposited
}

// announce adds what the owner has stored.
func (t *talk) announce(a announced) {
	at := len(t.stored)
	for at > 0 && !a.Seen.IsZero() && t.stored[at-1].Seen.After(a.Seen) {
		at--
	}
	t.stored = slices.Insert(t.stored, at, a)
}

// forget drops what is too old to be compared.
func (t *talk) forget(now time.Time) {
	for len(t.heard) > 0 && now.Sub(t.heard[0].at) >= keep {
		t.drop(now)
	}
	t.stored = slices.DeleteFunc(t.stored, func(a announced) bool { return now.Sub(a.at) >= keep })
}

// drop drops the first message, which was not announced, and so is deposited.
func (t *talk) drop(now time.Time) {
	t.heard[0].missing(now)
	t.deposit(t.heard[0].read())
	close(t.heard[0].over)
	t.heard = t.heard[1:]
}

// match finds messages that the owner has stored.
//
// Messages of the same content are not the same message: a conversation that is
// held, not held and held again says the first thing twice, and a process that has
// missed the second one must not take the third for the first. So the messages of this
// process are found in their order, and one after which the owner has stored
// something else only together with the next one. So a message is never taken for
// another one as long as one of the two has heard all; and where both have missed
// a part, not for one that was read earlier than sameMoment before.
func (t *talk) match(now time.Time) {
	for len(t.heard) > 0 {
		first := t.heard[0]
		at := t.find(0, first)
		if at < 0 && (t.isPast(first) || t.wasRead(first)) {
			t.drop(now)
			continue
		}
		if next := at + 1; at < 0 || next < len(t.stored) && (len(t.heard) == 1 || t.find(next, t.heard[1]) < 0) {
			return
		}
		first.found, first.as = true, t.stored[at].Seen
		t.heard, t.stored = t.heard[1:], t.stored[at+1:]
		first.owner.announced(first, now)
		close(first.over)
	}
}

// covers reports whether the message was found and may be left out: what the
// owner has stored must be newer than all that this process has deposited. Of two
// messages the owner may have read both before this process read the first one.
// A copy of that is newer than both, and hides the second one unless there is a
// copy of it, too.
func (t *talk) covers(h *heard) bool {
	return h.found && (h.Seen.IsZero() || h.as.After(t.deposited))
}

// deposit says that this process deposits a message that it has read then, or
// before.
func (t *talk) deposit(read time.Time) {
	if read.After(t.deposited) {
		t.deposited = read
	}
}

// find returns the place in what the owner has stored, from one on; -1 when it is
// not there.
func (t *talk) find(from int, h *heard) int {
	for at := from; at < len(t.stored); at++ {
		if s := &t.stored[at]; s.Sum == h.Sum && s.Seen.Sub(h.Seen).Abs() <= sameMoment {
			return at
		}
	}
	return -1
}

// isPast reports whether the owner has stored what is certainly later than the
// message.
func (t *talk) isPast(h *heard) bool {
	last := len(t.stored) - 1
	return last >= 0 && !h.Seen.IsZero() && t.stored[last].Seen.Sub(h.Seen) > sameMoment
}

// wasRead reports whether the owner has read the message, as it seems, but so
// long before that it cannot be told from an earlier one: one of the two was busy.
// Nothing else is going to be announced for it.
func (t *talk) wasRead(h *heard) bool {
	return slices.ContainsFunc(t.stored, func(s announced) bool { return s.Sum == h.Sum && h.Seen.Sub(s.Seen) > sameMoment })
}
