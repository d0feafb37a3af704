package storetest

import (
	"github.com/dcmkit/convtrack/store"
)

func failedDeliveries(rule define) {
	rule("a failed delivery holds back the later ones of its lane and no others", func(t *trial) {
		t.laneOf("a", 3, "one", "two")
		t.laneOf("b", 2, "one")
		var failed store.Delivery
		for _, d := range t.claim("me", 10, "one", "two") {
			if d.ConversationID == "a" && d.Hook == "one" {
				failed = d
				continue
			}
			t.settle(did("me", d, store.Done))
		}
		if t.settle(did("me", failed, store.Failed)) {
			t.Error("it says that a delivery is ready, and there is none")
		}
		c := next(t.load("a"))
		c.Events = []store.NewEvent{event("a", 4, "one", "two")}
		t.write(c)
		for _, d := range t.gives("me", []string{"one", "two"}, "a.2 to two", "b.2 to one") {
			t.settle(did("me", d, store.Done))
		}
		t.gives("me", []string{"one", "two"}, "a.3 to two")
	})

	rule("a failed delivery is not given again by itself", func(t *trial) {
		t.failHead("c", 1, "hook")
		due, next := t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook"}, Limit: 10})
		if len(due) != 0 || !next.IsZero() {
			t.Errorf("%d deliveries are given, the next one is due at %v", len(due), next)
		}
	})

	rule("a retry begins again, with all tries, before the later ones of its lane", func(t *trial) {
		id := t.failHead("c", 2, "hook")
		t.same("how many had failed", t.decide(store.Retry, id), 1)
		t.same("the first delivery", t.events("c")[0].Deliveries, []store.LoggedDelivery{{Hook: "hook", State: store.StateWaiting}})
		d := t.only(t.gives("me", []string{"hook"}, "c.1 to hook"))
		t.same("how often it failed", d.Attempts, 0)
		t.settle(did("me", d, store.Done))
		t.gives("me", []string{"hook"}, "c.2 to hook")
	})

	rule("a delivery can fail again after a retry", func(t *trial) {
		id := t.failHead("c", 2, "hook")
		for range 3 {
			t.same("how many had failed", t.decide(store.Retry, id), 1)
			t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.Failed))
			t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{id})
		}
	})

	rule("a skip makes way for the later ones of its lane", func(t *trial) {
		id := t.failHead("c", 2, "hook")
		t.same("how many had failed", t.decide(store.Skip, id), 1)
		t.settle(did("me", t.only(t.gives("me", []string{"hook"}, "c.2 to hook")), store.Done))
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string(nil))
		t.same("the backlog", t.load("c").Backlog, []string(nil))
		t.same("the state of the first delivery", t.events("c")[0].Deliveries[0].State, store.StateSkipped)
	})

	rule("what is retried or skipped has not failed any more", func(t *trial) {
		first, second := t.failHead("a", 1, "hook"), t.failHead("b", 1, "hook")
		t.decide(store.Retry, first)
		t.decide(store.Skip, second)
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string(nil))
		t.same("how many had failed", t.decide(store.Retry, first, second)+t.decide(store.Skip, first, second), 0)
		t.gives("me", []string{"hook"}, "a.1 to hook")
	})

	rule("many are decided on at once, those that have not failed are not counted", func(t *trial) {
		a, b := t.failHead("a", 1, "hook"), t.failHead("b", 1, "hook")
		t.laneOf("waits", 1, "hook")
		t.write(&store.Change{ID: "refused", Refused: refusal("hook", 1, merged(partial("refused", call)))})
		n := t.decide(store.Retry, a, "unknown", store.DeliveryID("waits.1", "hook"), store.DeliveryID("a.1", "other"), store.ChangeID("a"),
			store.ChangeID("refused"), "", "delivery:", "delivery:a.1", b, a)
		t.same("how many had failed", n, 2)
		t.gives("me", []string{"hook"}, "a.1 to hook", "b.1 to hook", "waits.1 to hook")
		t.same("what is still listed", t.allFailed(store.FailedQuery{}), []string{store.ChangeID("refused")})
	})

	rule("no ids decide nothing", func(t *trial) {
		id := t.failHead("c", 1, "hook")
		t.same("how many had failed", t.decide(store.Retry)+t.decide(store.Skip), 0)
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{id})
	})

	rule("a delivery that is held is not decided on", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		t.same("how many had failed", t.decide(store.Skip, store.DeliveryID("c.1", "hook"))+t.decide(store.Retry, store.DeliveryID("c.1", "hook")), 0)
		t.gives("other", []string{"hook"})
		t.settle(did("me", d, store.Done))
	})

	rule("a delivery that fails behind others that are held blocks its lane when they are done", func(t *trial) {
		t.writeAs("me", created("c", claimedEvent("c", 1, "hook"), claimedEvent("c", 2, "hook"), event("c", 3, "hook")))
		t.settle(did("me", store.Delivery{Event: event("c", 1).Event, Hook: "hook"}, store.Done), did("me", store.Delivery{Event: event("c", 2).Event, Hook: "hook"}, store.Failed))
		t.gives("other", []string{"hook"})
		t.decide(store.Skip, store.DeliveryID("c.2", "hook"))
		t.gives("other", []string{"hook"}, "c.3 to hook")
	})
}
