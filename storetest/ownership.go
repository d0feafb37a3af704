package storetest

import (
	"github.com/dcmkit/convtrack/store"
)

// ownership: what a caller gives stays the caller's, what it is given becomes
// the caller's, so that neither reaches into the store.
func ownership(rule define) {
	scribble := func(b []byte) {
		for i := range b {
			b[i] = '!'
		}
	}
	blank := func(list []string) {
		for i := range list {
			list[i] = "scribbled"
		}
	}

	// What must be stored is composed anew for each comparison, as what is read
	// may be what was scribbled on.
	full := func() *store.Change {
		c := created("c", event("c", 1, "hook"))
		c.Pending = []store.Pending{{EventID: "e", Due: at(1)}}
		c.Refused = refusal("screen", 1, merged(partial("c", tagged("vip"))))
		return c
	}
	stored := func(t *trial, version int64) {
		t.Helper()
		c := full()
		t.same("the record", t.load("c"), store.Record{ID: "c", Version: version, Conversation: c.To, Announced: []string{"c.1"}, LastSeq: 1,
			Pending: c.Pending, Refused: c.Refused, Backlog: []string{"hook"}})
	}

	rule("the lists of a record are the caller's own", func(t *trial) {
		version := t.write(full())
		r := t.load("c")
		blank(r.Announced)
		blank(r.Backlog)
		r.Pending[0] = store.Pending{EventID: "scribbled"}
		stored(t, version)
		ids, _ := t.due(at(1), 1)
		blank(ids)
		ids, _ = t.due(at(1), 1)
		t.same("what has settled", ids, []string{"c"})
	})

	rule("the refused change of a record is the caller's own", func(t *trial) {
		version := t.write(full())
		*t.load("c").Refused = store.Refused{}
		stored(t, version)
	})

	rule("the data of an event that is read is the caller's own", func(t *trial) {
		t.write(created("c", event("c", 1, "hook")))
		scribble(t.events("c")[0].Data)
		t.same("the data in the log", t.events("c")[0].Data, event("c", 1).Data)
	})

	rule("the data of an event that is delivered is the caller's own", func(t *trial) {
		t.write(created("c", event("c", 1, "hook")))
		d := t.only(t.claim("me", 1, "hook"))
		scribble(d.Data)
		t.settle(did("me", d, store.Released))
		t.same("the data delivered again", t.only(t.claim("me", 1, "hook")).Data, event("c", 1).Data)
		t.same("the data in the log", t.events("c")[0].Data, event("c", 1).Data)
	})

	rule("the data of an event that has failed is the caller's own", func(t *trial) {
		t.failHead("c", 1, "hook")
		scribble(t.failed(store.FailedQuery{}).Items[0].Event.Data)
		t.same("the data of what has failed", t.failed(store.FailedQuery{}).Items[0].Event.Data, event("c", 1).Data)
	})

	rule("a page is the caller's own", func(t *trial) {
		t.write(created("a"), created("b"))
		page := t.list(store.Query{})
		page.Conversations[0], page.Conversations[1] = nil, nil
		t.sameSet("the listing", t.listAll(store.Query{}), []string{"a", "b"})
	})

	rule("a value that is read is the caller's own", func(t *trial) {
		_, err := t.store.SetValue(t.ctx, "cursor", []byte("value"), 0)
		t.ok("SetValue", err)
		for range 2 {
			value, _, err := t.store.Value(t.ctx, "cursor")
			t.ok("Value", err)
			t.same("the value", string(value), "value")
			scribble(value)
		}
	})

	rule("what was committed stays the caller's own", func(t *trial) {
		c := full()
		version := t.write(c)
		scribble(c.Events[0].Data)
		c.Events[0] = store.NewEvent{}
		c.Pending[0] = store.Pending{}
		stored(t, version)
		t.same("the data in the log", t.events("c")[0].Data, event("c", 1).Data)
		t.gives("me", []string{"hook"}, "c.1 to hook")
	})

	rule("a refused change that was committed stays the caller's own", func(t *trial) {
		c := full()
		version := t.write(c)
		*c.Refused = store.Refused{}
		stored(t, version)
	})

	rule("a value that was set stays the caller's own", func(t *trial) {
		value := []byte("value")
		_, err := t.store.SetValue(t.ctx, "cursor", value, 0)
		t.ok("SetValue", err)
		scribble(value)
		got, _, err := t.store.Value(t.ctx, "cursor")
		t.ok("Value", err)
		t.same("the value", string(got), "value")
	})
}
