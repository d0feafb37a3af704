package storetest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/dcmkit/convtrack/store"
)

func logging(rule define) {
	rule("a conversation that is not stored has no log", func(t *trial) {
		t.write(created("c"))
		_, err := t.store.Events(t.ctx, "unknown")
		t.is("Events", err, store.ErrNotFound)
	})

	rule("a conversation without events has an empty log", func(t *trial) {
		t.write(created("c"))
		if events := t.events("c"); len(events) != 0 {
			t.Errorf("the log has %d events", len(events))
		}
	})

	rule("the log has every event in the order of its sequence, over all versions", func(t *trial) {
		var want []store.Event
		var ids []string
		for version := range 12 {
			c := created("c")
			if version > 0 {
				c = next(t.load("c"))
			}
			for range version % 3 {
				e := event("c", int64(len(want))+1)
				c.Events = append(c.Events, e)
				want, ids = append(want, e.Event), append(ids, e.ID)
			}
			t.write(c)
		}
		var got []store.Event
		for _, e := range t.events("c") {
			got = append(got, e.Event)
		}
		t.same("the log", got, want)
		r := t.load("c")
		t.sameSet("what was announced", r.Announced, ids)
		t.same("the last sequence", r.LastSeq, int64(len(want)))
	})

	rule("conversations have logs of their own", func(t *trial) {
		t.write(created("a", event("a", 1), event("a", 2)), created("b", event("b", 1)))
		t.write(next(t.load("a")), next(t.load("b")))
		for id, n := range map[string]int{"a": 2, "b": 1} {
			if events := t.events(id); len(events) != n {
				t.Errorf("the log of %q has %d events, and must have %d", id, len(events), n)
			}
			t.same("the last sequence of "+id, t.load(id).LastSeq, int64(n))
		}
	})

	rule("the data of an event comes back byte by byte", func(t *trial) {
		c := created("c")
		for i, data := range []string{
			`{"b":1,"a":2}`, "{ \"space\" :\t[1 ,2],\n\"end\":true }", `{"twice":1,"twice":2}`, `{"number":1.50,"large":12345678901234567890123,"exponent":1E3}`,
			`{"escaped":"\u00e9\ud83d\ude42\/","plain":"é🙂/"}`, `"text"`, `null`, `[]`, `{"long":"` + strings.Repeat("x", 300_000) + `"}`,
		} {
			if !json.Valid([]byte(data)) {
				t.Fatalf("storetest's own data %s is not JSON", data)
			}
			e := event("c", int64(i)+1, "hook")
			e.Data = []byte(data)
			c.Events = append(c.Events, e)
		}
		t.write(c)
		for i, e := range t.events("c") {
			t.same("the data in the log", e.Data, c.Events[i].Data)
			d := t.only(t.claim("me", 1, "hook"))
			t.same("the data delivered", d.Data, c.Events[i].Data)
			t.settle(did("me", d, store.Done))
		}
	})

	rule("an event that was vetoed is marked, and announced all the same", func(t *trial) {
		c := created("c", event("c", 1, "hook"), event("c", 2), event("c", 3, "hook"))
		c.Events[1].Vetoed = true
		t.write(c)
		var vetoed []bool
		for _, e := range t.events("c") {
			vetoed = append(vetoed, e.Vetoed)
		}
		t.same("which events are vetoed", vetoed, []bool{false, true, false})
		t.sameSet("what was announced", t.load("c").Announced, []string{"c.1", "c.2", "c.3"})
	})

	rule("an event shows its deliveries until they are done", func(t *trial) {
		t.write(created("c", event("c", 1, "claimed", "done", "failed", "retried", "skipped", "waiting")))
		for hook, outcome := range map[string]store.Did{"claimed": store.Released, "done": store.Done, "retried": store.WillRetry, "failed": store.Failed, "skipped": store.Failed} {
			d := t.only(t.claim("me", 1, hook))
			if hook == "claimed" {
				continue
			}
			o := did("me", d, outcome)
			o.Wait, o.Failure.Attempts, o.Failure.Error, o.Failure.Stack = long, 7, "no answer from "+hook, "stack of "+hook
			t.settle(o)
		}
		t.same("how many were skipped", t.decide(store.Skip, store.DeliveryID("c.1", "skipped")), 1)

		got := t.events("c")[0].Deliveries
		slices.SortFunc(got, func(a, b store.LoggedDelivery) int { return strings.Compare(a.Hook, b.Hook) })
		for i := range got {
			if got[i].State == store.StateSkipped {
				got[i].Attempts, got[i].Error, got[i].Stack = 0, "", "" // what it failed with before does not matter any more
			}
		}
		t.same("the deliveries", got, []store.LoggedDelivery{
			{Hook: "claimed", State: store.StateClaimed},
			{Hook: "failed", State: store.StateFailed, Attempts: 7, Error: "no answer from failed", Stack: "stack of failed"},
			{Hook: "retried", State: store.StateWaiting, Attempts: 7, Error: "no answer from retried", Stack: "stack of retried"},
			{Hook: "skipped", State: store.StateSkipped},
			{Hook: "waiting", State: store.StateWaiting},
		})
	})

	rule("deliveries that wait for their turn are shown with their events", func(t *trial) {
		t.laneOf("c", 3, "hook")
		t.only(t.claim("me", 5, "hook"))
		for i, want := range []store.DeliveryState{store.StateClaimed, store.StateWaiting, store.StateWaiting} {
			t.same("the deliveries", t.events("c")[i].Deliveries, []store.LoggedDelivery{{Hook: "hook", State: want}})
		}
	})

	rule("a change that is not written logs nothing", func(t *trial) {
		t.write(created("c", event("c", 1)))
		before := t.events("c")
		old := t.load("c")
		old.Version++
		c := next(old)
		c.Events = []store.NewEvent{event("c", 2, "hook")}
		t.is("the result", t.refuse(c), store.ErrConflict)
		t.same("the log", t.events("c"), before)
		t.same("the last sequence", t.load("c").LastSeq, int64(1))
		t.gives("me", []string{"hook"})
	})

	rule("the same event may go to many hooks", func(t *trial) {
		var hooks, want []string
		for i := range 60 {
			hooks = append(hooks, string(rune('A'+i)))
			want = append(want, "c.1 to "+hooks[i])
		}
		t.laneOf("c", 1, hooks...)
		t.sameSet("the backlog", t.load("c").Backlog, hooks)
		t.gives("me", hooks, want...)
	})
}
