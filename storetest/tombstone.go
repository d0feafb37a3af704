package storetest

import (
	"github.com/dcmkit/convtrack/store"
)

func tombstones(rule define) {
	rule("a tombstone has the reason and no conversation", func(t *trial) {
		version := t.write(&store.Change{ID: "c", Vetoed: "not ours"})
		r := t.load("c")
		t.same("the record", r, store.Record{ID: "c", Version: version, Vetoed: "not ours"})
		if !r.Tombstone() {
			t.Error("it is no tombstone")
		}
	})

	rule("a tombstone is not created twice", func(t *trial) {
		t.write(&store.Change{ID: "c", Vetoed: "not ours"})
		t.is("the result", t.refuse(&store.Change{ID: "c", Vetoed: "nor theirs"}), store.ErrConflict)
		t.is("the result", t.refuse(created("c")), store.ErrConflict)
		t.same("the reason", t.load("c").Vetoed, "not ours")
	})

	rule("a tombstone takes the place of a conversation", func(t *trial) {
		c := created("c")
		c.Pending = []store.Pending{{EventID: "e", Due: at(1)}}
		t.write(c, created("other"))
		r := t.load("c")
		t.write(&store.Change{ID: "c", Version: r.Version, From: r.Conversation, Vetoed: "not ours"})
		if r = t.load("c"); r.Conversation != nil || r.Vetoed != "not ours" || len(r.Pending) != 0 {
			t.Errorf("the record is %+v", r)
		}
		t.same("what is listed", t.listAll(store.Query{}), []string{"other"})
		if ids, _ := t.due(at(100), 10); len(ids) != 0 {
			t.Errorf("conclusions of %q wait", ids)
		}
	})

	rule("a tombstone takes the place of a refused change", func(t *trial) {
		t.write(&store.Change{ID: "c", Refused: &store.Refused{Facts: merged(partial("c", call)), Failure: store.Failure{Hook: "h", Attempts: 1, At: at(1)}}})
		t.write(&store.Change{ID: "c", Version: t.load("c").Version, Vetoed: "not ours"})
		if r := t.load("c"); r.Refused != nil || r.Vetoed != "not ours" {
			t.Errorf("the record is %+v", r)
		}
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string(nil))
	})

	rule("what is kept aside takes the place of a tombstone", func(t *trial) {
		t.write(&store.Change{ID: "c", Vetoed: "not ours"})
		lifted := &store.Refused{Facts: merged(partial("c", call)), Since: at(1), Overruled: true}
		t.write(&store.Change{ID: "c", Version: t.load("c").Version, Refused: lifted})
		r := t.load("c")
		t.same("the reason", r.Vetoed, "")
		t.same("what is kept", r.Refused, lifted)
		accepted := next(r, r.Refused.Facts)
		accepted.Refused, accepted.Events = nil, []store.NewEvent{event("c", 1)}
		t.write(accepted)
		t.sameConversation("c", t.load("c").Conversation, accepted.To)
		t.same("what is listed", t.listAll(store.Query{}), []string{"c"})
	})

	rule("a tombstone is not listed in any order", func(t *trial) {
		t.write(created("a"), &store.Change{ID: "b", Vetoed: "not ours"}, created("c"))
		for _, order := range orders {
			t.sameSet("what is listed", t.listAll(store.Query{Order: order}), []string{"a", "c"})
			t.sameSet("what is listed page by page", t.listAll(store.Query{Order: order, Limit: 1}), []string{"a", "c"})
		}
	})

	rule("a tombstone has an empty log", func(t *trial) {
		t.write(&store.Change{ID: "c", Vetoed: "not ours"})
		if events := t.events("c"); len(events) != 0 {
			t.Errorf("the log has %d events", len(events))
		}
	})
}
