package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

var errHook = errors.New("the hook failed")

// hooked is a change with a hook.
func hooked(c *store.Change, hook func(ctx context.Context, c *store.Change) error) *store.Change {
	c.InTx = hook
	return c
}

func hooksInTheTransaction(rule define) {
	rule("the hook runs once, with the very change that is committed", func(t *trial) {
		runs := 0
		c := created("c")
		t.write(hooked(c, func(_ context.Context, got *store.Change) error {
			if runs++; got != c {
				t.Error("it is another change, so what the hook alters does not reach the caller")
			}
			return nil
		}))
		t.same("how often the hook ran", runs, 1)
	})

	rule("the hook has the values and the end of the caller's context", func(t *trial) {
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.ctx, key{}, "mine"))
		defer cancel()
		var value any
		var deadline bool
		c := hooked(created("c"), func(ctx context.Context, _ *store.Change) error {
			value = ctx.Value(key{})
			_, deadline = ctx.Deadline()
			return nil
		})
		_, err := t.store.Commit(ctx, store.Batch{Changes: []*store.Change{c}})
		t.ok("Commit", err)
		t.same("the value", value, any("mine"))
		t.same("whether there is a deadline", deadline, true)
	})

	rule("the hook of a change in conflict does not run", func(t *trial) {
		t.write(created("c"))
		err := t.refuse(hooked(created("c"), func(context.Context, *store.Change) error {
			t.Error("it ran")
			return nil
		}))
		t.is("the result", err, store.ErrConflict)
	})

	rule("the hook may alter the conversation, the events and what waits", func(t *trial) {
		c := created("c")
		c.Pending = []store.Pending{{EventID: "old", Due: at(1)}}
		t.writeAs("me", hooked(c, func(_ context.Context, c *store.Change) error {
			c.To = conversation.Merge(c.To, partialBy(conversation.SourceHost, at(200), "c", func(c *conversation.Conversation) { c.Attributes = map[string]string{"case": "4711"} }))
			c.Events = []store.NewEvent{claimedEvent("c", 1, "mine"), event("c", 2, "anybody's")}
			c.Pending = []store.Pending{{EventID: "new", Due: at(2)}}
			return nil
		}))
		r := t.load("c")
		t.sameConversation("the conversation", r.Conversation, c.To)
		t.same("the case", r.Conversation.Attributes["case"], "4711")
		t.same("what waits", r.Pending, c.Pending)
		t.sameSet("what was announced", r.Announced, []string{"c.1", "c.2"})
		t.gives("other", []string{"mine", "anybody's"}, "c.2 to anybody's")
	})

	rule("the hook may make the change a tombstone", func(t *trial) {
		c := created("c", event("c", 1, "hook"))
		c.Pending = []store.Pending{{EventID: "old", Due: at(1)}}
		version := t.write(hooked(c, func(_ context.Context, c *store.Change) error {
			*c = store.Change{ID: c.ID, Version: c.Version, From: c.From, Vetoed: "not ours"}
			return nil
		}))
		t.same("the record", t.load("c"), store.Record{ID: "c", Version: version, Vetoed: "not ours"})
		t.gives("me", []string{"hook"})
	})

	rule("the hook may set and remove a refused change", func(t *trial) {
		refused := refusal("screen", 1, merged(partial("c", call)))
		t.write(hooked(created("c"), func(_ context.Context, c *store.Change) error {
			c.Refused = refused
			return nil
		}))
		t.same("the refused change", t.load("c").Refused, refused)
		t.write(hooked(next(t.load("c")), func(_ context.Context, c *store.Change) error {
			c.Refused = nil
			return nil
		}))
		if t.load("c").Refused != nil {
			t.Error("the refused change is still there")
		}
	})

	rule("a hook that fails is reported with its error, and nothing of its change is written", func(t *trial) {
		t.write(created("known", event("known", 1)))
		before := t.load("known")
		for _, r := range []store.Record{before, {ID: "new"}} {
			c := next(r, partial(r.ID, tagged("refused")))
			c.Events = []store.NewEvent{event(r.ID, r.LastSeq+1, "hook")}
			c.Pending = []store.Pending{{EventID: "e", Due: at(1)}}
			err := t.refuse(hooked(c, func(context.Context, *store.Change) error { return fmt.Errorf("the case system: %w", errHook) }))
			t.is("the result", err, errHook)
			if errors.Is(err, store.ErrConflict) {
				t.Errorf("the result %v is a conflict as well", err)
			}
			t.same("the record of "+r.ID, t.load(r.ID), r)
		}
		if _, err := t.store.Events(t.ctx, "new"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the log of the new conversation gives the error %v", err)
		}
		t.same("the length of the log", len(t.events("known")), 1)
		t.same("what is listed", t.listAll(store.Query{}), []string{"known"})
		t.gives("me", []string{"hook"})
		if ids, _ := t.due(endOfTime, 10); len(ids) != 0 {
			t.Errorf("conclusions of %q wait", ids)
		}
	})

	rule("a hook that fails does not touch the other changes of the batch", func(t *trial) {
		t.laneOf("d", 2, "hook")
		outcome := did("me", t.only(t.claim("me", 1, "hook")), store.Done)
		ran := map[string]bool{}
		hook := func(err error) func(context.Context, *store.Change) error {
			return func(_ context.Context, c *store.Change) error {
				ran[c.ID] = true
				return err
			}
		}
		changes := []*store.Change{hooked(created("a", event("a", 1, "hook")), hook(nil)), hooked(created("b", event("b", 1, "hook")), hook(errHook)),
			hooked(created("c", event("c", 1, "hook")), hook(nil))}
		done := t.commit(store.Batch{Changes: changes, Outcomes: []store.Outcome{outcome}})
		t.ok("the first change", done.Results[0].Err)
		t.is("the second change", done.Results[1].Err, errHook)
		t.ok("the third change", done.Results[2].Err)
		t.same("whose hooks ran", ran, map[string]bool{"a": true, "b": true, "c": true})
		t.sameConversation("the first conversation", t.load("a").Conversation, changes[0].To)
		t.same("the second conversation", t.load("b"), store.Record{ID: "b"})
		t.sameConversation("the third conversation", t.load("c").Conversation, changes[2].To)
		t.gives("me", []string{"hook"}, "a.1 to hook", "c.1 to hook", "d.2 to hook")
	})

	rule("a change whose hook failed can be committed again", func(t *trial) {
		fails := true
		c := hooked(created("c"), func(_ context.Context, c *store.Change) error {
			if fails {
				return errHook
			}
			c.Events = []store.NewEvent{event("c", 1, "hook")}
			return nil
		})
		t.is("the result", t.refuse(c), errHook)
		fails = false
		t.write(c)
		t.gives("me", []string{"hook"}, "c.1 to hook")
	})

	rule("nobody else changes the conversation while its hook runs", func(t *trial) {
		for _, id := range []string{"new", "known"} {
			if id == "known" {
				t.write(created(id))
			}
			r := t.load(id)
			var once sync.Once
			var otherErr error
			over := make(chan struct{})
			mine := hooked(next(r, partial(id, tagged("mine"))), func(context.Context, *store.Change) error {
				once.Do(func() {
					go func() {
						defer close(over)
						done, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{next(r, partial(id, tagged("other")))}})
						if otherErr = err; err == nil {
							otherErr = done.Results[0].Err
						}
					}()
				})
				// The other one loses the race now, or waits for this one to end.
				select {
				case <-over:
				case <-time.After(short):
				}
				return nil
			})
			results := t.commit(store.Batch{Changes: []*store.Change{mine}}).Results
			<-over
			errs := map[string]error{"mine": results[0].Err, "other": otherErr}
			tag := t.load(id).Conversation.ExternalTag
			for who, err := range errs {
				if who == tag {
					t.ok("the change that is stored", err)
				} else {
					t.is("the change that is not stored", err, store.ErrConflict)
				}
			}
		}
	})

	rule("after a hook that panics the conversation is as before, and can be changed", func(t *trial) {
		t.write(created("known"))
		for _, r := range t.loadAll("known", "new") {
			func() {
				defer func() { _ = recover() }()
				_, _ = t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{hooked(next(r, partial(r.ID, tagged("refused"))),
					func(context.Context, *store.Change) error { panic("storetest: a hook panics") })}})
			}()
			t.same("the record", t.load(r.ID), r)
			t.write(next(r, partial(r.ID, tagged("vip"))))
		}
	})

	rule("hooks of different conversations may run at the same time or one after the other", func(t *trial) {
		t.together(8, func(i int) error {
			id := fmt.Sprintf("c-%d", i)
			c := hooked(created(id), func(_ context.Context, c *store.Change) error {
				c.Events = []store.NewEvent{event(id, 1)}
				return nil
			})
			done, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{c}})
			if err != nil {
				return err
			}
			return done.Results[0].Err
		})
		t.same("how many are listed", len(t.listAll(store.Query{})), 8)
	})
}
