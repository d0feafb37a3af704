package storetest

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
)

func listingFailed(rule define) {
	// stock has failed deliveries and changes, and returns their ids, the oldest
	// first.
	stock := func(t *trial) []store.FailedItem {
		var items []store.FailedItem
		for i := range 12 {
			id := fmt.Sprintf("c-%02d", (i*5)%12)
			hook := []string{"one", "two"}[i%2]
			failure := store.Failure{Hook: hook, EventID: eventID(id, 1), Type: "agent.connected", Attempts: i + 1, Error: fmt.Sprintf("error %d", i),
				Stack: fmt.Sprintf("stack %d", i), At: at(100 - 3*i)}
			if i%3 == 2 {
				failure.Type = "conversation.created"
				facts := merged(partial(id, call))
				t.write(&store.Change{ID: id, Refused: &store.Refused{Facts: facts, Failure: failure}})
				items = append(items, store.FailedItem{ID: store.ChangeID(id), Kind: store.FailedChange, ConversationID: id,
					Event: store.Event{ID: failure.EventID, Type: failure.Type}, Failure: failure})
				continue
			}
			e := event(id, 1, hook)
			t.write(created(id, e))
			o := did("me", t.only(t.claim("me", 1, hook)), store.Failed)
			o.Failure = failure
			t.settle(o)
			items = append(items, store.FailedItem{ID: store.DeliveryID(e.ID, hook), Kind: store.FailedDelivery, ConversationID: id, Event: e.Event, Failure: failure})
		}
		slices.SortFunc(items, func(a, b store.FailedItem) int { return a.At.Compare(b.At) })
		return items
	}
	chosen := func(items []store.FailedItem, q store.FailedQuery) []string {
		var ids []string
		for _, p := range items {
			if q.Selects(&p) {
				ids = append(ids, p.ID)
			}
		}
		return ids
	}

	rule("nothing failed gives an empty page", func(t *trial) {
		t.laneOf("c", 1, "hook")
		page := t.failed(store.FailedQuery{})
		if len(page.Items) != 0 || page.Next != "" {
			t.Errorf("the page has %d items and the next page %q", len(page.Items), page.Next)
		}
	})

	rule("what has failed is listed with all that is known of it, the oldest first, both kinds together", func(t *trial) {
		want := stock(t)
		got := t.failed(store.FailedQuery{}).Items
		for i := range got {
			if got[i].Kind == store.FailedChange {
				got[i].Event = store.Event{ID: got[i].Event.ID, Type: got[i].Event.Type} // no more is promised
			}
		}
		t.same("what has failed", got, want)
	})

	rule("the filters of what has failed select what they say", func(t *trial) {
		items := stock(t)
		for _, hook := range []string{"", "one", "two", "One", "unknown"} {
			for _, id := range []string{"", "c-00", "c-05", "c-10", "C-00", "unknown"} {
				for _, limit := range []int{0, 1} {
					q := store.FailedQuery{Hook: hook, ConversationID: id, Limit: limit}
					t.same(fmt.Sprintf("what has failed of %+v", q), t.allFailed(q), chosen(items, q))
				}
			}
		}
	})

	rule("the type and the time of what has failed select what they say", func(t *trial) {
		items := stock(t)
		for _, of := range []string{"", items[0].Event.Type, items[len(items)-1].Event.Type, "conversation.created", "Agent.connected"} {
			for _, from := range []time.Time{{}, items[3].At, items[3].At.Add(time.Nanosecond), items[9].At} {
				for _, before := range []time.Time{{}, items[3].At, items[3].At.Add(time.Nanosecond), items[9].At} {
					q := store.FailedQuery{Type: of, From: from, Before: before, Limit: 5}
					t.same(fmt.Sprintf("what has failed of %+v", q), t.allFailed(q), chosen(items, q))
				}
			}
		}
	})

	rule("pages of what has failed leave nothing out and repeat nothing", func(t *trial) {
		items := stock(t)
		want := chosen(items, store.FailedQuery{})
		for limit := 1; limit <= len(items)+1; limit++ {
			t.same(fmt.Sprintf("pages of %d", limit), t.allFailed(store.FailedQuery{Limit: limit}), want)
			page := t.failed(store.FailedQuery{Limit: limit})
			t.same("the size of the page", len(page.Items), min(limit, len(items)))
			t.same("whether it is the last page", page.Next == "", limit >= len(items))
		}
	})

	rule("what failed at the same time is listed once", func(t *trial) {
		var want []string
		for i := range 9 {
			id := fmt.Sprintf("c-%d", i)
			t.laneOf(id, 1, "hook")
			o := did("me", t.only(t.claim("me", 1, "hook")), store.Failed)
			o.Failure.At = at(1)
			t.settle(o)
			want = append(want, store.DeliveryID(eventID(id, 1), "hook"))
		}
		for limit := 1; limit < 10; limit++ {
			t.sameSet(fmt.Sprintf("pages of %d", limit), t.allFailed(store.FailedQuery{Limit: limit}), want)
		}
	})

	rule("a page of what has failed has 100 items where no limit is asked for", func(t *trial) {
		var changes []*store.Change
		for i := range store.DefaultLimit + 1 {
			id := fmt.Sprintf("c-%03d", i)
			r := refusal("screen", i, merged(partial(id)))
			changes = append(changes, &store.Change{ID: id, Refused: r})
		}
		t.write(changes...)
		page := t.failed(store.FailedQuery{})
		if len(page.Items) != store.DefaultLimit || page.Next == "" {
			t.Errorf("the page has %d items and the next page %q", len(page.Items), page.Next)
		}
		t.same("how many have failed", len(t.allFailed(store.FailedQuery{Limit: math.MaxInt32})), store.DefaultLimit+1)
	})

	rule("pages of what has failed go on behind the last item of the one before, though that is decided on or forgotten", func(t *trial) {
		var want, got []string
		for i := range 12 {
			want = append(want, t.failHead(fmt.Sprintf("c-%02d", i), 1, "hook"))
		}
		for q := (store.FailedQuery{Limit: 3}); ; {
			page := t.failed(q)
			for i, p := range page.Items {
				got = append(got, p.ID)
				switch i {
				case 0:
					t.decide(store.Retry, p.ID)
				case 1:
					t.decide(store.Skip, p.ID)
				default:
					t.forget(p.ConversationID)
				}
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		t.sameSet("what is listed", got, want)
	})

	rule("a thousand that have failed are decided on at once", func(t *trial) {
		var changes []*store.Change
		for i := range 1000 {
			id := fmt.Sprintf("c-%d", i)
			changes = append(changes, created(id, event(id, 1, "hook")))
		}
		t.write(changes...)
		var ids []string
		var outcomes []store.Outcome
		for _, d := range t.claim("me", 1000, "hook") {
			outcomes, ids = append(outcomes, did("me", d, store.Failed)), append(ids, store.DeliveryID(d.ID, d.Hook))
		}
		t.settle(outcomes...)
		t.same("how many had failed", t.decide(store.Skip, ids...), 1000)
		t.same("the backlog", t.backlog(), map[string]int{})
	})
}
