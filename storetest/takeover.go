package storetest

import (
	"time"

	"github.com/dcmkit/convtrack/store"
)

// takingOver is about deliveries of an owner that is gone, or that does not know
// of them: who looks when the store says so comes to them as their leases end.
func takingOver(rule define) {
	const ended, others = "the lane of an owner that is gone goes on at once, when its leases have ended", "the leases of a lane that end later"
	rule(ended, func(t *trial) {
		latest := t.heldLane("gone", "c", 1, 3, short)
		t.follow(&follower{owner: "me", hook: "hook", latest: latest}, 3)
	})

	rule(others+" are waited for, however quick the hook is", func(t *trial) {
		t.heldLane("gone", "c", 1, 2, short)
		latest := t.heldLane("gone", "c", 3, 2, 4*short)
		t.follow(&follower{owner: "me", hook: "hook", latest: latest}, 4)
	})

	rule(others+" while the first delivery is under way are not waited for again", func(t *trial) {
		t.heldLane("gone", "c", 1, 2, short)
		latest := t.heldLane("gone", "c", 3, 2, 3*short)
		t.follow(&follower{owner: "me", hook: "hook", latest: latest, slow: true}, 4)
	})

	rule("what an owner holds without knowing it is given to it when the lease has ended, all of the lane", func(t *trial) {
		latest := t.heldLane("me", "c", 1, 3, short)
		t.follow(&follower{owner: "me", hook: "hook", latest: latest}, 3)
	})

	rule("the lanes of several owners that are gone go on beside each other", func(t *trial) {
		t.heldLane("gone", "a", 1, 3, 2*short)
		t.heldLane("other", "b", 1, 3, short)
		latest := t.heldLane("me", "c", 1, 3, 2*short)
		t.follow(&follower{owner: "me", hook: "hook", latest: latest}, 9)
	})
}

// heldLane has an owner hold n deliveries of a conversation from the sequence on,
// with a lease from their commit on. It returns when that has ended for sure.
func (t *trial) heldLane(owner, id string, from int64, n int, lease time.Duration) (latest time.Time) {
	t.Helper()
	c := created(id)
	if from > 1 {
		c = next(t.load(id))
	}
	for seq := from; seq < from+int64(n); seq++ {
		c.Events = append(c.Events, claimedEvent(id, seq, "hook"))
	}
	t.ok("the change", t.commit(store.Batch{Owner: owner, Lease: lease, Changes: []*store.Change{c}}).Results[0].Err)
	return time.Now().Add(lease)
}

// follower looks for deliveries only when the store says so: when an outcome made
// way for one, and when Claim said that the next one is due.
type follower struct {
	owner, hook string
	slow        bool      // an outcome is there only after the latest time
	latest      time.Time // when all leases of others have ended
	given       map[string]int64
	look        time.Time // when the next one is said to be due
	dated       bool      // that was said, and is in time
}

// follow fails the rule unless the follower is given so many deliveries, those of
// a conversation in their order.
func (t *trial) follow(f *follower, want int) {
	t.Helper()
	f.given = map[string]int64{}
	for n := 0; ; {
		due := f.claim(t)
		for f.slow && len(due) > 0 && time.Now().Before(f.latest) {
			if !f.awaitNext(t) {
				t.pause(time.Until(f.latest))
			}
			due = append(due, f.claim(t)...)
		}
		ready := false
		for _, d := range due {
			f.given[d.ConversationID]++
			t.same("the sequence of what is given", d.Seq, f.given[d.ConversationID])
			ready = t.settle(did(f.owner, d, store.Done)) || ready
		}
		if n += len(due); n == want {
			return
		}
		if !ready && !f.awaitNext(t) {
			t.Fatalf("%d of %d deliveries are given, and nothing says to look for the others in time", n, want)
		}
	}
}

// claim claims until nothing is due any more, and notes when it will be.
func (f *follower) claim(t *trial) []store.Delivery {
	t.Helper()
	const clocks = 100 * time.Millisecond // that of the store may be another
	var all []store.Delivery
	for {
		began := time.Now()
		due, next := t.claimFor(store.Claim{Owner: f.owner, Lease: long, Hooks: []string{f.hook}, Limit: 10})
		if all = append(all, due...); len(due) > 0 {
			continue
		}
		f.look, f.dated = next, !next.IsZero() && next.Before(later(f.latest, time.Now()).Add(time.Since(began)+clocks))
		return all
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// awaitNext waits until the next one is said to be due; false when that is not
// said, or to be long after the leases of others end.
func (f *follower) awaitNext(t *trial) bool {
	t.Helper()
	if !f.dated {
		return false
	}
	if !t.pause(max(time.Until(f.look), time.Millisecond)) {
		t.Fatalf("waiting for a lease to end: %v", t.ctx.Err())
	}
	return true
}
