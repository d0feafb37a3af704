package storetest

import (
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// lagOf returns what the store says of how far hooks are behind; false when it
// leaves that to Backlog.
func (t *trial) lagOf(limit int) (map[string]store.Lag, bool) {
	t.Helper()
	reporter, reports := store.As[store.LagReporter](t.store)
	if !reports {
		t.Log("the store is no store.LagReporter: trackers ask it for its Backlog")
		return nil, false
	}
	began := time.Now()
	lags, err := reporter.Lag(t.ctx, limit)
	t.lagTook = time.Since(began)
	t.ok("Lag", err)
	return lags, true
}

// dueWithin checks when the earliest delivery that could be claimed is due. A store
// that reckons with the time since then is wrong by what the answer took.
func (t *trial) dueWithin(lag store.Lag, from, to time.Time) {
	t.Helper()
	const clocks = 100 * time.Millisecond // that of the store may be another
	off := clocks + t.lagTook
	if lag.Due.Before(from.Add(-off)) || lag.Due.After(to.Add(off)) {
		t.Errorf("the earliest is due at %v; want between %v and %v", lag.Due, from, to)
	}
}

func lagging(rule define) {
	counts := func(lags map[string]store.Lag) map[string]int {
		n := map[string]int{}
		for hook, lag := range lags {
			n[hook] = lag.Unfinished
		}
		return n
	}

	rule("the lag of each hook counts what the backlog does, whatever the state", func(t *trial) {
		if lags, reports := t.lagOf(100); !reports {
			return
		} else {
			t.same("the lag of nothing", counts(lags), map[string]int{})
		}
		t.laneOf("a", 3, "hook", "other")
		t.laneOf("b", 2, "hook", "failing", "held")
		check := func(what string) {
			t.Helper()
			lags, _ := t.lagOf(100)
			t.same("the lag "+what, counts(lags), t.backlog())
			for hook, lag := range lags {
				if lag.More {
					t.Errorf("%s: there is more of %s, it says", what, hook)
				}
			}
		}
		check("at first")
		held := t.only(t.claim("me", 1, "held"))
		check("while one is held")
		t.settle(did("me", held, store.WillRetry))
		check("while one waits for its next try")
		t.settle(did("me", t.only(t.claim("me", 1, "failing")), store.Failed))
		check("when one has failed")
		more := next(t.load("b"))
		more.Events = []store.NewEvent{event("b", 3, "failing")}
		t.write(more)
		check("when one waits behind it")
		t.decide(store.Skip, store.DeliveryID("b.1", "failing"))
		check("when that is skipped")
		for _, d := range t.claim("me", 10, "hook", "other", "failing") {
			t.settle(did("me", d, store.Done))
		}
		check("when some are done")
	})

	rule("the lag says since when the earliest delivery is due that could be claimed, or when it will be", func(t *trial) {
		began := time.Now()
		t.laneOf("a", 2, "hook")
		lags, reports := t.lagOf(100)
		if !reports {
			return
		}
		t.dueWithin(lags["hook"], began, time.Now())
		t.same("how often it failed", lags["hook"].Attempts, 0)
		d := t.only(t.claim("me", 1, "hook"))
		lags, _ = t.lagOf(100)
		if !lags["hook"].Due.IsZero() {
			t.Errorf("a delivery that is held, and one that waits behind it, are due at %v", lags["hook"].Due)
		}
		o := did("me", d, store.WillRetry)
		o.Wait, o.Failure.Attempts = time.Hour, 3
		began = time.Now()
		t.settle(o)
		lags, _ = t.lagOf(100)
		t.dueWithin(lags["hook"], began.Add(time.Hour), time.Now().Add(time.Hour))
		t.same("how often it failed", lags["hook"].Attempts, 3)
		began = time.Now()
		t.laneOf("b", 1, "hook")
		lags, _ = t.lagOf(100)
		t.dueWithin(lags["hook"], began, time.Now())
		t.same("how often it failed", lags["hook"].Attempts, 0)
	})

	rule("what somebody held is due since its lease has ended, and what waits behind a delivery that is held is not", func(t *trial) {
		o := func(d store.Delivery) store.Outcome {
			o := did("me", d, store.WillRetry)
			o.Failure.Attempts = 3
			return o
		}
		t.laneOf("claimed", 1, "claimed")
		t.settle(o(t.only(t.claim("me", 1, "claimed"))))
		began := time.Now()
		t.claimFor(store.Claim{Owner: "gone", Lease: short, Hooks: []string{"claimed"}, Limit: 1})
		from := time.Now()
		t.heldLane("gone", "committed", 1, 2, short)
		t.writeAs("me", created("held", claimedEvent("held", 1, "behind")))
		more := next(t.load("held"))
		more.Events = []store.NewEvent{claimedEvent("held", 2, "behind")}
		t.ok("the change", t.commit(store.Batch{Owner: "me", Lease: short, Changes: []*store.Change{more}}).Results[0].Err)
		to := time.Now()
		var lags map[string]store.Lag
		t.eventually("the leases end", func() bool {
			var reports bool
			lags, reports = t.lagOf(100)
			return !reports || !lags["claimed"].Due.IsZero() && !lags["hook"].Due.IsZero() && time.Since(to) > 2*short
		})
		if lags == nil {
			return
		}
		t.dueWithin(lags["claimed"], began.Add(short), from.Add(short))
		t.same("how often it failed", lags["claimed"].Attempts, 3)
		t.dueWithin(lags["hook"], from.Add(short), to.Add(short))
		t.same("how often it failed", lags["hook"].Attempts, 0)
		if due := lags["behind"].Due; !due.IsZero() {
			t.Errorf("a delivery that waits behind one that is held is due at %v", due)
		}
		// Due still, once somebody has looked for it without taking it.
		t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"claimed", "hook"}, Limit: 1})
		t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"claimed", "hook"}, Limit: 1})
		lags, _ = t.lagOf(100)
		for _, hook := range []string{"claimed", "hook"} {
			if due := lags[hook].Due; !due.IsZero() {
				t.Errorf("a delivery that is held again is due at %v", due)
			}
		}
	})

	rule("a lag that is not counted to its end says so, and is at least the limit", func(t *trial) {
		const all, limit = 30, 5
		for i := range all {
			t.laneOf(fmt.Sprint("c", i), 1, "waits", "fails", "held")
		}
		for _, d := range t.claim("me", all, "fails") {
			t.settle(did("me", d, store.Failed))
		}
		t.claim("me", all, "held")
		lags, reports := t.lagOf(limit)
		if !reports {
			return
		}
		for _, hook := range []string{"waits", "fails", "held"} {
			lag := lags[hook]
			if lag.Unfinished != all && (!lag.More || lag.Unfinished < limit || lag.Unfinished > all) {
				t.Errorf("the lag of %s is %+v; there are %d", hook, lag, all)
			}
		}
	})
}
