package storetest

import (
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// refusal is a change that the hook refused.
func refusal(hook string, seconds int, facts *conversation.Conversation) *store.Refused {
	return &store.Refused{Facts: facts, Failure: store.Failure{Hook: hook, EventID: facts.ID + ".1", Type: "conversation.created", Attempts: 5,
		Error: "the case system is down", Stack: "goroutine 1 [running]:\nmain.main()", At: at(seconds)}}
}

func refusedChanges(rule define) {
	rule("a refused change of a new conversation is all that is stored of it", func(t *trial) {
		refused := refusal("screen", 1, merged(partial("c", call)))
		version := t.write(&store.Change{ID: "c", Refused: refused})
		t.same("the record", t.load("c"), store.Record{ID: "c", Version: version, Refused: refused})
		t.same("what is listed", t.listAll(store.Query{}), []string(nil))
		if events := t.events("c"); len(events) != 0 {
			t.Errorf("the log has %d events", len(events))
		}
	})

	rule("the refused facts come back with who said them and when", func(t *trial) {
		for _, source := range sources {
			id := source.String()
			facts := merged(filled(t, id, 1, by(source, at(50))))
			t.write(&store.Change{ID: id, Refused: refusal("screen", 1, facts)})
			got := t.load(id).Refused.Facts
			t.sameConversation(id, got, facts)
			t.addsNothing(got, facts)
			weaker, newer := filled(t, id, 2, by(conversation.SourceHint, at(40))), filled(t, id, 2, by(conversation.SourceHost, at(60)))
			t.sameConversation("after a weaker source", conversation.Merge(got, weaker), conversation.Merge(facts, weaker))
			t.sameConversation("after a newer statement", conversation.Merge(got, newer), conversation.Merge(facts, newer))
		}
	})

	rule("the refused facts keep hidden shadows and sessions without a participant", func(t *trial) {
		facts := merged(mediaTopic(50, shadowed("p1", true)),
			partialBy(conversation.SourceDetailEvent, at(60), "c", grouped([]string{"p1", "s1", "s2"}, []string{"", "s3"})))
		t.write(&store.Change{ID: "c", Refused: refusal("screen", 1, facts)})
		more := partialBy(conversation.SourceREST, at(70), "c", grouped([]string{"p2", "s2"}, []string{"p1", "s3"}))
		got := t.load("c").Refused.Facts
		t.sameConversation("the facts", got, facts)
		t.sameConversation("the facts with more", conversation.Merge(got, more), conversation.Merge(facts, more))
	})

	rule("a refused change leaves the conversation as it is", func(t *trial) {
		c := created("c", event("c", 1, "hook"))
		c.Pending = []store.Pending{{EventID: "e", Due: at(10)}}
		t.write(c)
		before := t.load("c")
		refuse := next(before)
		refuse.Refused = refusal("screen", 1, merged(partial("c", tagged("refused"))))
		version := t.write(refuse)
		want := before
		want.Version, want.Refused = version, refuse.Refused
		t.same("the record", t.load("c"), want)
		t.same("what is listed", t.listAll(store.Query{}), []string{"c"})
	})

	rule("a refused change is replaced by the next one", func(t *trial) {
		t.write(&store.Change{ID: "c", Refused: refusal("screen", 1, merged(partial("c", call)))})
		r := t.load("c")
		second := refusal("owner", 2, conversation.Merge(r.Refused.Facts, partialBy(conversation.SourceREST, at(200), "c", tagged("vip"))))
		second.Attempts = 10
		t.write(&store.Change{ID: "c", Version: r.Version, Refused: second})
		got := t.load("c").Refused
		t.same("the refused change", got, second)
		t.sameConversation("the facts", got.Facts, second.Facts)
		t.same("what has failed of the first hook", t.allFailed(store.FailedQuery{Hook: "screen"}), []string(nil))
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{store.ChangeID("c")})
	})

	rule("since when facts are kept aside and when hooks are asked again comes back, and what waits is due then", func(t *trial) {
		for _, id := range []string{"new", "known"} {
			refused := refusal("screen", 1, merged(partial(id, tagged("vip"))))
			refused.Since, refused.Next, refused.Overruled, refused.Skipped = at(1), at(20), id == "new", []store.Skipped{{Hook: "one", EventID: "e-1"}, {Hook: "two", EventID: "e-1"}}
			c := &store.Change{ID: id}
			if id == "known" {
				t.write(created(id))
				c = next(t.load(id))
			}
			c.Refused, c.Pending = refused, []store.Pending{{EventID: refused.EventID, Due: refused.Next}}
			t.write(c)
			t.same("the refused change", t.load(id).Refused, refused)
			t.same("what waits", t.load(id).Pending, c.Pending)
			item := t.failed(store.FailedQuery{ConversationID: id}).Items[0]
			t.same("since when it is listed", item.Since, at(1))
			t.same("when it is tried again", item.Next, at(20))
		}
		ids, _ := t.due(at(19), 10)
		t.same("what is due before", ids, []string(nil))
		ids, _ = t.due(at(20), 10)
		t.sameSet("what is due", ids, []string{"new", "known"})
	})

	rule("what is undecided is kept and due, and has not failed", func(t *trial) {
		facts := merged(partial("c", call))
		undecided := &store.Refused{Facts: facts, Failure: store.Failure{Hook: "screen", EventID: "c.1", Type: "conversation.created", Error: "no caller yet"}, Since: at(1), Next: at(600)}
		t.write(&store.Change{ID: "c", Refused: undecided, Pending: []store.Pending{{EventID: "c.1", Due: at(600)}}})
		t.same("what is kept", t.load("c").Refused, undecided)
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string(nil))
		t.same("what is listed", t.listAll(store.Query{}), []string(nil))
		ids, _ := t.due(at(600), 10)
		t.same("what is due", ids, []string{"c"})
		failed := refusal("screen", 2, facts)
		t.write(&store.Change{ID: "c", Version: t.load("c").Version, Refused: failed})
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{store.ChangeID("c")})
		t.write(&store.Change{ID: "c", Version: t.load("c").Version, Refused: undecided})
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string(nil))
	})

	rule("a change without a refused one removes it", func(t *trial) {
		t.write(&store.Change{ID: "new", Refused: refusal("screen", 1, merged(partial("new", call)))}, created("known"))
		known := next(t.load("known"))
		known.Refused = refusal("screen", 2, merged(partial("known", tagged("vip"))))
		t.write(known)
		for _, r := range t.loadAll("new", "known") {
			accepted := next(r, r.Refused.Facts)
			accepted.Refused = nil
			t.write(accepted)
			got := t.load(r.ID)
			if got.Refused != nil {
				t.Errorf("the refused change of %q is still there", r.ID)
			}
			t.sameConversation(r.ID, got.Conversation, accepted.To)
		}
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string(nil))
		t.sameSet("what is listed", t.listAll(store.Query{}), []string{"new", "known"})
	})
}
