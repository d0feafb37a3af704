package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// texts are strings that stores get wrong.
func texts() []string {
	return []string{
		" ", "  with spaces around  ", "tab\tnewline\nreturn\r\n", "quote's \"double\" `back`", `back\slash \n \u0041 \\`,
		"100% _like_ [glob]* ?", "'; DROP TABLE cdm_conversation; --", "{\"json\":[1,null]}", "<xml>&amp;</xml>", "a,b;c|d:e/f", "${x} $1 ?1 :name @p",
		"Zoë Müller", "Zoe\u0308 combined", "日本語 中文 한국어", "العربية עברית", "emoji 👩‍👩‍👧‍👦 🇳🇱 𝒳 \U0010FFFF", "\u200b\u200f\ufeff invisible",
		"\u0001\u001f\u007f control", "NULL", "null", "true", "0", "-1", "1e3", "NaN", "infinity", "2025-01-10",
		strings.Repeat("long ", 20_000), incompressible(60_000), strings.Repeat("🙂", 5_000),
	}
}

// incompressible is a long text that no index entry can be made of.
func incompressible(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for range n {
		b.WriteByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[random.IntN(64)])
	}
	return b.String()
}

// names are identifiers that a store must tell apart.
var names = []string{"name", "Name", "NAME", "name ", " name", "na me", "na.me", "na:me", "na/me", "na%", "na_", "naïve", "nai\u0308ve", "名前", "🙂", "n'a\"me", `na\me`, "1"}

func text(rule define) {
	rule("any text comes back as it is", func(t *trial) {
		for i, s := range texts() {
			id := fmt.Sprintf("c-%d", i)
			want := merged(partial(id, call, tagged(s), func(c *conversation.Conversation) {
				c.Address = s
				c.DivisionIDs, c.ExternalContactIDs = []string{s}, []string{s, "", s + "!"}
				c.Attributes = map[string]string{"value": s}
				customer := c.Participants[0]
				customer.ANI, customer.Address = "", "x"+s // not the organisation's own
				agent := c.Participants[1]
				agent.Name, agent.Attributes = s, map[string]string{"value": s}
				leg := agent.Sessions[0]
				leg.WrapUpNote, leg.State, leg.WrapUpTags = s, conversation.SessionState(s), []string{s, s}
				leg.Segments[0].Subject = s
			}))
			c := createdAs(want)
			e := event(id, 1, "hook")
			e.Type, e.Rule = s, s
			c.Events = []store.NewEvent{e}
			c.Refused = &store.Refused{Facts: want, Failure: store.Failure{Hook: "h", EventID: "e", Type: s, Attempts: 1, Error: s, Stack: s, At: at(1)}}
			t.write(c)
			what := "with " + abridged(s)
			r := t.load(id)
			t.sameConversation(what, r.Conversation, want)
			t.sameConversation("the refused facts "+what, r.Refused.Facts, want)
			t.same("the refused change "+what, r.Refused.Failure, c.Refused.Failure)
			t.same("the event "+what, t.events(id)[0].Event, e.Event)
			t.same("what is listed of the customer "+what, t.listAll(store.Query{Address: "x" + s}), []string{id})

			d := t.only(t.claim("me", 1, "hook"))
			o := did("me", d, store.Failed)
			o.Failure.Error, o.Failure.Stack = s, s
			t.settle(o)
			t.same("the failed delivery "+what, t.failed(store.FailedQuery{ConversationID: id, Hook: "hook"}).Items[0].Failure, o.Failure)
		}
	})

	rule("an attribute may have any name, and an empty value", func(t *trial) {
		attributes := map[string]string{"empty": ""}
		for i, s := range append(texts(), names...) {
			if len(s) < 1000 {
				attributes[s] = fmt.Sprint(i)
			}
		}
		want := merged(partial("c", func(c *conversation.Conversation) {
			c.Attributes = attributes
			c.Participants = []*conversation.Participant{{ID: "p", Attributes: attributes}}
		}))
		t.write(createdAs(want))
		t.sameConversation("the conversation", t.load("c").Conversation, want)
	})

	rule("ids that differ in anything are different conversations", func(t *trial) {
		var changes []*store.Change
		for i, id := range names {
			changes = append(changes, createdAs(partial(id, tagged(fmt.Sprint(i)))))
		}
		t.write(changes...)
		for i, r := range t.loadAll(names...) {
			t.sameConversation(r.ID, r.Conversation, changes[i].To)
		}
		t.sameSet("what is listed", t.listAll(store.Query{}), names)
	})

	rule("ids within a conversation that differ in anything are different entities", func(t *trial) {
		want := merged(partial("c", func(c *conversation.Conversation) {
			for _, id := range names {
				c.Participants = append(c.Participants, &conversation.Participant{ID: id, Name: id, Sessions: []*conversation.Session{{ID: id, Subject: id}}})
				c.Transfers = append(c.Transfers, &conversation.Transfer{ID: id, State: id})
				c.Surveys = append(c.Surveys, &conversation.Survey{ID: id, FormName: id})
				c.Evaluations = append(c.Evaluations, &conversation.Evaluation{ID: id, FormName: id})
			}
		}))
		t.write(createdAs(want))
		t.sameConversation("the conversation", t.load("c").Conversation, want)
	})

	rule("hooks whose names differ in anything are different hooks", func(t *trial) {
		t.laneOf("c", 1, names...)
		t.sameSet("the backlog", t.load("c").Backlog, names)
		for _, hook := range names {
			d := t.only(t.claim("me", 100, hook))
			t.same("the hook", d.Hook, hook)
			t.settle(did("me", d, store.Failed))
			t.same("what has failed of the hook", t.allFailed(store.FailedQuery{Hook: hook}), []string{store.DeliveryID("c.1", hook)})
		}
		for _, hook := range names {
			t.same("how many had failed", t.decide(store.Retry, store.DeliveryID("c.1", hook)), 1)
			t.gives("me", []string{hook}, "c.1 to "+hook)
		}
	})

	rule("a lease is renewed for the conversation and hook of just this name", func(t *trial) {
		for _, id := range names {
			t.writeAs("me", created(id, claimedEvent(id, 1, names...)))
		}
		for _, name := range names {
			t.renew("me", 0, store.Delivery{Event: event(name, 1).Event, Hook: name})
			d := t.only(t.claim("other", 10, names...))
			t.same("the conversation", d.ConversationID, name)
			t.same("the hook", d.Hook, name)
		}
	})

	rule("owners whose names differ in anything are different owners", func(t *trial) {
		t.laneOf("c", 1, "hook")
		d := t.only(t.claim("Owner", 1, "hook"))
		for _, other := range []string{"owner", "Owner ", "", "OWNER"} {
			t.settle(did(other, d, store.Done))
			t.renew(other, 0, d)
			t.ok("Release", t.store.Release(t.ctx, other))
		}
		t.gives("other", []string{"hook"})
		t.same("the backlog", t.load("c").Backlog, []string{"hook"})
	})

	rule("values whose names differ in anything are different values", func(t *trial) {
		for _, name := range names {
			_, err := t.store.SetValue(t.ctx, name, []byte(name), 0)
			t.ok("SetValue", err)
		}
		for _, name := range names {
			value, _, err := t.store.Value(t.ctx, name)
			t.ok("Value", err)
			t.same("the value of "+name, string(value), name)
		}
	})

	rule("the reason of a veto may be any text", func(t *trial) {
		for i, s := range texts() {
			id := fmt.Sprintf("c-%d", i)
			t.write(&store.Change{ID: id, Vetoed: s})
			t.same("the reason", t.load(id).Vetoed, s)
		}
	})
}
