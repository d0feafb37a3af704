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

	rule("while the hooks of outcomes run nobody else is given one of the deliveries, whoever gives them up", func(t *trial) {
		t.laneOf("a", 1, "hook")
		t.laneOf("b", 1, "hook")
		due, _ := t.claimFor(store.Claim{Owner: "me", Lease: short, Hooks: []string{"hook"}, Limit: 2})
		given := func(when string) {
			ctx, cancel := context.WithTimeout(t.ctx, short)
			defer cancel()
			if given, _, err := t.store.Claim(ctx, store.Claim{Owner: "other", Lease: long, Hooks: []string{"hook"}, Limit: 2}); err == nil && len(given) > 0 {
				t.Errorf("another one was given %d of them %s", len(given), when)
			}
		}
		var outcomes []store.Outcome
		for _, d := range due {
			outcomes = append(outcomes, inTx(did("me", d, store.Done), func(context.Context) error {
				time.Sleep(2 * short)
				given("when the lease had ended")
				ctx, cancel := context.WithTimeout(t.ctx, short)
				defer cancel()
				_ = t.store.Release(ctx, "me") // it may wait for the end
				given("when the owner had released all")
				return nil
			}))
		}
		t.settle(outcomes...)
		t.gives("other", []string{"hook"})
	})

	rule("what its owner gave up while the hook of an outcome ran is given to others when that fails", func(t *trial) {
		t.laneOf("c", 1, "hook")
		_, err := t.store.Commit(t.ctx, store.Batch{Outcomes: []store.Outcome{inTx(did("me", t.only(t.claim("me", 1, "hook")), store.Done), func(context.Context) error {
			ctx, cancel := context.WithTimeout(t.ctx, short)
			defer cancel()
			_ = t.store.Release(ctx, "me")
			return errHook
		})}})
		t.is("Commit", err, errHook)
		t.ok("Release", t.store.Release(t.ctx, "me"))
		// A store may be about to end the Release that was given up, and keep the
		// delivery as long.
		t.eventually("the delivery is given", func() bool {
			due, next := t.claimFor(store.Claim{Owner: "other", Lease: long, Hooks: []string{"hook"}, Limit: 2})
			if len(due) == 0 && next.IsZero() {
				t.Fatal("Claim gave nothing, and did not say when something is due")
			}
			return len(due) == 1
		})
	})

	rule("of several outcomes of a delivery in one batch the first of its owner counts, and only its hook runs", func(t *trial) {
		t.laneOf("c", 5, "hook")
		var ran []string
		hook := func(name string) func(context.Context) error {
			return func(context.Context) error {
				ran = append(ran, name)
				return nil
			}
		}
		settle := func(owner string, first store.Did, second string) {
			t.Helper()
			ran = nil
			d := t.only(t.claim("me", 1, "hook"))
			outcome := did(owner, d, first)
			if first == store.Done {
				outcome.InTx = hook("first")
			}
			t.settle(outcome, inTx(did(second, d, store.Done), hook("second")))
		}
		settle("me", store.Done, "me")
		t.same("whose hooks ran of two of the owner", ran, []string{"first"})
		settle("me", store.Done, "other")
		t.same("whose hooks ran, the second being somebody else's", ran, []string{"first"})
		settle("other", store.Done, "me")
		t.same("whose hooks ran, the first being somebody else's", ran, []string{"second"})
		for _, did := range []store.Did{store.Released, store.WillRetry, store.Failed} {
			settle("me", did, "me")
			t.same("whose hooks ran when the first is not done", ran, []string(nil))
		}
		t.same("the backlog", t.load("c").Backlog, []string{"hook"})
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{store.DeliveryID("c.4", "hook")})
	})
}
