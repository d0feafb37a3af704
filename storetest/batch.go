package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func batches(rule define) {
	rule("an empty batch changes nothing", func(t *trial) {
		if done := t.commit(store.Batch{}); done.Ready {
			t.Error("it says that deliveries are ready")
		}
	})

	rule("a conflict in the middle leaves the others written", func(t *trial) {
		t.write(created("b"))
		before := t.load("b")
		changes := []*store.Change{created("a", event("a", 1, "hook")), created("b", event("b", 1, "hook")), created("c", event("c", 1, "hook"))}
		done := t.commit(store.Batch{Changes: changes})
		t.ok("the first change", done.Results[0].Err)
		t.is("the second change", done.Results[1].Err, store.ErrConflict)
		t.ok("the third change", done.Results[2].Err)
		for i, r := range t.loadAll("a", "c") {
			t.same("the version of "+r.ID, r.Version, done.Results[2*i].Version)
			t.sameConversation(r.ID, r.Conversation, changes[2*i].To)
		}
		t.same("the conversation in conflict", t.load("b"), before)
		t.gives("me", []string{"hook"}, "a.1 to hook", "c.1 to hook")
	})

	rule("results come in the order of the changes", func(t *trial) {
		t.write(created("b"), created("d"))
		done := t.commit(store.Batch{Changes: []*store.Change{created("d"), created("b"), created("e"), created("a"), created("c")}})
		for i, conflict := range []bool{true, true, false, false, false} {
			if got := errors.Is(done.Results[i].Err, store.ErrConflict); got != conflict {
				t.Errorf("result %d is a conflict: %v; must be: %v", i, got, conflict)
			}
		}
	})

	rule("of what a second change of a conversation says nothing is written", func(t *trial) {
		held := func(until int) func(*conversation.Conversation) {
			return func(c *conversation.Conversation) {
				c.Participants = []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{{ID: "s",
					Segments: []*conversation.Segment{{Type: conversation.SegmentHold, Start: at(10), End: at(until)}},
					Metrics:  []conversation.Metric{{Name: "tTalk", EmitDate: at(10), Value: int64(until)}}}}}}
			}
		}
		one, two := createdAs(partial("c", held(20))), createdAs(partial("c", held(30)))
		done := t.commit(store.Batch{Changes: []*store.Change{one, two}})
		t.ok("the first change", done.Results[0].Err)
		t.is("the second change", done.Results[1].Err, store.ErrConflict)
		t.sameConversation("c", t.load("c").Conversation, one.To)
	})

	rule("of two changes of one version of a conversation one is written", func(t *trial) {
		for _, id := range []string{"new", "known"} {
			if id == "known" {
				t.write(created(id))
			}
			r := t.load(id)
			pair := []*store.Change{next(r, partial(id, tagged("first"))), next(r, partial(id, tagged("second")))}
			done := t.commit(store.Batch{Changes: pair})
			written, refused := 0, 1
			if done.Results[0].Err != nil {
				written, refused = 1, 0
			}
			t.ok("the change that is written", done.Results[written].Err)
			t.is("the other one", done.Results[refused].Err, store.ErrConflict)
			after := t.load(id)
			t.same("the version of "+id, after.Version, done.Results[written].Version)
			t.sameConversation(id, after.Conversation, pair[written].To)
		}
	})

	rule("of several changes of a conversation in a batch all but the first are conflicts, whatever becomes of that", func(t *trial) {
		fails := errors.New("no")
		for name, first := range map[string]func(c *store.Change){
			"it is written":    func(*store.Change) {},
			"it is a conflict": func(c *store.Change) { c.Version += 7 },
			"its hook fails":   func(c *store.Change) { c.InTx = func(context.Context, *store.Change) error { return fails } },
		} {
			for _, of := range []string{"new", "known"} {
				id := of + ", " + name
				if of == "known" {
					t.write(created(id))
				}
				before := t.load(id)
				one, same, following := next(before, partial(id, tagged("first"))), next(before, partial(id, tagged("same"))), next(before, partial(id, tagged("following")))
				first(one)
				following.Version++
				ran := false
				same.InTx = func(context.Context, *store.Change) error { ran = true; return nil }
				done := t.commit(store.Batch{Changes: []*store.Change{one, created("beside " + id), same, following}})
				t.ok("what is beside", done.Results[1].Err)
				t.is("the second change", done.Results[2].Err, store.ErrConflict)
				t.is("the third change", done.Results[3].Err, store.ErrConflict)
				if ran {
					t.Errorf("%s: the hook of the second change runs", id)
				}
				after := t.load(id)
				if name == "it is written" {
					t.ok("the first change", done.Results[0].Err)
					t.same("the version", after.Version, done.Results[0].Version)
					t.sameConversation(id, after.Conversation, one.To)
				} else {
					t.same("the record of "+id, after, before)
				}
			}
		}
	})

	rule("a batch takes 500 conversations", func(t *trial) {
		var changes []*store.Change
		var ids, given []string
		for i := range 500 {
			id := fmt.Sprintf("c-%03d", i)
			ids = append(ids, id)
			changes = append(changes, created(id, event(id, 1, "hook"), event(id, 2, "hook")))
			given = append(given, id+".1 to hook")
		}
		t.write(changes...)
		for i, r := range t.loadAll(ids...) {
			t.sameConversation(r.ID, r.Conversation, changes[i].To)
		}
		due := t.claim("me", 1000, "hook")
		got := make([]string, len(due))
		for i, d := range due {
			got[i] = d.ID + " to " + d.Hook
		}
		t.sameSet("what was given", got, given)

		for i, r := range t.loadAll(ids...) {
			changes[i] = next(r, partialBy(conversation.SourceREST, at(200), r.ID, tagged("vip")))
		}
		t.write(changes...)
		for i, r := range t.loadAll(ids...) {
			t.sameConversation(r.ID, r.Conversation, changes[i].To)
		}
	})

	rule("what one change writes is not seen in another conversation", func(t *trial) {
		a, b := created("a", event("a", 1, "hook")), created("b")
		a.Pending = []store.Pending{{EventID: "e", Due: at(10)}}
		t.write(a, b)
		t.same("the other conversation", t.load("b"), store.Record{ID: "b", Version: t.load("b").Version, Conversation: b.To})
	})
}
