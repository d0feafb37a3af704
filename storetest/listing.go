package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// orders are all orders of a listing.
var orders = []store.Order{store.OldestFirst, store.NewestFirst, store.LastChanged}

// facet states one thing that a query can select by.
type facet = func(*conversation.Conversation)

func ended(start, end int) facet {
	return func(c *conversation.Conversation) { c.Start, c.RecordedEnd = at(start), at(end) }
}

func handledBy(user, queue string) facet {
	return func(c *conversation.Conversation) {
		c.Participants = append(c.Participants, &conversation.Participant{ID: fmt.Sprintf("%s-%d", c.ID, len(c.Participants)),
			Purpose: conversation.PurposeAgent, UserID: user, QueueID: queue, Start: at(1),
			Sessions: []*conversation.Session{{ID: fmt.Sprintf("%s-s%d", c.ID, len(c.Participants)), MediaType: conversation.MediaVoice, Start: at(1), State: conversation.StateConnected}}})
	}
}

func throughQueue(queue string) facet {
	return func(c *conversation.Conversation) {
		c.Participants = append(c.Participants, &conversation.Participant{ID: c.ID + "-acd", Purpose: conversation.PurposeACD, Start: at(1),
			Sessions: []*conversation.Session{{ID: c.ID + "-visit", MediaType: conversation.MediaVoice, QueueID: queue, Start: at(1), State: conversation.StateConnected}}})
	}
}

// waitsIn is a leg of a queue that is not over.
func waitsIn(queue string) facet {
	return func(c *conversation.Conversation) {
		c.Participants = append(c.Participants, &conversation.Participant{ID: c.ID + "-waits", Purpose: conversation.PurposeACD, QueueID: queue, Start: at(1),
			Sessions: []*conversation.Session{{ID: c.ID + "-waiting", MediaType: conversation.MediaVoice, Start: at(1), State: conversation.StateAlerting}}})
	}
}

// hasLeft is the leg of an agent that was connected and is over.
func hasLeft(user string) facet {
	return func(c *conversation.Conversation) {
		c.Participants = append(c.Participants, &conversation.Participant{ID: c.ID + "-left", Purpose: conversation.PurposeAgent, UserID: user, Start: at(1),
			Sessions: []*conversation.Session{{ID: c.ID + "-over", MediaType: conversation.MediaVoice, Start: at(1), ConnectedTime: at(2), DisconnectedTime: at(3), State: conversation.StateDisconnected}}})
	}
}

// from is the leg of a customer, in a medium.
func from(address string, media conversation.MediaType, direction conversation.Direction) facet {
	return func(c *conversation.Conversation) {
		c.OriginatingDirection = direction
		c.Participants = append(c.Participants, &conversation.Participant{ID: c.ID + "-customer", Purpose: conversation.PurposeCustomer, Address: address, Start: at(1),
			Sessions: []*conversation.Session{{ID: c.ID + "-outside", MediaType: media, Direction: direction, Start: at(1), State: conversation.StateConnected}}})
	}
}

func attributed(pairs ...string) facet {
	return func(c *conversation.Conversation) {
		c.Attributes = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			c.Attributes[pairs[i]] = pairs[i+1]
		}
	}
}

// assortment stores conversations that differ in everything that a query can
// select by, each in a commit of its own, and returns them in that order.
func (t *trial) assortment() []*conversation.Conversation {
	t.Helper()
	var all []*conversation.Conversation
	for i, facets := range [][]facet{
		{begun(at(10))},
		{begun(at(20)), handledBy("anna", "billing")},
		{begun(at(20)), handledBy("anna", "sales"), attributed("case", "1")},
		{ended(5, 500), handledBy("bert", "sales"), attributed("case", "1", "kind", "x")},
		{ended(30, 400), handledBy("anna", "billing"), handledBy("bert", ""), attributed("case", "2", "kind", "x")},
		{ended(30, 400), throughQueue("billing"), attributed("case", "")},
		{throughQueue("sales"), attributed("Case", "1")},
		{handledBy("Anna", "Billing")},
		{begun(at(-1000)), attributed("case", "1 ")},
		{ended(20, 30), handledBy("anna", "billing"), attributed("case", "1", "kind", "y")},
		{from("tel:+31612345678", conversation.MediaVoice, conversation.Inbound), waitsIn("sales"), hasLeft("anna")},
		{begun(at(15)), from("sip:+31 6 12345678@example.com", conversation.MediaCallback, conversation.Outbound), handledBy("carl", "billing"), hasLeft("bert")},
		{ended(20, 31), from("carl@example.com", conversation.MediaEmail, conversation.Inbound), hasLeft("carl")},
		{from("sip:anonymous@anonymous.invalid", conversation.MediaVoice, conversation.Inbound), waitsIn("billing")},
		{},
	} {
		c := createdAs(partial(fmt.Sprintf("c-%02d", i), facets...))
		t.write(c)
		all = append(all, c.To)
	}
	return all
}

// selects reports whether a query selects a conversation, in the plain words
// of its fields.
func selects(q store.Query, c *conversation.Conversation) bool {
	status := len(q.Status) == 0
	for _, s := range q.Status {
		status = status || s == c.Status
	}
	user, queue, media := q.EverUserID == "", q.EverQueueID == "", len(q.Media) == 0
	for _, p := range c.Participants {
		user = user || p.UserID == q.EverUserID
		queue = queue || p.QueueID == q.EverQueueID
		for _, s := range p.Sessions {
			queue = queue || s.QueueID == q.EverQueueID
			for _, m := range q.Media {
				media = media || m == s.MediaType
			}
		}
	}
	attributes := true
	for name, value := range q.Attribute {
		got, set := c.Attributes[name]
		attributes = attributes && set && got == value
	}
	present := (q.PresentUserID == "" || slices.Contains(c.PresentUsers(), q.PresentUserID)) && (q.PresentQueueID == "" || slices.Contains(c.PresentQueues(), q.PresentQueueID))
	customer, _ := c.Customer()
	address := q.Address == "" || customer.Address != "" && customer.Address == conversation.Address(q.Address)
	direction := q.Direction == "" || c.OriginatingDirection == q.Direction
	open := !q.Open || c.Status != conversation.StatusEnded
	return status && open && user && queue && media && direction && present && address && attributes && in(c.Start, q.StartedFrom, q.StartedBefore) && in(c.End, q.EndedFrom, q.EndedBefore)
}

func in(t, from, before time.Time) bool {
	switch {
	case from.IsZero() && before.IsZero():
		return true
	case t.IsZero():
		return false
	case !from.IsZero() && t.Before(from):
		return false
	}
	return before.IsZero() || t.Before(before)
}

func selected(q store.Query, all []*conversation.Conversation) []string {
	var ids []string
	for _, c := range all {
		if selects(q, c) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func listing(rule define) {
	// filters are the values of each filter, the first of them none.
	filters := [][]func(*store.Query){
		{nil, func(q *store.Query) { q.Status = []conversation.Status{conversation.StatusEnded} },
			func(q *store.Query) {
				q.Status = []conversation.Status{conversation.StatusActive, conversation.StatusNew}
			},
			func(q *store.Query) { q.Status = []conversation.Status{"Unheard"} }},
		{nil, func(q *store.Query) { q.StartedFrom = at(20) }, func(q *store.Query) { q.StartedBefore = at(20) },
			func(q *store.Query) { q.StartedFrom, q.StartedBefore = at(10), at(30) }},
		{nil, func(q *store.Query) { q.EndedFrom = at(400) }, func(q *store.Query) { q.EndedBefore = at(400) },
			func(q *store.Query) { q.EndedFrom, q.EndedBefore = at(30), at(401) }},
		{nil, func(q *store.Query) { q.Open = true }},
		{nil, func(q *store.Query) {
			q.Media = []conversation.MediaType{conversation.MediaEmail, conversation.MediaCallback}
		},
			func(q *store.Query) { q.Media = []conversation.MediaType{"unheard"} }},
		{nil, func(q *store.Query) { q.Direction = conversation.Inbound }, func(q *store.Query) { q.Direction = conversation.Outbound }},
		{nil, func(q *store.Query) { q.PresentUserID = "anna" }, func(q *store.Query) { q.PresentUserID = "carl" }, func(q *store.Query) { q.PresentUserID = "bert" }},
		{nil, func(q *store.Query) { q.PresentQueueID = "sales" }, func(q *store.Query) { q.PresentQueueID = "billing" }},
		{nil, func(q *store.Query) { q.Address = "+31612345678" }, func(q *store.Query) { q.Address = "tel:+31-6-12345678" },
			func(q *store.Query) { q.Address = "mailto:carl@example.com" }, func(q *store.Query) { q.Address = "anonymous" }},
		{nil, func(q *store.Query) { q.EverUserID = "anna" }, func(q *store.Query) { q.EverUserID = "bert" }, func(q *store.Query) { q.EverUserID = "nobody" }},
		{nil, func(q *store.Query) { q.EverQueueID = "billing" }, func(q *store.Query) { q.EverQueueID = "sales" }},
		{nil, func(q *store.Query) { q.Attribute = map[string]string{"case": "1"} }, func(q *store.Query) { q.Attribute = map[string]string{"case": ""} },
			func(q *store.Query) { q.Attribute = map[string]string{"case": "1", "kind": "x"} }, func(q *store.Query) { q.Attribute = map[string]string{} }},
	}
	describe := func(q store.Query) string { return fmt.Sprintf("the listing of %+v", q) }

	rule("a query without filters selects everything", func(t *trial) {
		all := t.assortment()
		t.sameSet("the listing", t.listAll(store.Query{}), selected(store.Query{}, all))
		for _, c := range t.list(store.Query{}).Conversations {
			t.sameConversation(c.ID, c, t.load(c.ID).Conversation)
		}
	})

	rule("nothing stored gives an empty page", func(t *trial) {
		for _, order := range orders {
			page := t.list(store.Query{Order: order})
			if len(page.Conversations) != 0 || page.Next != "" {
				t.Errorf("the page has %d conversations and the next page %q", len(page.Conversations), page.Next)
			}
		}
	})

	rule("each filter selects what it says", func(t *trial) {
		all := t.assortment()
		for _, choices := range filters {
			for _, filter := range choices[1:] {
				var q store.Query
				filter(&q)
				want := selected(q, all)
				t.sameSet(describe(q), t.listAll(q), want)
				changed := q
				changed.ChangedSince = at(-1_000_000) // all were
				t.sameSet(describe(changed), t.listAll(changed), want)
				q.Limit = 1
				t.same("the count of "+describe(q), t.count(q), len(want))
			}
		}
	})

	rule("what was changed since a time is selected, whatever the change was", func(t *trial) {
		t.write(createdAs(partial("old")), createdAs(partial("touched")))
		// The clock is the store's: the time of the last change is where the count becomes zero.
		last := at(-1_000_000).Add(time.Duration(sort.Search(int(100*365*24*time.Hour/time.Microsecond), func(n int) bool {
			return t.count(store.Query{ChangedSince: at(-1_000_000).Add(time.Duration(n) * time.Microsecond)}) == 0
		})) * time.Microsecond)
		time.Sleep(time.Millisecond)
		c := next(t.load("touched"))
		c.Events = []store.NewEvent{event("touched", 1)}
		t.write(c)
		t.write(createdAs(partial("new")))
		for _, order := range orders {
			q := store.Query{ChangedSince: last, Order: order, Limit: 1}
			t.sameSet(describe(q), t.listAll(q), []string{"new", "touched"})
			t.same("the count of "+describe(q), t.count(q), 2)
		}
		t.same("how many were changed since long ago", t.count(store.Query{ChangedSince: at(-1_000_000)}), 3)
	})

	rule("a count without filters is of all conversations, and none of them is a tombstone", func(t *trial) {
		t.same("the count of nothing", t.count(store.Query{}), 0)
		all := t.assortment()
		t.write(&store.Change{ID: "vetoed", Vetoed: "not ours"}, &store.Change{ID: "refused", Refused: refusal("screen", 1, merged(partial("refused", call)))})
		t.same("the count", t.count(store.Query{}), len(all))
	})

	rule("filters together select what all of them do", func(t *trial) {
		all := t.assortment()
		for i, one := range filters {
			for _, other := range filters[i+1:] {
				for _, first := range one[1:] {
					for _, second := range other[1:] {
						var q store.Query
						first(&q)
						second(&q)
						t.sameSet(describe(q), t.listAll(q), selected(q, all))
					}
				}
			}
		}
		random := rand.New(rand.NewPCG(16, 0))
		for range 100 {
			var q store.Query
			for _, choices := range filters {
				if random.IntN(3) == 0 {
					choices[1+random.IntN(len(choices)-1)](&q)
				}
			}
			t.sameSet(describe(q), t.listAll(q), selected(q, all))
			t.same("the count of "+describe(q), t.count(q), len(selected(q, all)))
		}
	})

	rule("filters and orders go together", func(t *trial) {
		all := t.assortment()
		for _, order := range orders {
			for _, choices := range filters {
				for _, filter := range choices[1:] {
					q := store.Query{Order: order, Limit: 2}
					filter(&q)
					t.same(describe(q), t.listAll(q), selected(q, inOrder(all, order)))
				}
			}
		}
	})

	rule("pages for which few conversations are looked at have together what is selected, in its order", func(t *trial) {
		all := t.assortment()
		for _, order := range orders {
			for i, choices := range filters {
				for _, filter := range choices[1:] {
					for _, scan := range []int{1, 2, 3, 100} {
						q := store.Query{Order: order, Limit: 2, Scan: scan}
						filter(&q)
						t.same(describe(q), t.listAll(q), selected(q, inOrder(all, order)))
						filters[(i+1)%len(filters)][1](&q)
						t.same(describe(q), t.listAll(q), selected(q, inOrder(all, order)))
					}
				}
			}
			t.same("the listing of all", t.listAll(store.Query{Order: order, Limit: 100, Scan: 1}), selected(store.Query{}, inOrder(all, order)))
		}
	})

	rule("the start is inclusive and the end exclusive, to the microsecond", func(t *trial) {
		t.write(createdAs(partial("c", ended(10, 20))))
		tick := time.Microsecond
		for _, c := range []struct {
			query    store.Query
			selected bool
		}{
			{store.Query{StartedFrom: at(10)}, true},
			{store.Query{StartedFrom: at(10).Add(tick)}, false},
			{store.Query{StartedBefore: at(10)}, false},
			{store.Query{StartedBefore: at(10).Add(tick)}, true},
			{store.Query{EndedFrom: at(20)}, true},
			{store.Query{EndedFrom: at(20).Add(tick)}, false},
			{store.Query{EndedBefore: at(20)}, false},
			{store.Query{EndedBefore: at(20).Add(tick)}, true},
			{store.Query{StartedFrom: at(10).Add(time.Nanosecond)}, false},
			{store.Query{StartedBefore: at(10).Add(time.Nanosecond)}, true},
			{store.Query{EndedFrom: at(20).Add(time.Nanosecond)}, false},
			{store.Query{EndedBefore: at(20).Add(time.Nanosecond)}, true},
			{store.Query{StartedFrom: at(10).In(time.FixedZone("far away", -9*3600))}, true},
		} {
			if got := len(t.listAll(c.query)) == 1; got != c.selected {
				t.Errorf("%s is selected: %v; must be: %v", describe(c.query), got, c.selected)
			}
		}
	})

	rule("a conversation without a start is not selected by its start, one that has not ended not by its end", func(t *trial) {
		t.write(createdAs(partial("c")))
		for _, q := range []store.Query{{StartedFrom: at(-1_000_000)}, {StartedBefore: endOfTime}, {EndedFrom: at(-1_000_000)}, {EndedBefore: endOfTime}} {
			t.same(describe(q), t.listAll(q), []string(nil))
		}
	})

	rule("a filter finds what a conversation has become, and not what it was", func(t *trial) {
		t.write(createdAs(partial("c", begun(at(10)), handledBy("anna", "billing"), attributed("case", "1"))))
		t.write(next(t.load("c"), partialBy(conversation.SourceAnalytics, at(200), "c", ended(5, 300), attributed("case", "2"), func(c *conversation.Conversation) {
			c.Participants = []*conversation.Participant{{ID: "c-0", UserID: "bert", QueueID: "sales"}}
		})))
		for _, q := range []store.Query{{Status: []conversation.Status{conversation.StatusActive}}, {EverUserID: "anna"}, {EverQueueID: "billing"},
			{Attribute: map[string]string{"case": "1"}}, {StartedFrom: at(10)}} {
			t.same(describe(q), t.listAll(q), []string(nil))
		}
		for _, q := range []store.Query{{Status: []conversation.Status{conversation.StatusEnded}}, {EverUserID: "bert"}, {EverQueueID: "sales"},
			{Attribute: map[string]string{"case": "2"}}, {StartedBefore: at(10)}, {EndedFrom: at(300)}} {
			t.same(describe(q), t.listAll(q), []string{"c"})
		}
	})

	rule("a conversation that is selected for two reasons is listed once", func(t *trial) {
		t.write(createdAs(partial("c", handledBy("anna", "billing"), handledBy("anna", "billing"), throughQueue("billing"))))
		t.same("the listing", t.listAll(store.Query{EverUserID: "anna", EverQueueID: "billing"}), []string{"c"})
		t.same("the listing by queue", t.listAll(store.Query{EverQueueID: "billing"}), []string{"c"})
	})

	rule("an attribute with any name and value can be selected by", func(t *trial) {
		values := append(texts(), "")
		var changes []*store.Change
		for i, s := range values {
			changes = append(changes, createdAs(partial(fmt.Sprintf("c-%d", i), attributed("value", s))))
		}
		for i, s := range names {
			changes = append(changes, createdAs(partial(fmt.Sprintf("n-%d", i), attributed(s, "here"))))
		}
		t.write(changes...)
		for i, s := range values {
			t.same("the listing with "+abridged(s), t.listAll(store.Query{Attribute: map[string]string{"value": s}}), []string{fmt.Sprintf("c-%d", i)})
		}
		for i, s := range names {
			t.same("the listing with the name "+s, t.listAll(store.Query{Attribute: map[string]string{s: "here"}}), []string{fmt.Sprintf("n-%d", i)})
		}
	})

	rule("attributes of participants are not the host's", func(t *trial) {
		t.write(createdAs(partial("c", func(c *conversation.Conversation) {
			c.Participants = []*conversation.Participant{{ID: "p", Attributes: map[string]string{"case": "1"}}}
		})))
		t.same("the listing", t.listAll(store.Query{Attribute: map[string]string{"case": "1"}}), []string(nil))
	})

	rule("a conversation of which only a refused change is stored is not listed", func(t *trial) {
		t.write(created("a"), &store.Change{ID: "b", Refused: refusal("screen", 1, merged(partial("b", call)))}, created("c"))
		for _, order := range orders {
			t.sameSet("the listing", t.listAll(store.Query{Order: order, Limit: 1}), []string{"a", "c"})
		}
	})
}
