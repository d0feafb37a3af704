package storetest

import (
	"fmt"
	"math"
	"slices"

	"github.com/dcmkit/convtrack/store"
)

func listingParked(rule define) {
	// stock parks deliveries and changes, and returns their ids, the oldest
	// first.
	stock := func(t *trial) []store.ParkedItem {
		var items []store.ParkedItem
		for i := range 12 {
			id := fmt.Sprintf("c-%02d", (i*5)%12)
			hook := []string{"one", "two"}[i%2]
			failure := store.Failure{Hook: hook, EventID: eventID(id, 1), Type: "agent.connected", Attempts: i + 1, Error: fmt.Sprintf("error %d", i),
				Stack: fmt.Sprintf("stack %d", i), At: at(100 - 3*i)}
			if i%3 == 2 {
				facts := merged(said(id, call))
				t.write(&store.Change{ID: id, Refused: &store.Refused{Facts: facts, Failure: failure}})
				items = append(items, store.ParkedItem{ID: store.ChangeID(id), Kind: store.ParkedChange, ConversationID: id,
					Event: store.Event{ID: failure.EventID, Type: failure.Type}, Failure: failure})
				continue
			}
			e := event(id, 1, hook)
			t.write(created(id, e))
			o := did("me", t.only(t.claim("me", 1, hook)), store.Parked)
			o.Failure = failure
			t.settle(o)
			items = append(items, store.ParkedItem{ID: store.DeliveryID(e.ID, hook), Kind: store.ParkedDelivery, ConversationID: id, Event: e.Event, Failure: failure})
		}
		slices.SortFunc(items, func(a, b store.ParkedItem) int { return a.At.Compare(b.At) })
		return items
	}
	chosen := func(items []store.ParkedItem, q store.ParkedQuery) []string {
		var ids []string
		for _, p := range items {
			if (q.Hook == "" || q.Hook == p.Hook) && (q.ConversationID == "" || q.ConversationID == p.ConversationID) {
				ids = append(ids, p.ID)
			}
		}
		return ids
	}

	rule("nothing parked gives an empty page", func(t *trial) {
		t.laneOf("c", 1, "hook")
		page := t.parked(store.ParkedQuery{})
		if len(page.Items) != 0 || page.Next != "" {
			t.Errorf("the page has %d items and the next page %q", len(page.Items), page.Next)
		}
	})

	rule("what is parked is listed with all that is known of it, the oldest first, both kinds together", func(t *trial) {
		want := stock(t)
		got := t.parked(store.ParkedQuery{}).Items
		for i := range got {
			if got[i].Kind == store.ParkedChange {
				got[i].Event = store.Event{ID: got[i].Event.ID, Type: got[i].Event.Type} // no more is promised
			}
		}
		t.same("what is parked", got, want)
	})

	rule("the filters of what is parked select what they say", func(t *trial) {
		items := stock(t)
		for _, hook := range []string{"", "one", "two", "One", "unknown"} {
			for _, id := range []string{"", "c-00", "c-05", "c-10", "C-00", "unknown"} {
				for _, limit := range []int{0, 1} {
					q := store.ParkedQuery{Hook: hook, ConversationID: id, Limit: limit}
					t.same(fmt.Sprintf("what is parked of %+v", q), t.allParked(q), chosen(items, q))
				}
			}
		}
	})

	rule("pages of what is parked leave nothing out and repeat nothing", func(t *trial) {
		items := stock(t)
		want := chosen(items, store.ParkedQuery{})
		for limit := 1; limit <= len(items)+1; limit++ {
			t.same(fmt.Sprintf("pages of %d", limit), t.allParked(store.ParkedQuery{Limit: limit}), want)
			page := t.parked(store.ParkedQuery{Limit: limit})
			t.same("the size of the page", len(page.Items), min(limit, len(items)))
			t.same("whether it is the last page", page.Next == "", limit >= len(items))
		}
	})

	rule("what was parked at the same time is listed once", func(t *trial) {
		var want []string
		for i := range 9 {
			id := fmt.Sprintf("c-%d", i)
			t.laneOf(id, 1, "hook")
			o := did("me", t.only(t.claim("me", 1, "hook")), store.Parked)
			o.Failure.At = at(1)
			t.settle(o)
			want = append(want, store.DeliveryID(eventID(id, 1), "hook"))
		}
		for limit := 1; limit < 10; limit++ {
			t.sameSet(fmt.Sprintf("pages of %d", limit), t.allParked(store.ParkedQuery{Limit: limit}), want)
		}
	})

	rule("a page of what is parked has 100 items where no limit is asked for", func(t *trial) {
		var changes []*store.Change
		for i := range store.DefaultLimit + 1 {
			id := fmt.Sprintf("c-%03d", i)
			r := refusal("screen", i, merged(said(id)))
			changes = append(changes, &store.Change{ID: id, Refused: r})
		}
		t.write(changes...)
		page := t.parked(store.ParkedQuery{})
		if len(page.Items) != store.DefaultLimit || page.Next == "" {
			t.Errorf("the page has %d items and the next page %q", len(page.Items), page.Next)
		}
		t.same("how many are parked", len(t.allParked(store.ParkedQuery{Limit: math.MaxInt32})), store.DefaultLimit+1)
	})
}
