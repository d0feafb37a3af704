package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
)

func (t *trial) forget(ids ...string) int {
	t.Helper()
	n, err := t.store.Forget(t.ctx, ids...)
	t.ok("Forget", err)
	return n
}

func (t *trial) expire(before time.Time, limit int) int {
	t.Helper()
	n, err := t.store.Expire(t.ctx, before, limit)
	t.ok("Expire", err)
	return n
}

// isForgotten demands that nothing is left of a conversation.
func (t *trial) isForgotten(id string) {
	t.Helper()
	r := t.load(id)
	t.same("the record", r, store.Record{ID: id, Forgotten: true})
	if !r.Tombstone() {
		t.Error("it is no tombstone")
	}
	if log, err := t.store.Events(t.ctx, id); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("the log has %d events, and the error is %v", len(log), err)
	}
	if slices.Contains(t.listAll(store.Query{}), id) {
		t.Error("it is listed")
	}
	t.same("what has failed", t.allFailed(store.FailedQuery{ConversationID: id}), []string(nil))
	if ids, _ := t.due(endOfTime, 100); slices.Contains(ids, id) {
		t.Error("its conclusions wait")
	}
	for _, e := range t.everyEntry() {
		if e.ConversationID == id {
			t.Errorf("the entry %q is in an inbox", e.Key)
		}
	}
}

// full stores a conversation with something of everything.
func (t *trial) full(id string) {
	t.Helper()
	c := created(id, event(id, 1, "hook", "held", "failed"), event(id, 2, "hook", "held", "failed"))
	c.To = merged(c.To, partial(id, tagged("vip")))
	c.Pending = []store.Pending{{EventID: "e-" + id, Due: at(1)}}
	c.Refused = refusal("screen", 1, merged(partial(id, tagged("refused"))))
	t.write(c)
	for _, d := range t.claim("holder", 2, "held", "failed") {
		if d.Hook == "failed" {
			t.settle(did("holder", d, store.Failed))
		}
	}
	t.deposit(heard(id, "heard", "me", 1))
}

func forgetting(rule define) {
	rule("nothing is left of a conversation that is forgotten, and others stay as they are", func(t *trial) {
		t.full("c")
		t.full("d")
		d, events := t.load("d"), t.events("d")
		t.same("how many were stored", t.forget("c"), 1)
		t.isForgotten("c")
		t.same("the other one", t.load("d"), d)
		t.same("the log of the other one", t.events("d"), events)
		t.finds("me", "d/heard")
		t.sameSet("what has failed", t.allFailed(store.FailedQuery{}), []string{store.DeliveryID("d.1", "failed"), store.ChangeID("d")})
		t.gives("me", []string{"hook", "held", "failed"}, "d.1 to hook")
		t.same("how many had failed", t.decide(store.Retry, store.DeliveryID("c.1", "failed")), 0)
	})

	rule("deliveries of a forgotten conversation are given to nobody, whoever held them", func(t *trial) {
		t.full("c")
		t.forget("c")
		t.ok("Release", t.store.Release(t.ctx, "holder"))
		t.gives("me", []string{"hook", "held", "failed"})
		due, next := t.claimFor(store.Claim{Owner: "me", Lease: long, Hooks: []string{"hook", "held", "failed"}, Limit: 10})
		if len(due) != 0 || !next.IsZero() {
			t.Errorf("the next delivery is due at %v", next)
		}
	})

	rule("the outcome of a delivery of a forgotten conversation counts for nothing", func(t *trial) {
		t.write(created("c", event("c", 1, "hook"), event("c", 2, "hook")))
		d := t.only(t.claim("me", 1, "hook"))
		t.forget("c")
		ran := false
		done := did("me", d, store.Done)
		done.InTx = func(context.Context) error { ran = true; return nil }
		if t.settle(done) || ran {
			t.Errorf("deliveries are ready, or the hook ran: %v", ran)
		}
		t.settle(did("me", d, store.Failed))
		t.renew("me", long, d)
		t.isForgotten("c")
	})

	rule("a forgotten conversation does not come back", func(t *trial) {
		t.write(created("c"))
		r := t.load("c")
		t.forget("c")
		t.is("a change of what was stored", t.refuse(next(r, partial("c", tagged("late")))), store.ErrConflict)
		t.is("a new conversation", t.refuse(created("c", event("c", 1, "hook"))), store.ErrConflict)
		t.is("a tombstone", t.refuse(&store.Change{ID: "c", Vetoed: "not ours"}), store.ErrConflict)
		t.is("a refused change", t.refuse(&store.Change{ID: "c", Refused: refusal("h", 1, merged(partial("c", call)))}), store.ErrConflict)
		for _, c := range []*store.Change{created("c", event("c", 1, "hook")), next(r, partial("c", tagged("late")))} {
			ran := false
			t.is("a change with a hook", t.refuse(hooked(c, func(context.Context, *store.Change) error { ran = true; return nil })), store.ErrConflict)
			if ran {
				t.Error("the hook ran")
			}
		}
		t.isForgotten("c")
		t.gives("me", []string{"hook"})
	})

	rule("the others of a batch are written without the forgotten one", func(t *trial) {
		t.forget("b")
		for _, in := range []func(*store.Change) *store.Change{
			func(c *store.Change) *store.Change { return c },
			func(c *store.Change) *store.Change {
				return hooked(c, func(context.Context, *store.Change) error { return nil })
			},
		} {
			a, b, c := created("a", event("a", 1, "hook")), created("b", event("b", 1, "hook")), created("c", event("c", 1, "hook"))
			done := t.commit(store.Batch{Owner: "me", Lease: long, Changes: []*store.Change{in(a), in(b), in(c)}})
			t.ok("a", done.Results[0].Err)
			t.is("b", done.Results[1].Err, store.ErrConflict)
			t.ok("c", done.Results[2].Err)
			t.sameConversation("a", t.load("a").Conversation, a.To)
			t.sameConversation("c", t.load("c").Conversation, c.To)
			t.gives("me", []string{"hook"}, "a.1 to hook", "c.1 to hook")
			t.isForgotten("b")
			t.forget("a", "c")
			t.expire(farAhead(), 100)
			t.forget("b")
		}
	})

	rule("what is not stored can be forgotten, and what is forgotten again", func(t *trial) {
		t.deposit(heard("c", "heard", "me", 1))
		t.same("how many were stored", t.forget("c"), 0)
		t.isForgotten("c")
		t.is("a new conversation", t.refuse(created("c")), store.ErrConflict)
		t.write(created("d"))
		t.same("how many were stored", t.forget("c", "d", "c", "d"), 1)
		t.same("how many were stored", t.forget("c", "d"), 0)
		t.same("how many were stored", t.forget(), 0)
		t.isForgotten("d")
	})

	rule("what was vetoed, and what was only refused, can be forgotten", func(t *trial) {
		t.write(&store.Change{ID: "v", Vetoed: "not ours"}, &store.Change{ID: "r", Refused: refusal("h", 1, merged(partial("r", call)))})
		t.same("how many were stored", t.forget("v", "r"), 2)
		t.isForgotten("v")
		t.isForgotten("r")
	})

	rule("a conversation of any id can be forgotten, and no other one", func(t *trial) {
		for _, id := range names {
			t.write(created(id))
		}
		for i, id := range names {
			t.same("how many were stored", t.forget(id), 1)
			t.isForgotten(id)
			t.same("how many are left", len(t.listAll(store.Query{})), len(names)-i-1)
			t.is("a new conversation", t.refuse(created(id)), store.ErrConflict)
		}
	})

	rule("many conversations can be forgotten at once", func(t *trial) {
		var ids []string
		for i := range 300 {
			ids = append(ids, fmt.Sprintf("c-%03d", i))
			if i%2 == 0 {
				t.write(created(ids[i], event(ids[i], 1, "hook")))
			}
		}
		t.same("how many were stored", t.forget(ids...), 150)
		for _, r := range t.loadAll(ids...) {
			t.same("the record", r, store.Record{ID: r.ID, Forgotten: true})
		}
	})

	// inTheMiddle forgets while the hook of a change runs. Either the store waits
	// for the one or for the other.
	inTheMiddle := func(t *trial, c *store.Change) {
		t.Helper()
		id := c.ID // the change is the store's, when the hook has returned
		forgotten := make(chan error, 1)
		done, err := t.store.Commit(t.ctx, store.Batch{Owner: "me", Lease: long, Changes: []*store.Change{hooked(c, func(context.Context, *store.Change) error {
			go func() {
				_, err := t.store.Forget(t.ctx, id)
				forgotten <- err
			}()
			t.pause(short)
			return nil
		})}})
		t.ok("Commit", err)
		if err := done.Results[0].Err; err != nil {
			t.is("the change", err, store.ErrConflict)
		}
		t.ok("Forget", <-forgotten)
		t.isForgotten(id)
		t.gives("me", []string{"hook"})
	}

	rule("a new conversation that is forgotten while its hook runs does not stay", func(t *trial) {
		inTheMiddle(t, created("c", event("c", 1, "hook")))
	})

	rule("a conversation that is forgotten while the hook of a change runs does not stay", func(t *trial) {
		t.write(created("c"))
		c := next(t.load("c"), partial("c", tagged("late")))
		c.Events = []store.NewEvent{event("c", 1, "hook")}
		inTheMiddle(t, c)
	})

	rule("whoever writes while conversations are forgotten, none comes back", func(t *trial) {
		const ids, writers = 12, 3
		id := func(i int) string { return fmt.Sprintf("c-%02d", i) }
		t.together(writers+1, func(who int) error {
			for n := range ids {
				if who == writers {
					time.Sleep(time.Millisecond)
					if _, err := t.store.Forget(t.ctx, id(n)); err != nil {
						return err
					}
					continue
				}
				for range 4 {
					if err := t.writeOn(id(n), n%2 == 0); err != nil {
						return err
					}
				}
			}
			return nil
		})
		for n := range ids {
			t.isForgotten(id(n))
		}
		t.gives("me", []string{"hook"})
	})
}

// writeOn writes the next version of whatever is stored, or loses a race.
func (t *trial) writeOn(id string, withHook bool) error {
	records, err := t.store.Load(t.ctx, id)
	if err != nil {
		return err
	}
	c := next(records[0], partial(id, call))
	c.Events = []store.NewEvent{event(id, records[0].LastSeq+1, "hook")}
	if withHook {
		c = hooked(c, func(context.Context, *store.Change) error { return nil })
	}
	done, err := t.store.Commit(t.ctx, store.Batch{Owner: "me", Lease: long, Changes: []*store.Change{c}})
	if err == nil {
		err = done.Results[0].Err
	}
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// farAhead is later than the clock of any store.
func farAhead() time.Time { return time.Now().Add(24 * time.Hour) }

func tombstonesExpire(rule define) {
	rule("tombstones expire when they were made before, and a conversation begins anew then", func(t *trial) {
		t.write(created("d"), created("c"), &store.Change{ID: "v", Vetoed: "not ours"})
		t.forget("c", "n")
		t.same("how many expired", t.expire(time.Now().Add(-24*time.Hour), 100), 0)
		t.isForgotten("c")
		t.same("how many expired", t.expire(farAhead(), 100), 3)
		t.same("how many expired", t.expire(farAhead(), 100), 0)
		for _, id := range []string{"c", "n", "v"} {
			t.same("the record", t.load(id), store.Record{ID: id})
			t.write(created(id))
		}
		t.sameSet("what is listed", t.listAll(store.Query{}), []string{"c", "d", "n", "v"})
	})

	rule("no more tombstones expire than are asked for", func(t *trial) {
		t.write(&store.Change{ID: "v", Vetoed: "not ours"}, &store.Change{ID: "w", Vetoed: "nor theirs"}, created("c"))
		t.forget("a", "b")
		for range 2 {
			t.same("how many expired", t.expire(farAhead(), 0), 0)
			t.same("how many expired", t.expire(farAhead(), 2), 2)
		}
		t.same("what is listed", t.listAll(store.Query{}), []string{"c"})
	})

	rule("a tombstone that was lifted does not expire, nor what came in its place", func(t *trial) {
		t.write(&store.Change{ID: "c", Vetoed: "not ours"})
		lifted := &store.Refused{Facts: merged(partial("c", call)), Since: at(1), Overruled: true}
		t.write(&store.Change{ID: "c", Version: t.load("c").Version, Refused: lifted})
		t.same("how many expired", t.expire(farAhead(), 100), 0)
		r := t.load("c")
		t.same("what is kept", r.Refused, lifted)
		accepted := next(r, r.Refused.Facts)
		accepted.Refused, accepted.Events = nil, []store.NewEvent{event("c", 1, "hook")}
		t.write(accepted)
		t.forget("n")
		t.same("how many expired", t.expire(farAhead(), 100), 1)
		t.write(created("n"))
		t.same("how many expired", t.expire(farAhead(), 100), 0)
		t.sameConversation("c", t.load("c").Conversation, accepted.To)
		t.gives("me", []string{"hook"}, "c.1 to hook")
	})
}

// foundAll goes through all pages of a search and returns the ids.
func (t *trial) foundAll(q store.PersonQuery) (ids []string) {
	t.Helper()
	for {
		page, err := t.store.Find(t.ctx, q)
		t.ok("Find", err)
		ids = append(ids, page.IDs...)
		if q.After = page.Next; q.After == "" {
			return ids
		}
	}
}
