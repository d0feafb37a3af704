package storetest

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// inTx is an outcome that is done together with what a hook does.
func inTx(o store.Outcome, hook func(ctx context.Context) error) store.Outcome {
	o.InTx = hook
	return o
}

func hooksOfOutcomes(rule define) {
	rule("the hook of an outcome runs once, and the delivery is done", func(t *trial) {
		t.laneOf("c", 2, "hook")
		runs := 0
		ready := t.settle(inTx(did("me", t.only(t.claim("me", 1, "hook")), store.Done), func(context.Context) error {
			runs++
			return nil
		}))
		t.same("how often it ran", runs, 1)
		t.same("whether the next delivery is ready", ready, true)
		t.gives("me", []string{"hook"}, "c.2 to hook")
	})

	rule("when the hook of an outcome fails nothing of the batch is written", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		_, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{created("other")},
			Outcomes: []store.Outcome{inTx(did("me", d, store.Done), func(context.Context) error { return errHook })}})
		t.is("Commit", err, errHook)
		t.same("the version of the other change", t.load("other").Version, int64(0))
		t.same("the backlog", t.load("c").Backlog, []string{"hook"})
		t.settle(did("me", d, store.Done)) // it is still held
		t.same("the backlog in the end", t.load("c").Backlog, []string(nil))
	})

	rule("the hook of an outcome does not run for who does not hold the delivery", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		never := func(context.Context) error {
			t.Error("it ran")
			return nil
		}
		t.settle(inTx(did("other", d, store.Done), never))
		t.settle(did("me", d, store.Done))
		t.settle(inTx(did("me", d, store.Done), never))
	})

	rule("while the hook of an outcome runs nobody else is given the delivery", func(t *trial) {
		t.laneOf("c", 1, "hook")
		due, _ := t.claimFor(store.Claim{Owner: "me", Lease: short, Hooks: []string{"hook"}, Limit: 1})
		t.settle(inTx(did("me", t.only(due), store.Done), func(context.Context) error {
			time.Sleep(2 * short)
			ctx, cancel := context.WithTimeout(t.ctx, short)
			defer cancel()
			given, _, err := t.store.Claim(ctx, store.Claim{Owner: "other", Lease: long, Hooks: []string{"hook"}, Limit: 1})
			if err == nil && len(given) > 0 {
				t.Error("another one was given it")
			}
			return nil
		}))
		t.gives("other", []string{"hook"})
	})
}
