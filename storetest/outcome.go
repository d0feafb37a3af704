package storetest

import (
	"math/rand/v2"
	"time"

	"github.com/dcmkit/convtrack/store"
)

func outcomes(rule define) {
	rule("done makes way for the next delivery and says so", func(t *trial) {
		t.laneOf("c", 2, "hook")
		if !t.settle(did("me", t.only(t.claim("me", 10, "hook")), store.Done)) {
			t.Error("it does not say that a delivery is ready")
		}
		d := t.only(t.gives("me", []string{"hook"}, "c.2 to hook"))
		if t.settle(did("me", d, store.Done)) {
			t.Error("it says that a delivery is ready, and there is none")
		}
		t.gives("me", []string{"hook"})
		t.same("the backlog", t.load("c").Backlog, []string(nil))
	})

	rule("the backlog of each hook is what it has not finished, whatever the state", func(t *trial) {
		t.same("the backlog of nothing", t.backlog(), map[string]int{})
		t.laneOf("a", 3, "hook", "other")
		t.laneOf("b", 1, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		t.same("the backlog", t.backlog(), map[string]int{"hook": 4, "other": 3})
		t.settle(did("me", d, store.Done))
		t.same("the backlog when one is done", t.backlog(), map[string]int{"hook": 3, "other": 3})
		d = t.only(t.claim("me", 1, "other"))
		t.settle(did("me", d, store.Failed))
		t.same("the backlog when one has failed", t.backlog(), map[string]int{"hook": 3, "other": 3})
		t.decide(store.Skip, store.DeliveryID(d.ID, "other"))
		t.same("the backlog when that is skipped", t.backlog(), map[string]int{"hook": 3, "other": 2})
	})

	rule("done says nothing of a next delivery that is held already", func(t *trial) {
		t.writeAs("me", created("c", claimedEvent("c", 1, "hook"), claimedEvent("c", 2, "hook")))
		if t.settle(did("me", store.Delivery{Event: event("c", 1).Event, Hook: "hook"}, store.Done)) {
			t.Error("it says that a delivery is ready, and there is none")
		}
	})

	rule("done is of one hook only", func(t *trial) {
		t.laneOf("c", 1, "one", "two")
		t.settle(did("me", t.only(t.claim("me", 10, "one")), store.Done))
		t.same("the backlog", t.load("c").Backlog, []string{"two"})
		t.gives("me", []string{"one", "two"}, "c.1 to two")
	})

	rule("many outcomes are recorded at once", func(t *trial) {
		t.laneOf("a", 2, "hook")
		t.laneOf("b", 2, "hook")
		t.laneOf("c", 2, "hook")
		var all []store.Outcome
		for _, d := range t.claim("me", 10, "hook") {
			all = append(all, did("me", d, map[string]store.Did{"a": store.Done, "b": store.Failed, "c": store.Released}[d.ConversationID]))
		}
		if !t.settle(all...) {
			t.Error("it does not say that deliveries are ready")
		}
		t.gives("me", []string{"hook"}, "a.2 to hook", "c.1 to hook")
	})

	rule("a delivery that failed is tried again when its wait is over, and not before", func(t *trial) {
		t.laneOf("c", 1, "hook")
		o := did("me", t.only(t.claim("me", 1, "hook")), store.WillRetry)
		o.Wait = short
		failed := time.Now()
		t.settle(o)
		var due []store.Delivery
		t.eventually("the delivery is tried again", func() bool {
			due = t.claim("other", 1, "hook")
			return len(due) > 0
		})
		if waited := time.Since(failed); waited < short {
			t.Errorf("it was tried again after %v, and must wait %v", waited, short)
		}
		t.same("how often it failed", t.only(due).Attempts, 1)
	})

	rule("a delivery that failed and need not wait is ready at once, with its tries counted", func(t *trial) {
		t.laneOf("c", 1, "hook")
		for tries := range 5 {
			d := t.only(t.claim("me", 1, "hook"))
			t.same("how often it failed", d.Attempts, tries)
			if !t.settle(did("me", d, store.WillRetry)) {
				t.Error("it does not say that a delivery is ready")
			}
		}
		t.same("the deliveries", t.events("c")[0].Deliveries, []store.LoggedDelivery{{Hook: "hook", State: store.StateWaiting, Attempts: 5, Error: "try 5 failed"}})
	})

	rule("a delivery that waits for its next try holds back its own lane and no other", func(t *trial) {
		t.laneOf("a", 2, "one", "two")
		t.laneOf("b", 2, "one")
		o := did("me", t.only(t.claim("me", 1, "two")), store.WillRetry)
		o.Wait = long
		t.settle(o)
		t.gives("me", []string{"one", "two"}, "a.1 to one", "b.1 to one")
	})

	rule("a delivery that was released is ready again, with its tries as before", func(t *trial) {
		t.laneOf("c", 2, "hook")
		t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.WillRetry))
		d := t.only(t.claim("me", 1, "hook"))
		if !t.settle(did("me", d, store.Released)) {
			t.Error("it does not say that a delivery is ready")
		}
		d = t.only(t.gives("other", []string{"hook"}, "c.1 to hook"))
		t.same("how often it failed", d.Attempts, 1)
	})

	rule("deliveries released behind one that failed stay behind it", func(t *trial) {
		t.writeAs("me", created("c", claimedEvent("c", 1, "hook"), claimedEvent("c", 2, "hook"), claimedEvent("c", 3, "hook")))
		first := did("me", store.Delivery{Event: event("c", 1).Event, Hook: "hook"}, store.WillRetry)
		first.Wait = long
		t.settle(first, did("me", store.Delivery{Event: event("c", 2).Event, Hook: "hook"}, store.Released),
			did("me", store.Delivery{Event: event("c", 3).Event, Hook: "hook"}, store.Released))
		t.gives("other", []string{"hook"})
		t.same("the backlog", t.load("c").Backlog, []string{"hook"})
	})

	rule("deliveries released together are given one after the other", func(t *trial) {
		t.writeAs("me", created("c", claimedEvent("c", 1, "hook"), claimedEvent("c", 2, "hook")))
		if !t.settle(did("me", store.Delivery{Event: event("c", 2).Event, Hook: "hook"}, store.Released),
			did("me", store.Delivery{Event: event("c", 1).Event, Hook: "hook"}, store.Released)) {
			t.Error("it does not say that a delivery is ready")
		}
		d := t.only(t.gives("other", []string{"hook"}, "c.1 to hook"))
		t.gives("me", []string{"hook"})
		t.settle(did("other", d, store.Done))
		t.gives("me", []string{"hook"}, "c.2 to hook")
	})

	rule("an outcome from somebody who does not hold the delivery is ignored", func(t *trial) {
		t.laneOf("c", 2, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		before := t.events("c")
		for _, what := range []store.Did{store.Done, store.WillRetry, store.Failed, store.Released} {
			if t.settle(did("other", d, what)) {
				t.Error("it says that a delivery is ready")
			}
			t.same("the log", t.events("c"), before)
		}
		t.gives("other", []string{"hook"})
		t.settle(did("me", d, store.Done))
		t.gives("other", []string{"hook"}, "c.2 to hook")
	})

	rule("an outcome of a delivery that nobody holds is ignored", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := store.Delivery{Event: event("c", 1).Event, Hook: "hook"}
		if t.settle(did("me", d, store.Done), did("", d, store.Failed)) {
			t.Error("it says that a delivery is ready")
		}
		d = t.only(t.gives("me", []string{"hook"}, "c.1 to hook"))
		t.settle(did("me", d, store.Done))
		t.settle(did("me", d, store.WillRetry))
		t.gives("me", []string{"hook"})
	})

	rule("an outcome of a delivery that does not exist is ignored", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		unknown := d
		unknown.ID, unknown.ConversationID, unknown.Seq = eventID("c", 2), "c", 2
		elsewhere := d
		elsewhere.Hook = "other"
		if t.settle(did("me", unknown, store.Done), did("me", elsewhere, store.Done)) {
			t.Error("it says that a delivery is ready")
		}
		t.same("the backlog", t.load("c").Backlog, []string{"hook"})
	})

	rule("outcomes are recorded together with changes", func(t *trial) {
		t.laneOf("c", 2, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		c := next(t.load("c"), partial("c", tagged("vip")))
		c.Events = []store.NewEvent{event("c", 3, "hook")}
		done := t.commit(store.Batch{Owner: "me", Lease: long, Outcomes: []store.Outcome{did("me", d, store.Done)}, Changes: []*store.Change{c, created("d", event("d", 1, "hook"))}})
		t.ok("the first change", done.Results[0].Err)
		t.ok("the second change", done.Results[1].Err)
		if !done.Ready {
			t.Error("it does not say that a delivery is ready")
		}
		t.sameConversation("the conversation", t.load("c").Conversation, c.To)
		t.gives("me", []string{"hook"}, "c.2 to hook", "d.1 to hook")
		t.settle(did("me", store.Delivery{Event: event("c", 2).Event, Hook: "hook"}, store.Done))
		t.gives("me", []string{"hook"}, "c.3 to hook")
	})

	rule("an outcome and the next delivery of its lane may come in one batch", func(t *trial) {
		t.writeAs("me", created("c", claimedEvent("c", 1, "hook")))
		c := next(t.load("c"))
		c.Events = []store.NewEvent{claimedEvent("c", 2, "hook")}
		t.commit(store.Batch{Owner: "me", Lease: long, Changes: []*store.Change{c},
			Outcomes: []store.Outcome{did("me", store.Delivery{Event: event("c", 1).Event, Hook: "hook"}, store.Done)}})
		t.gives("other", []string{"hook"})
		t.settle(did("me", store.Delivery{Event: event("c", 2).Event, Hook: "hook"}, store.Done))
		t.same("the backlog", t.load("c").Backlog, []string(nil))
	})

	rule("outcomes are recorded although a change of their batch is in conflict", func(t *trial) {
		t.laneOf("c", 2, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		done := t.commit(store.Batch{Outcomes: []store.Outcome{did("me", d, store.Done)}, Changes: []*store.Change{created("c")}})
		t.is("the change", done.Results[0].Err, store.ErrConflict)
		if !done.Ready {
			t.Error("it does not say that a delivery is ready")
		}
		t.gives("me", []string{"hook"}, "c.2 to hook")
	})

	rule("an outcome does not change the version", func(t *trial) {
		t.laneOf("c", 1, "hook")
		before := t.load("c")
		t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.Done))
		t.same("the version", t.load("c").Version, before.Version)
		t.write(next(before, partial("c", tagged("vip"))))
	})

	rule("ten thousand outcomes are recorded at once", func(t *trial) {
		var all []store.Outcome
		for _, d := range t.heldLanes(100, 100) {
			all = append(all, did("me", d, store.Done))
		}
		rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		t.settle(all...)
		t.same("the backlog", t.backlog(), map[string]int{})
	})
}
