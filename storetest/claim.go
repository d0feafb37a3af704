package storetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

func claiming(rule define) {
	rule("a delivery comes with its event, and has not failed yet", func(t *trial) {
		e := event("c", 1, "hook")
		t.write(created("c", e))
		t.same("the delivery", t.only(t.claim("me", 10, "hook")), store.Delivery{Event: e.Event, Hook: "hook"})
	})

	rule("a delivery comes with the trace that its event was committed in, also after failures and when its hook begins again", func(t *trial) {
		const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		held, waits, untraced := claimedEvent("c", 1, "held"), event("c", 2, "waits", "other"), event("c", 3, "untraced")
		held.Trace, waits.Trace = trace, trace
		t.writeAs("me", created("c", held, waits, untraced))
		traceOf := func(owner, hook string) store.Delivery {
			d := t.only(t.claim(owner, 10, hook))
			want := trace
			if hook == "untraced" {
				want = ""
			}
			t.same("the trace of the delivery to "+hook, d.Trace, want)
			return d
		}
		traceOf("me", "untraced")
		traceOf("me", "other")
		t.settle(did("me", traceOf("me", "waits"), store.WillRetry))
		d := traceOf("them", "waits")
		t.settle(did("them", d, store.Failed))
		t.decide(store.Retry, store.DeliveryID(d.ID, d.Hook))
		traceOf("me", "waits")
		t.ok("Release", t.store.Release(t.ctx, "me"))
		traceOf("them", "held")
		traceOf("them", "waits")
	})

	rule("only the earliest unfinished delivery of a hook and conversation is given", func(t *trial) {
		t.laneOf("a", 3, "one", "two")
		t.laneOf("b", 2, "one")
		due := t.gives("me", []string{"one", "two"}, "a.1 to one", "a.1 to two", "b.1 to one")
		t.gives("me", []string{"one", "two"})
		for _, d := range due {
			t.settle(did("me", d, store.Done))
		}
		t.gives("me", []string{"one", "two"}, "a.2 to one", "a.2 to two", "b.2 to one")
	})

	rule("the order within a hook and conversation is that of the events, over all versions", func(t *trial) {
		t.write(created("c", event("c", 1, "hook"), event("c", 2, "other")))
		for seq := int64(3); seq < 15; seq++ {
			c := next(t.load("c"))
			c.Events = []store.NewEvent{event("c", seq, "hook")}
			t.write(c)
		}
		for seq := int64(1); seq < 15; seq++ {
			if seq == 2 {
				continue
			}
			d := t.only(t.claim("me", 10, "hook"))
			t.same("the sequence", d.Seq, seq)
			t.settle(did("me", d, store.Done))
		}
		t.gives("me", []string{"hook"})
	})

	rule("a delivery that somebody holds is given to nobody, its owner included", func(t *trial) {
		t.laneOf("c", 2, "hook")
		t.gives("me", []string{"hook"}, "c.1 to hook")
		t.gives("me", []string{"hook"})
		t.gives("other", []string{"hook"})
	})

	rule("only the hooks that are asked for are given", func(t *trial) {
		t.laneOf("c", 1, "one", "two", "three")
		t.gives("me", []string{"two", "unknown"}, "c.1 to two")
		t.gives("me", nil)
		t.gives("me", []string{"one", "two", "three"}, "c.1 to one", "c.1 to three")
	})

	rule("a hook that is asked for twice is given once", func(t *trial) {
		t.laneOf("c", 1, "hook")
		t.gives("me", []string{"hook", "hook"}, "c.1 to hook")
	})

	rule("the limit holds over all hooks, and the rest is given next", func(t *trial) {
		for i := range 7 {
			t.laneOf(fmt.Sprintf("c-%d", i), 2, "one", "two")
		}
		given := map[string]bool{}
		for _, want := range []int{5, 5, 4, 0} {
			due := t.claim("me", 5, "one", "two")
			t.same("how many were given", len(due), want)
			for _, d := range due {
				given[d.ID+" "+d.Hook] = true
			}
		}
		t.same("how many were given in all", len(given), 14)
	})

	rule("a limit of zero gives nothing", func(t *trial) {
		t.laneOf("c", 1, "hook")
		if due := t.claim("me", 0, "hook"); len(due) != 0 {
			t.Errorf("%d deliveries were given", len(due))
		}
		t.gives("me", []string{"hook"}, "c.1 to hook")
	})

	rule("a delivery that was claimed with its commit is its owner's", func(t *trial) {
		t.writeAs("me", created("c", claimedEvent("c", 1, "hook"), claimedEvent("c", 2, "hook"), event("c", 3, "hook")))
		t.gives("other", []string{"hook"})
		t.gives("me", []string{"hook"})
		for _, d := range []store.Delivery{{Event: event("c", 1).Event, Hook: "hook"}, {Event: event("c", 2).Event, Hook: "hook"}} {
			t.gives("other", []string{"hook"})
			t.settle(did("me", d, store.Done))
		}
		t.gives("other", []string{"hook"}, "c.3 to hook")
	})

	rule("a commit claims what says so and no more", func(t *trial) {
		mixed := claimedEvent("c", 1, "mine")
		mixed.Deliveries = append(mixed.Deliveries, store.NewDelivery{Hook: "anybody's"})
		t.writeAs("me", created("c", mixed))
		t.gives("other", []string{"mine", "anybody's"}, "c.1 to anybody's")
	})

	rule("deliveries of a conversation wait behind those of its earlier versions", func(t *trial) {
		t.laneOf("c", 1, "hook")
		held := t.only(t.claim("me", 1, "hook"))
		c := next(t.load("c"))
		c.Events = []store.NewEvent{event("c", 2, "hook")}
		t.write(c)
		t.gives("other", []string{"hook"})
		t.settle(did("me", held, store.Done))
		t.gives("other", []string{"hook"}, "c.2 to hook")
	})

	rule("nothing is due next where nothing waits", func(t *trial) {
		t.write(created("c"))
		due, next := t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook"}, Limit: 10})
		if len(due) != 0 || !next.IsZero() {
			t.Errorf("%d deliveries are given, the next one is due at %v", len(due), next)
		}
	})

	rule("the next one is due when the first of those that wait for their time is", func(t *trial) {
		for i, wait := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour} {
			t.laneOf(fmt.Sprintf("c-%d", i), 1, "hook")
			o := did("me", t.only(t.claim("me", 1, "hook")), store.WillRetry)
			o.Wait = wait
			t.settle(o)
		}
		now := time.Now()
		due, next := t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook"}, Limit: 10})
		if wait := next.Sub(now); len(due) != 0 || (wait-time.Hour).Abs() > time.Minute {
			t.Errorf("%d deliveries are given, the next one is due in %v, and must be in an hour", len(due), wait)
		}
	})

	rule("the next one is not due before what was not given", func(t *trial) {
		t.laneOf("waits", 1, "hook")
		o := did("me", t.only(t.claim("me", 1, "hook")), store.WillRetry)
		o.Wait = long
		t.settle(o)
		t.laneOf("ready", 1, "hook")
		due, next := t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook"}, Limit: 10})
		t.same("what was given", t.only(due).ID, "ready.1")
		if wait := time.Until(next); (wait - long).Abs() > time.Minute {
			t.Errorf("the next one is due in %v, and must be in %v", wait, long)
		}
	})

	rule("deliveries that were committed in a different order than they began are all given", func(t *trial) {
		// A reader that remembers the last place it has seen would skip those of
		// the slow transaction: it took its numbers first and commits last.
		begun, goOn := make(chan struct{}), make(chan struct{})
		var once sync.Once
		slow := hooked(created("slow", event("slow", 1, "hook")), func(context.Context, *store.Change) error {
			once.Do(func() { close(begun) })
			select {
			case <-goOn:
			case <-time.After(4 * short): // a store that writes one transaction at a time lets nobody else in meanwhile
			}
			return nil
		})
		var given []string
		t.together(2, func(i int) error {
			if i == 0 {
				_, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{slow}})
				return err
			}
			<-begun
			defer close(goOn)
			if _, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{created("quick", event("quick", 1, "hook"))}}); err != nil {
				return err
			}
			due, _, err := t.store.Claim(t.ctx, store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook"}, Limit: 10})
			for _, d := range due {
				given = append(given, d.ID)
			}
			return err
		})
		for _, d := range t.claim("me", 10, "hook") {
			given = append(given, d.ID)
		}
		t.sameSet("what was given", given, []string{"quick.1", "slow.1"})
	})
}
