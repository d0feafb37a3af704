package storetest

import (
	"time"

	"github.com/dcmkit/convtrack/store"
)

func leases(rule define) {
	// expires waits until the other one is given something of the hook, which
	// must not be before the lease is over that began no earlier than since.
	expires := func(t *trial, since time.Time, lease time.Duration, hook string) []store.Delivery {
		t.Helper()
		var due []store.Delivery
		t.eventually("the lease ends", func() bool {
			due = t.claim("other", 10, hook)
			return len(due) > 0
		})
		if held := time.Since(since); held < lease {
			t.Errorf("the lease of %v ended after %v", lease, held)
		}
		return due
	}
	claimShort := func(t *trial, hook string) []store.Delivery {
		t.Helper()
		due, _ := t.claimFor(store.Claim{Owner: "me", Lease: short, Hooks: []string{hook}, Limit: 10})
		return due
	}

	rule("a delivery whose lease has ended is given to somebody else, with its tries as before", func(t *trial) {
		t.laneOf("c", 2, "hook")
		t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.WillRetry))
		since := time.Now()
		t.only(claimShort(t, "hook"))
		d := t.only(expires(t, since, short, "hook"))
		t.same("the sequence", d.Seq, int64(1))
		t.same("how often it failed", d.Attempts, 1)
	})

	rule("a lease that began with a commit ends", func(t *trial) {
		since := time.Now()
		t.ok("the change", t.commit(store.Batch{Owner: "me", Lease: short, Changes: []*store.Change{
			created("c", claimedEvent("c", 1, "hook"), claimedEvent("c", 2, "hook"))}}).Results[0].Err)
		d := t.only(expires(t, since, short, "hook"))
		t.same("the sequence", d.Seq, int64(1))
		t.gives("third", []string{"hook"})
		t.settle(did("other", d, store.Done))
		t.gives("third", []string{"hook"}, "c.2 to hook")
	})

	rule("what somebody says whose lease has ended is ignored once another has the delivery", func(t *trial) {
		t.laneOf("c", 2, "hook")
		since := time.Now()
		d := t.only(claimShort(t, "hook"))
		expires(t, since, short, "hook")
		for _, what := range []store.Did{store.Done, store.WillRetry, store.Failed, store.Released} {
			if t.settle(did("me", d, what)) {
				t.Error("it says that a delivery is ready")
			}
		}
		t.gives("me", []string{"hook"})
		t.same("the first delivery", t.events("c")[0].Deliveries, []store.LoggedDelivery{{Hook: "hook", State: store.StateClaimed}})
		t.settle(did("other", d, store.Done))
		t.gives("me", []string{"hook"}, "c.2 to hook")
	})

	rule("a lease that is renewed goes on", func(t *trial) {
		t.laneOf("a", 1, "hook")
		held := t.gives("me", []string{"hook"}, "a.1 to hook")
		committed := claimedEvent("b", 1, "hook")
		t.writeAs("me", created("b", committed))
		held = append(held, store.Delivery{Event: committed.Event, Hook: "hook"})
		t.renew("me", 4*short, held...)
		t.renew("me", long, held...)
		for end := time.Now().Add(5 * short); time.Now().Before(end); time.Sleep(short / 2) {
			t.gives("other", []string{"hook"})
		}
	})

	rule("a lease may be renewed to an earlier end", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(t.gives("me", []string{"hook"}, "c.1 to hook"))
		since := time.Now()
		t.renew("me", short, d)
		expires(t, since, short, "hook")
	})

	rule("an owner renews its own leases only", func(t *trial) {
		t.laneOf("c", 1, "hook")
		since := time.Now()
		t.renew("nobody", long, t.only(claimShort(t, "hook")))
		expires(t, since, short, "hook")
	})

	rule("what the owner does not name runs out although it renews others", func(t *trial) {
		// The answer of a commit or a claim may be lost; then the owner does not
		// know what it holds, and must not hold it for ever.
		since := time.Now()
		t.commit(store.Batch{Owner: "me", Lease: short, Changes: []*store.Change{
			created("c", claimedEvent("c", 1, "named", "other"), claimedEvent("c", 2, "named")), created("d", claimedEvent("d", 1, "named"))}})
		named := store.Delivery{Event: event("c", 1).Event, Hook: "named"}
		t.renew("me", long, named)
		due := map[string]bool{}
		t.eventually("the leases of the others end", func() bool {
			t.renew("me", long, named)
			for _, d := range t.claim("other", 10, "named", "other") {
				due[d.ID+" to "+d.Hook] = true
			}
			return len(due) >= 2
		})
		if held := time.Since(since); held < short {
			t.Errorf("leases of %v ended after %v", short, held)
		}
		t.same("what others are given", due, map[string]bool{"c.1 to other": true, "d.1 to named": true})
		t.settle(did("me", named, store.Done))
		t.gives("other", []string{"named"}, "c.2 to named")
	})

	rule("an owner that names nothing renews nothing", func(t *trial) {
		t.laneOf("c", 1, "hook")
		since := time.Now()
		t.only(claimShort(t, "hook"))
		t.renew("me", long)
		expires(t, since, short, "hook")
	})

	rule("of what is renewed the owner's count, each once, and the rest is ignored", func(t *trial) {
		t.laneOf("mine", 2, "hook")
		d := t.only(t.claim("me", 10, "hook"))
		failed := t.failHead("failed", 1, "hook")
		t.laneOf("waits", 1, "hook")
		list := []store.Delivery{{Event: event("unknown", 1).Event, Hook: "hook"}, d, {Event: event("mine", 2).Event, Hook: "hook"}, {Event: event("mine", 1).Event, Hook: "unknown"},
			d, {Event: event("failed", 1).Event, Hook: "hook"}, {Event: event("waits", 1).Event, Hook: "hook"}}
		t.renew("me", long, list...)
		t.gives("other", []string{"hook"}, "waits.1 to hook")
		t.renew("me", 0, list...)
		t.gives("third", []string{"hook"}, "mine.1 to hook")
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{failed})
	})

	rule("ten thousand deliveries are renewed at once", func(t *trial) {
		const conversations, each = 100, 100
		held := t.heldLanes(conversations, each)
		t.renew("me", 0, held[:len(held)-each]...)
		t.same("how many are given", len(t.claim("other", conversations, "hook")), conversations-1)
		t.ok("Release", t.store.Release(t.ctx, "other"))
		t.ok("Release", t.store.Release(t.ctx, "me"))
		t.same("how many are given", len(t.claim("other", conversations, "hook")), conversations)
	})

	rule("release gives up all of the owner's deliveries and of nobody else", func(t *trial) {
		t.laneOf("mine", 2, "one", "two")
		t.writeAs("me", created("committed", claimedEvent("committed", 1, "one")))
		t.gives("me", []string{"one", "two"}, "mine.1 to one", "mine.1 to two")
		t.laneOf("theirs", 1, "one")
		t.gives("them", []string{"one"}, "theirs.1 to one")
		t.ok("Release", t.store.Release(t.ctx, "me"))
		due := t.gives("other", []string{"one", "two"}, "committed.1 to one", "mine.1 to one", "mine.1 to two")
		for _, d := range due {
			t.same("how often it failed", d.Attempts, 0)
		}
	})

	rule("release does not hurry what waits for its next try, nor what has failed", func(t *trial) {
		failed := t.failHead("head", 2, "hook")
		t.laneOf("failed", 1, "hook")
		o := did("me", t.only(t.claim("me", 1, "hook")), store.WillRetry)
		o.Wait = long
		t.settle(o)
		t.ok("Release", t.store.Release(t.ctx, "me"))
		t.ok("Release", t.store.Release(t.ctx, "failer"))
		t.gives("other", []string{"hook"})
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{failed})
	})

	rule("an owner without deliveries may renew and release", func(t *trial) {
		t.renew("nobody", long)
		t.renew("nobody", long, store.Delivery{Event: event("unknown", 1).Event, Hook: "hook"})
		t.ok("Release", t.store.Release(t.ctx, "nobody"))
	})

	rule("what an owner says after its lease has ended counts, as long as nobody has claimed since", func(t *trial) {
		t.laneOf("c", 2, "hook")
		d := t.only(claimShort(t, "hook"))
		t.pause(2 * short)
		t.settle(did("me", d, store.Done))
		t.gives("other", []string{"hook"}, "c.2 to hook")
	})

	rule("a lease that has ended is begun anew, as long as nobody has claimed since", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(claimShort(t, "hook"))
		t.pause(2 * short)
		t.renew("me", long, d)
		t.gives("other", []string{"hook"})
	})
}
