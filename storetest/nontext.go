package storetest

import (
	"fmt"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// nonTexts are strings that databases refuse as text. Genesys sends none, but
// a host or the error of a hook may. A store may keep U+FFFD in place of what
// it cannot keep, but must not fail, nor lose what belongs to them.
var nonTexts = []string{"\xff", "a\xffb", "cut after two \xe2\x82", "cut after three \xf0\x9f\x99", "overlong \xc0\xaf", "surrogate \xed\xa0\x80", "\x00 first",
	"zero \x00 in it", "last \x00", `\u0000 escaped`, "both \x00 and \xff"}

func notText(rule define) {
	rule("a conversation is found by its id", func(t *trial) {
		for i, id := range nonTexts {
			t.write(createdAs(partial(id, tagged(fmt.Sprint(i)))))
			r := t.load(id)
			t.same("the tag", r.Conversation.ExternalTag, fmt.Sprint(i))
			c := next(r, partial(id, func(c *conversation.Conversation) { c.Address = "there" }))
			c.Events = []store.NewEvent{event(id, 1, "hook")}
			t.write(c)
			t.same("the address", t.load(id).Conversation.Address, "there")
			t.same("how many events", len(t.events(id)), 1)
			t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.Done))
			t.same("how many wait", len(t.load(id).Backlog), 0)
		}
		t.same("how many are listed", len(t.listAll(store.Query{})), len(nonTexts))
	})

	rule("a conversation is not found by the id of another one", func(t *trial) {
		t.write(createdAs(partial("a\ufffdb", tagged("text"))), createdAs(partial("other", tagged("other"))))
		for _, r := range t.loadAll("a\xffb", "zero \x00", "other", "\xff", "a\ufffdb") {
			if r.ID == "other" || r.ID == "a\ufffdb" {
				t.same("the id", r.Conversation.ID, r.ID)
			}
		}
	})

	rule("a conversation may hold it", func(t *trial) {
		for i, s := range nonTexts {
			id := fmt.Sprintf("c-%d", i)
			c := createdAs(partial(id, call, tagged(s), func(c *conversation.Conversation) {
				c.Address = s
				c.DivisionIDs = []string{s, "division"}
				c.Attributes = map[string]string{s: "name", "value": s}
				agent := c.Participants[1]
				agent.Name, agent.Attributes = s, map[string]string{s: "name", "value": s}
				leg := agent.Sessions[0]
				leg.WrapUpNote, leg.WrapUpTags = s, []string{s, "tag"}
				leg.Segments[0].Subject = s
			}))
			e := event(id, 1, "hook")
			e.Type, e.Rule = s, s
			c.Events = []store.NewEvent{e}
			c.Refused = &store.Refused{Facts: c.To, Failure: store.Failure{Hook: "h", EventID: "e", Type: s, Attempts: 1, Error: s, Stack: s, At: at(1)}}
			t.write(c)
			t.same("how many participants", len(t.load(id).Conversation.Participants), len(c.To.Participants))
			o := did("me", t.only(t.claim("me", 1, "hook")), store.Failed)
			o.Failure.Error, o.Failure.Stack = s, s
			t.settle(o)
			t.same("how many have failed", len(t.failed(store.FailedQuery{ConversationID: id}).Items), 2)
		}
		for i, s := range nonTexts {
			t.write(&store.Change{ID: fmt.Sprintf("v-%d", i), Vetoed: s})
		}
	})

	rule("hooks, owners and values may be named so", func(t *trial) {
		for i, name := range nonTexts {
			id := fmt.Sprintf("c-%d", i)
			t.laneOf(id, 1, name)
			d := t.only(t.claim(name, 1, name))
			t.ok("Renew", t.store.Renew(t.ctx, name, long, []store.DeliveryKey{{ConversationID: id, Hook: name, Seq: d.Seq}}))
			t.settle(did(name, d, store.Failed))
			t.same("how many have failed", len(t.failed(store.FailedQuery{ConversationID: id, Hook: name}).Items), 1)
			t.same("how many are skipped", t.decide(store.Skip, store.DeliveryID(id+".1", name)), 1)
			_, err := t.store.SetValue(t.ctx, name, []byte(name), 0)
			t.ok("SetValue", err)
			value, _, err := t.store.Value(t.ctx, name)
			t.ok("Value", err)
			t.same("the value", string(value), name)
		}
	})

	rule("what is asked for may be so", func(t *trial) {
		t.write(createdAs(partial("c", tagged("text"))))
		for _, s := range nonTexts {
			t.listAll(store.Query{EverUserID: s, EverQueueID: s, PresentUserID: s, PresentQueueID: s, Address: s, Direction: conversation.Direction(s), Media: []conversation.MediaType{conversation.MediaType(s)}, Status: []conversation.Status{conversation.Status(s)}, Attribute: map[string]string{s: s}})
			t.same("what has failed", len(t.failed(store.FailedQuery{ConversationID: s, Hook: s}).Items), 0)
			t.same("how many are decided on", t.decide(store.Retry, s, store.DeliveryID(s, s)), 0)
		}
	})
}
