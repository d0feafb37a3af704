package storetest

import (
	"github.com/dcmkit/convtrack/store"
)

func parkedDeliveries(rule define) {
	rule("a parked delivery holds back the later ones of its lane and no others", func(t *trial) {
		t.laneOf("a", 3, "one", "two")
		t.laneOf("b", 2, "one")
		var parked store.Delivery
		for _, d := range t.claim("me", 10, "one", "two") {
			if d.ConversationID == "a" && d.Hook == "one" {
				parked = d
				continue
			}
			t.settle(did("me", d, store.Done))
		}
		if t.settle(did("me", parked, store.Parked)) {
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

	rule("a parked delivery is not given again by itself", func(t *trial) {
		t.parkHead("c", 1, "hook")
		due, next := t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook"}, Limit: 10})
		if len(due) != 0 || !next.IsZero() {
			t.Errorf("%d deliveries are given, the next one is due at %v", len(due), next)
		}
	})

	rule("a retry begins again, with all tries, before the later ones of its lane", func(t *trial) {
		id := t.parkHead("c", 2, "hook")
		t.same("how many were parked", t.unpark(store.Retry, id), 1)
		t.same("the first delivery", t.events("c")[0].Deliveries, []store.LoggedDelivery{{Hook: "hook", State: store.StateWaiting}})
		d := t.only(t.gives("me", []string{"hook"}, "c.1 to hook"))
		t.same("how often it failed", d.Attempts, 0)
		t.settle(did("me", d, store.Done))
		t.gives("me", []string{"hook"}, "c.2 to hook")
	})

	rule("a delivery can be parked again after a retry", func(t *trial) {
		id := t.parkHead("c", 2, "hook")
		for range 3 {
			t.same("how many were parked", t.unpark(store.Retry, id), 1)
			t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.Parked))
			t.same("what is parked", t.allParked(store.ParkedQuery{}), []string{id})
		}
	})

	rule("a skip makes way for the later ones of its lane", func(t *trial) {
		id := t.parkHead("c", 2, "hook")
		t.same("how many were parked", t.unpark(store.Skip, id), 1)
		t.settle(did("me", t.only(t.gives("me", []string{"hook"}, "c.2 to hook")), store.Done))
		t.same("what is parked", t.allParked(store.ParkedQuery{}), []string(nil))
		t.same("the backlog", t.load("c").Backlog, []string(nil))
		t.same("the state of the first delivery", t.events("c")[0].Deliveries[0].State, store.StateSkipped)
	})

	rule("what is retried or skipped is not parked any more", func(t *trial) {
		first, second := t.parkHead("a", 1, "hook"), t.parkHead("b", 1, "hook")
		t.unpark(store.Retry, first)
		t.unpark(store.Skip, second)
		t.same("what is parked", t.allParked(store.ParkedQuery{}), []string(nil))
		t.same("how many were parked", t.unpark(store.Retry, first, second)+t.unpark(store.Skip, first, second), 0)
		t.gives("me", []string{"hook"}, "a.1 to hook")
	})

	rule("many are unparked at once, those that are not parked are not counted", func(t *trial) {
		a, b := t.parkHead("a", 1, "hook"), t.parkHead("b", 1, "hook")
		t.laneOf("waits", 1, "hook")
		t.write(&store.Change{ID: "refused", Refused: refusal("hook", 1, merged(said("refused", call)))})
		n := t.unpark(store.Retry, a, "unknown", store.DeliveryID("waits.1", "hook"), store.DeliveryID("a.1", "other"), store.ChangeID("a"),
			store.ChangeID("refused"), "", "delivery:", "delivery:a.1", b, a)
		t.same("how many were parked", n, 2)
		t.gives("me", []string{"hook"}, "a.1 to hook", "b.1 to hook", "waits.1 to hook")
		t.same("what is still parked", t.allParked(store.ParkedQuery{}), []string{store.ChangeID("refused")})
	})

	rule("no ids unpark nothing", func(t *trial) {
		id := t.parkHead("c", 1, "hook")
		t.same("how many were parked", t.unpark(store.Retry)+t.unpark(store.Skip), 0)
		t.same("what is parked", t.allParked(store.ParkedQuery{}), []string{id})
	})

	rule("a delivery that is held is not unparked", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		t.same("how many were parked", t.unpark(store.Skip, store.DeliveryID("c.1", "hook"))+t.unpark(store.Retry, store.DeliveryID("c.1", "hook")), 0)
		t.gives("other", []string{"hook"})
		t.settle(did("me", d, store.Done))
	})

	rule("a delivery parked behind others that are held parks its lane when they are done", func(t *trial) {
		t.writeAs("me", created("c", claimedEvent("c", 1, "hook"), claimedEvent("c", 2, "hook"), event("c", 3, "hook")))
		t.settle(did("me", store.Delivery{Event: event("c", 1).Event, Hook: "hook"}, store.Done), did("me", store.Delivery{Event: event("c", 2).Event, Hook: "hook"}, store.Parked))
		t.gives("other", []string{"hook"})
		t.unpark(store.Skip, store.DeliveryID("c.2", "hook"))
		t.gives("other", []string{"hook"}, "c.3 to hook")
	})
}
