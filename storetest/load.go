package storetest

import (
	"fmt"
	"slices"

	"github.com/dcmkit/convtrack/store"
)

func loading(rule define) {
	rule("a conversation that is not stored has version 0 and nothing else", func(t *trial) {
		t.same("the record", t.load("unknown"), store.Record{ID: "unknown"})
	})

	rule("no ids give no records", func(t *trial) {
		t.write(created("c"))
		t.loadAll()
	})

	rule("records come in the order of the ids, known and unknown mixed", func(t *trial) {
		t.write(created("b"), created("d"), created("a"))
		records := t.loadAll("d", "x", "a", "c", "b")
		for i, known := range []bool{true, false, true, false, true} {
			if (records[i].Version != 0) != known || (records[i].Conversation != nil) != known {
				t.Errorf("record %d of %q has version %d; known must be %v", i, records[i].ID, records[i].Version, known)
			}
			if known && records[i].Conversation.ID != records[i].ID {
				t.Errorf("the record of %q holds conversation %q", records[i].ID, records[i].Conversation.ID)
			}
		}
	})

	rule("an id that is asked for twice is answered twice", func(t *trial) {
		t.write(created("c"))
		records := t.loadAll("c", "unknown", "c")
		t.same("the second answer", records[2], records[0])
		if records[0].Version == 0 {
			t.Error("the conversation was not found")
		}
	})

	rule("thousands of ids can be asked for at once", func(t *trial) {
		t.write(created("c-1500"))
		var ids []string
		for i := range 3000 {
			ids = append(ids, fmt.Sprintf("c-%d", i))
		}
		for i, r := range t.loadAll(ids...) {
			if (r.Version != 0) != (i == 1500) {
				t.Errorf("record %q has version %d", r.ID, r.Version)
			}
		}
	})

	rule("a record says all that is stored of the conversation", func(t *trial) {
		c := created("c", event("c", 1, "audit", "owner"), event("c", 2, "owner"), event("c", 3))
		c.Pending = []store.Pending{{EventID: "soon", Due: at(10)}, {EventID: "late", Due: at(20)}}
		version := t.write(c)
		r := t.load("c")
		r.Announced = slices.Sorted(slices.Values(r.Announced))
		r.Backlog = slices.Sorted(slices.Values(r.Backlog))
		slices.SortFunc(r.Pending, func(a, b store.Pending) int { return a.Due.Compare(b.Due) })
		t.same("the record", r, store.Record{ID: "c", Version: version, Conversation: c.To, Announced: []string{"c.1", "c.2", "c.3"}, LastSeq: 3,
			Pending: c.Pending, Backlog: []string{"audit", "owner"}})
	})

	rule("the backlog names the hooks with unfinished deliveries", func(t *trial) {
		t.write(created("c", event("c", 1, "done", "failed", "waiting", "claimed", "skipped")), created("other", event("other", 1, "another")))
		for _, hook := range []string{"done", "failed", "claimed", "skipped"} {
			d := t.only(t.claim("me", 1, hook))
			switch hook {
			case "done":
				t.settle(did("me", d, store.Done))
			case "failed":
				t.settle(did("me", d, store.Failed))
			case "skipped":
				t.settle(did("me", d, store.Failed))
				t.decide(store.Skip, store.DeliveryID(d.ID, hook))
			}
		}
		t.sameSet("the backlog", t.load("c").Backlog, []string{"claimed", "failed", "waiting"})
	})
}
