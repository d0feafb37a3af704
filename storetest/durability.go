package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// kept is all that can be read of a store.
type kept struct {
	Records      []store.Record
	Events       map[string][]store.LoggedEvent
	Failed       []store.FailedItem
	Due          []string
	NextDue      time.Time
	Listed       [][]string
	Value        string
	ValueVersion int64
	Inbox        []store.Entry
}

// everything reads all that the store has of these conversations.
func (t *trial) everything(ids ...string) kept {
	t.Helper()
	k := kept{Records: t.loadAll(ids...), Events: map[string][]store.LoggedEvent{}, Failed: t.failed(store.FailedQuery{}).Items}
	for i := range k.Records {
		r := &k.Records[i]
		slices.Sort(r.Announced)
		slices.Sort(r.Backlog)
		slices.SortFunc(r.Pending, func(a, b store.Pending) int { return strings.Compare(a.EventID, b.EventID) })
		if r.Version != 0 {
			k.Events[r.ID] = t.events(r.ID)
			for _, e := range k.Events[r.ID] {
				slices.SortFunc(e.Deliveries, func(a, b store.LoggedDelivery) int { return strings.Compare(a.Hook, b.Hook) })
			}
		}
	}
	k.Due, k.NextDue = t.due(at(15), 100)
	for _, order := range orders {
		k.Listed = append(k.Listed, t.listAll(store.Query{Order: order}))
	}
	value, version, err := t.store.Value(t.ctx, "cursor")
	t.ok("Value", err)
	k.Value, k.ValueVersion = string(value), version
	k.Inbox = t.everyEntry()
	return k
}

func durability(rule define) {
	rule("everything is there after the store was opened again", func(t *trial) {
		ids := []string{"full", "call", "vetoed", "refused", "waits", "unknown"}
		full := createdAs(filled(t, "full", 1, by(conversation.SourceREST, at(50))))
		full.Events = []store.NewEvent{event("full", 1, "done", "failed", "retried", "skipped", "waiting"), event("full", 2, "waiting"), event("full", 3)}
		full.Events[2].Vetoed = true
		waits := created("waits")
		waits.Pending = []store.Pending{{EventID: "soon", Due: at(10)}, {EventID: "late", Due: at(20)}}
		waits.Refused = refusal("owner", 2, merged(partial("waits", tagged("vip"))))
		t.write(full, created("call"), &store.Change{ID: "vetoed", Vetoed: "not ours"}, waits,
			&store.Change{ID: "refused", Refused: refusal("screen", 1, merged(filled(t, "refused", 2, by(conversation.SourceTopic, at(50)))))})
		t.write(next(t.load("call"), partialBy(conversation.SourceAnalytics, at(200), "call", tagged("vip"))))
		for hook, what := range map[string]store.Did{"done": store.Done, "retried": store.WillRetry, "failed": store.Failed, "skipped": store.Failed} {
			o := did("me", t.only(t.claim("me", 1, hook)), what)
			o.Wait = long
			t.settle(o)
		}
		t.decide(store.Skip, store.DeliveryID("full.1", "skipped"))
		_, err := t.store.SetValue(t.ctx, "cursor", []byte("here"), 0)
		t.ok("SetValue", err)
		t.deposit(heard("call", "1", "me", 1), heard("call", "2", "other", 2), heard("unknown", "1", "me", 3), heard("full", "1", "me", 4))
		t.commit(store.Batch{Taken: namesOf(heard("call", "1", "me", 1))})

		want := t.everything(ids...)
		t.reopen()
		got := t.everything(ids...)
		t.same("what is stored", got, want)
		for i, r := range got.Records {
			if r.Conversation != nil {
				t.sameConversation(r.ID, r.Conversation, want.Records[i].Conversation)
			}
			if r.Refused != nil {
				t.sameConversation("the refused facts of "+r.ID, r.Refused.Facts, want.Records[i].Refused.Facts)
			}
		}
	})

	rule("deliveries go on where they were after the store was opened again", func(t *trial) {
		t.laneOf("waiting", 2, "hook")
		t.laneOf("failed", 2, "later")
		o := did("me", t.only(t.claim("me", 1, "later")), store.WillRetry)
		o.Wait = long
		t.settle(o)
		head := t.failHead("head", 2, "fails")
		t.reopen()

		due, next := t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook", "later", "fails"}, Limit: 10})
		d := t.only(due)
		t.same("the delivery", d.ID, "waiting.1")
		if wait := time.Until(next); (wait - long).Abs() > time.Minute {
			t.Errorf("the next one is due in %v, and must be in %v", wait, long)
		}
		t.settle(did("me", d, store.Done))
		t.reopen()
		t.gives("me", []string{"hook", "later"}, "waiting.2 to hook")
		t.same("how many had failed", t.decide(store.Retry, head), 1)
		t.reopen()
		t.gives("me", []string{"fails"}, "head.1 to fails")
	})

	rule("what failed before the store was opened again counts", func(t *trial) {
		t.laneOf("c", 1, "hook")
		for range 3 {
			t.settle(did("me", t.only(t.claim("me", 1, "hook")), store.WillRetry))
		}
		t.reopen()
		t.same("how often it failed", t.only(t.claim("me", 1, "hook")).Attempts, 3)
	})

	rule("what an owner held that is gone is given to others when its lease has ended", func(t *trial) {
		t.laneOf("a", 1, "hook")
		t.claimFor(store.Claim{Owner: "gone", Lease: short, Hooks: []string{"hook"}, Limit: 10})
		t.commit(store.Batch{Owner: "gone", Lease: short, Changes: []*store.Change{created("b", claimedEvent("b", 1, "hook"))}})
		t.reopen()
		var given []string
		t.eventually("both are given", func() bool {
			for _, d := range t.claim("me", 10, "hook") {
				given = append(given, d.ID)
			}
			return len(given) >= 2
		})
		t.sameSet("what was given", given, []string{"a.1", "b.1"})
	})

	rule("an owner that starts again under its name goes on at once", func(t *trial) {
		t.laneOf("c", 1, "hook")
		t.gives("me", []string{"hook"}, "c.1 to hook")
		t.reopen()
		t.ok("Release", t.store.Release(t.ctx, "me"))
		t.gives("me", []string{"hook"}, "c.1 to hook")
	})

	rule("versions and sequences go on after the store was opened again", func(t *trial) {
		t.write(created("c", event("c", 1, "hook")))
		old := t.load("c")
		t.write(next(old, partial("c", tagged("vip"))))
		_, err := t.store.SetValue(t.ctx, "cursor", []byte("a"), 0)
		t.ok("SetValue", err)
		t.reopen()
		t.is("the result", t.refuse(next(old, partial("c", tagged("late")))), store.ErrConflict)
		t.is("the result", t.refuse(created("c")), store.ErrConflict)
		_, err = t.store.SetValue(t.ctx, "cursor", []byte("b"), 0)
		t.is("SetValue", err, store.ErrConflict)
		c := next(t.load("c"))
		c.Events = []store.NewEvent{event("c", 2, "hook")}
		t.write(c)
		t.same("the last sequence", t.load("c").LastSeq, int64(2))
		t.same("the length of the log", len(t.events("c")), 2)
	})

	rule("what is changed after the store was opened again is changed later", func(t *trial) {
		for i := range 5 {
			t.write(created(fmt.Sprintf("c-%d", i)))
		}
		t.reopen()
		t.write(next(t.load("c-2"), partial("c-2", tagged("vip"))))
		t.write(created("c-5"))
		t.same("the listing", t.listAll(store.Query{Order: store.LastChanged}), []string{"c-5", "c-2", "c-4", "c-3", "c-1", "c-0"})
	})

	rule("the store may be opened again any number of times", func(t *trial) {
		for i := range 5 {
			c := created("c")
			if i > 0 {
				c = next(t.load("c"), partialBy(conversation.SourceREST, at(200), "c", inDivision(fmt.Sprint(i))))
			}
			t.write(c)
			t.reopen()
			t.sameConversation("the conversation", t.load("c").Conversation, c.To)
		}
	})
}
