package storetest

import (
	"errors"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func committing(rule define) {
	rule("a new conversation is stored under the version that the result says", func(t *trial) {
		c := created("c")
		version := t.write(c)
		r := t.load("c")
		t.same("the version", r.Version, version)
		t.sameConversation("the conversation", r.Conversation, c.To)
	})

	rule("a change gives a higher version", func(t *trial) {
		first := t.write(created("c"))
		second := t.write(next(t.load("c"), partial("c", tagged("vip"))))
		r := t.load("c")
		if second <= first || r.Version != second || r.Conversation.ExternalTag != "vip" {
			t.Errorf("version %d follows %d; loaded are version %d and the tag %q", second, first, r.Version, r.Conversation.ExternalTag)
		}
	})

	rule("a change that leaves the conversation as it is gives a higher version", func(t *trial) {
		t.write(created("c"))
		before := t.load("c")
		c := next(before)
		c.Pending = []store.Pending{{EventID: "e", Due: at(10)}}
		version := t.write(c)
		if after := t.load("c"); after.Version != version || version <= before.Version {
			t.Errorf("version %d follows %d; loaded is version %d", version, before.Version, after.Version)
		}
	})

	rule("a change on an old version is a conflict and writes nothing", func(t *trial) {
		t.write(created("c"))
		old := t.load("c")
		t.write(next(old, partial("c", tagged("first"))))
		before := t.load("c")
		late := next(old, partial("c", tagged("second")))
		late.Events = []store.NewEvent{event("c", 1, "hook")}
		late.Pending = []store.Pending{{EventID: "e", Due: at(10)}}
		t.is("the result", t.refuse(late), store.ErrConflict)
		t.same("the record", t.load("c"), before)
		t.gives("me", []string{"hook"})
	})

	rule("a change on a version that does not exist yet is a conflict", func(t *trial) {
		t.write(created("c"))
		ahead := next(t.load("c"), partial("c", tagged("ahead")))
		ahead.Version++
		t.is("the result", t.refuse(ahead), store.ErrConflict)
	})

	rule("a new conversation that is stored already is a conflict", func(t *trial) {
		t.write(created("c"))
		before := t.load("c")
		t.is("the result", t.refuse(createdAs(partial("c", tagged("again")))), store.ErrConflict)
		t.same("the record", t.load("c"), before)
	})

	rule("a change of a conversation that is not stored is a conflict", func(t *trial) {
		c := createdAs(partial("c", call))
		c.From, c.Version = c.To, 3
		t.is("the result", t.refuse(c), store.ErrConflict)
		t.same("the record", t.load("c"), store.Record{ID: "c"})
		if _, err := t.store.Events(t.ctx, "c"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the log of the conversation gives the error %v", err)
		}
	})

	rule("a change that lost a race can be made again on the newest version", func(t *trial) {
		t.write(created("c"))
		old := t.load("c")
		t.write(next(old, partial("c", tagged("vip"))))
		mine := partial("c", func(c *conversation.Conversation) { c.DivisionIDs = []string{"division-1"} })
		t.is("the result", t.refuse(next(old, mine)), store.ErrConflict)
		t.write(next(t.load("c"), mine))
		t.sameConversation("the conversation", t.load("c").Conversation, merged(old.Conversation, partial("c", tagged("vip")), mine))
	})

	rule("many versions of a conversation add up", func(t *trial) {
		want := merged(partial("c", call))
		t.write(createdAs(want))
		for i := range 20 {
			s := partialBy(conversation.SourceREST, at(200+i), "c", func(c *conversation.Conversation) {
				c.ExternalTag = string(rune('a' + i))
				c.Participants = []*conversation.Participant{{ID: "p-" + string(rune('a'+i)), Purpose: conversation.PurposeAgent, Start: at(200 + i)}}
			})
			want = conversation.Merge(want, s)
			t.write(next(t.load("c"), s))
		}
		t.sameConversation("the conversation", t.load("c").Conversation, want)
	})
}
