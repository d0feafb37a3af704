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
		refused := refusal("screen", 1, merged(said("c", call)))
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
			saidBy(conversation.SourceDetailEvent, at(60), "c", grouped([]string{"p1", "s1", "s2"}, []string{"", "s3"})))
		t.write(&store.Change{ID: "c", Refused: refusal("screen", 1, facts)})
		more := saidBy(conversation.SourceREST, at(70), "c", grouped([]string{"p2", "s2"}, []string{"p1", "s3"}))
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
		refuse.Refused = refusal("screen", 1, merged(said("c", tagged("refused"))))
		version := t.write(refuse)
		want := before
		want.Version, want.Refused = version, refuse.Refused
		t.same("the record", t.load("c"), want)
		t.same("what is listed", t.listAll(store.Query{}), []string{"c"})
	})

	rule("a refused change is replaced by the next one", func(t *trial) {
		t.write(&store.Change{ID: "c", Refused: refusal("screen", 1, merged(said("c", call)))})
		r := t.load("c")
		second := refusal("owner", 2, conversation.Merge(r.Refused.Facts, saidBy(conversation.SourceREST, at(200), "c", tagged("vip"))))
		second.Attempts = 10
		t.write(&store.Change{ID: "c", Version: r.Version, Refused: second})
		got := t.load("c").Refused
		t.same("the refused change", got, second)
		t.sameConversation("the facts", got.Facts, second.Facts)
		t.same("what has failed of the first hook", t.allFailed(store.FailedQuery{Hook: "screen"}), []string(nil))
		t.same("what has failed", t.allFailed(store.FailedQuery{}), []string{store.ChangeID("c")})
	})

	rule("a change without a refused one removes it", func(t *trial) {
		t.write(&store.Change{ID: "new", Refused: refusal("screen", 1, merged(said("new", call)))}, created("known"))
		known := next(t.load("known"))
		known.Refused = refusal("screen", 2, merged(said("known", tagged("vip"))))
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
