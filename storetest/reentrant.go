package storetest

import (
	"fmt"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func reentrance(rule define) {
	rule("every method may be called in a loop over a page", func(t *trial) {
		for i := range 6 {
			t.laneOf(fmt.Sprintf("c-%d", i), 1, "hook")
		}
		q := store.Query{Limit: 2}
		var seen []string
		for {
			page := t.list(q)
			for _, c := range page.Conversations {
				seen = append(seen, c.ID)
				r := t.load(c.ID)
				t.write(next(r, partialBy(conversation.SourceREST, at(200), c.ID, tagged("seen"))))
				t.same("the length of the log", len(t.events(c.ID)), 1)
				t.same("how many others are listed", len(t.list(store.Query{}).Conversations), 6)
				for _, d := range t.claim("me", 1, "hook") {
					t.renew("me", long, d)
					t.settle(did("me", d, store.Failed))
				}
				for _, p := range t.failed(store.FailedQuery{}).Items {
					t.decide(store.Retry, p.ID)
				}
				t.due(endOfTime, 10)
				t.ok("Release", t.store.Release(t.ctx, "me"))
				_, version, err := t.store.Value(t.ctx, "last")
				t.ok("Value", err)
				_, err = t.store.SetValue(t.ctx, "last", []byte(c.ID), version)
				t.ok("SetValue", err)
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		t.sameSet("what was seen", seen, []string{"c-0", "c-1", "c-2", "c-3", "c-4", "c-5"})
		for _, id := range seen {
			t.same("the tag of "+id, t.load(id).Conversation.ExternalTag, "seen")
		}
	})

	rule("every method may be called in a loop over what is due or was claimed", func(t *trial) {
		for i := range 4 {
			id := fmt.Sprintf("c-%d", i)
			c := created(id, event(id, 1, "hook"))
			c.Pending = []store.Pending{{EventID: "e", Due: at(1)}}
			t.write(c)
		}
		ids, _ := t.due(at(1), 10)
		for _, id := range ids {
			c := next(t.load(id))
			c.Pending, c.Events = nil, []store.NewEvent{event(id, 2, "hook")}
			t.write(c)
		}
		for seq := int64(1); seq <= 2; seq++ {
			for _, d := range t.claim("me", 10, "hook") {
				t.same("the sequence", d.Seq, seq)
				t.same("the length of the log", len(t.events(d.ConversationID)), 2)
				t.settle(did("me", d, store.Done))
			}
		}
		ids, _ = t.due(at(1), 10)
		t.same("what has settled", ids, []string(nil))
	})
}
