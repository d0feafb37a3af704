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
		t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.Failed))
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
		for _, what := range []store.Did{store.Done, store.Failed, store.Parked, store.Released} {
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
		t.writeAs("me", created("b", claimedEvent("b", 1, "hook")))
		t.gives("me", []string{"hook"}, "a.1 to hook")
		t.ok("Renew", t.store.Renew(t.ctx, "me", 4*short))
		t.ok("Renew", t.store.Renew(t.ctx, "me", long))
		for end := time.Now().Add(5 * short); time.Now().Before(end); time.Sleep(short / 2) {
			t.gives("other", []string{"hook"})
		}
	})

	rule("a lease may be renewed to an earlier end", func(t *trial) {
		t.laneOf("c", 1, "hook")
		t.gives("me", []string{"hook"}, "c.1 to hook")
		since := time.Now()
		t.ok("Renew", t.store.Renew(t.ctx, "me", short))
		expires(t, since, short, "hook")
	})

	rule("an owner renews its own leases only", func(t *trial) {
		t.laneOf("c", 1, "hook")
		since := time.Now()
		t.only(claimShort(t, "hook"))
		t.ok("Renew", t.store.Renew(t.ctx, "nobody", long))
		expires(t, since, short, "hook")
	})

	rule("a lease of zero gives up all deliveries of the owner and of nobody else", func(t *trial) {
		t.laneOf("mine", 2, "one", "two")
		t.writeAs("me", created("committed", claimedEvent("committed", 1, "one")))
		t.gives("me", []string{"one", "two"}, "mine.1 to one", "mine.1 to two")
		t.laneOf("theirs", 1, "one")
		t.gives("them", []string{"one"}, "theirs.1 to one")
		t.ok("Renew", t.store.Renew(t.ctx, "me", 0))
		due := t.gives("other", []string{"one", "two"}, "committed.1 to one", "mine.1 to one", "mine.1 to two")
		for _, d := range due {
			t.same("how often it failed", d.Attempts, 0)
		}
	})

	rule("a lease of zero does not hurry what waits for its next try, nor what is parked", func(t *trial) {
		parked := t.parkHead("parked", 2, "hook")
		t.laneOf("failed", 1, "hook")
		o := did("me", t.only(t.claim("me", 1, "hook")), store.Failed)
		o.Wait = long
		t.settle(o)
		t.ok("Renew", t.store.Renew(t.ctx, "me", 0))
		t.ok("Renew", t.store.Renew(t.ctx, "parker", 0))
		t.gives("other", []string{"hook"})
		t.same("what is parked", t.allParked(store.ParkedQuery{}), []string{parked})
	})

	rule("an owner without deliveries may renew", func(t *trial) {
		t.ok("Renew", t.store.Renew(t.ctx, "nobody", long))
		t.ok("Renew", t.store.Renew(t.ctx, "nobody", 0))
	})
}
