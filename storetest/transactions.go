package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/store"
)

func transactions(rule define) {
	// holds demands the value of a key in the table; empty for none.
	holds := func(t *trial, table Table, key, want string) {
		t.Helper()
		value, found, err := table.Read(t.ctx, key)
		t.ok("Read", err)
		if found != (want != "") || value != want {
			t.Errorf("the row %q has the value %q (there: %v), and must have %q", key, value, found, want)
		}
	}
	inserts := func(table Table, key, value string, result error) func(context.Context, *store.Change) error {
		return func(ctx context.Context, _ *store.Change) error {
			return errors.Join(table.Insert(ctx, key, value), result)
		}
	}

	rule("what a hook writes is committed with its change", func(t *trial) {
		table := t.table()
		t.write(hooked(created("c"), inserts(table, "case", "4711", nil)))
		holds(t, table, "case", "4711")
		t.write(hooked(next(t.load("c")), inserts(table, "task", "12", nil)))
		holds(t, table, "task", "12")
	})

	rule("what a hook writes is rolled back with its change, and only that", func(t *trial) {
		table := t.table()
		done := t.commit(store.Batch{Changes: []*store.Change{
			hooked(created("a"), inserts(table, "a", "1", nil)),
			hooked(created("b"), inserts(table, "b", "1", errHook)),
			hooked(created("c"), inserts(table, "c", "1", nil)),
		}})
		t.is("the result", done.Results[1].Err, errHook)
		holds(t, table, "a", "1")
		holds(t, table, "b", "")
		holds(t, table, "c", "1")
	})

	rule("what a hook writes is committed with a veto", func(t *trial) {
		table := t.table()
		t.write(hooked(created("c"), func(ctx context.Context, c *store.Change) error {
			*c = store.Change{ID: c.ID, Version: c.Version, Vetoed: "not ours"}
			return table.Insert(ctx, "vetoed", "c")
		}))
		holds(t, table, "vetoed", "c")
	})

	rule("a hook may write again what was rolled back before", func(t *trial) {
		table := t.table()
		t.is("the result", t.refuse(hooked(created("c"), inserts(table, "case", "1", errHook))), errHook)
		t.write(hooked(created("c"), inserts(table, "case", "2", nil)))
		holds(t, table, "case", "2")
	})

	rule("a statement of a hook that the database refuses fails its change and no other", func(t *trial) {
		table := t.table()
		t.write(hooked(created("first"), inserts(table, "case", "1", nil)))
		done := t.commit(store.Batch{Changes: []*store.Change{
			hooked(created("a"), inserts(table, "a", "1", nil)),
			hooked(created("b"), inserts(table, "case", "2", nil)),
			hooked(created("c"), inserts(table, "c", "1", nil)),
		}})
		t.ok("the first change", done.Results[0].Err)
		if done.Results[1].Err == nil || errors.Is(done.Results[1].Err, store.ErrConflict) {
			t.Errorf("the second change gave the error %v", done.Results[1].Err)
		}
		t.ok("the third change", done.Results[2].Err)
		holds(t, table, "a", "1")
		holds(t, table, "case", "1")
		holds(t, table, "c", "1")
		t.same("the second conversation", t.load("b"), store.Record{ID: "b"})
	})

	rule("hooks of one batch do not see each other's failures", func(t *trial) {
		table := t.table()
		done := t.commit(store.Batch{Changes: []*store.Change{
			hooked(created("a"), inserts(table, "key", "a", errHook)),
			hooked(created("b"), inserts(table, "key", "b", nil)),
		}})
		t.is("the first change", done.Results[0].Err, errHook)
		t.ok("the second change", done.Results[1].Err)
		holds(t, table, "key", "b")
	})

	rule("a batch that fails rolls back what its hooks wrote", func(t *trial) {
		table := t.table()
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		done, err := t.store.Commit(ctx, store.Batch{Changes: []*store.Change{
			hooked(created("a"), inserts(table, "a", "1", nil)),
			hooked(created("b"), func(ctx context.Context, _ *store.Change) error {
				err := table.Insert(ctx, "b", "1")
				cancel()
				return err
			}),
		}})
		for i, id := range []string{"a", "b"} {
			want := ""
			if err == nil && done.Results[i].Err == nil {
				want = "1"
			}
			holds(t, table, id, want)
			if stored := t.load(id).Version != 0; stored != (want != "") {
				t.Errorf("the conversation %q is stored: %v, but its hook's row is %q", id, stored, want)
			}
		}
	})

	rule("what the hook of an outcome writes is committed with the mark, or not at all", func(t *trial) {
		table := t.table()
		t.laneOf("c", 1, "hook")
		d := t.only(t.claim("me", 1, "hook"))
		_, err := t.store.Commit(t.ctx, store.Batch{Outcomes: []store.Outcome{inTx(did("me", d, store.Done), func(ctx context.Context) error {
			t.ok("Insert", table.Insert(ctx, "effect", "rolled back"))
			return errHook
		})}})
		t.is("Commit", err, errHook)
		_, found, err := table.Read(t.ctx, "effect")
		t.ok("Read", err)
		t.same("whether the effect is there", found, false)
		t.settle(inTx(did("me", d, store.Done), func(ctx context.Context) error { return table.Insert(ctx, "effect", "kept") }))
		value, _, err := table.Read(t.ctx, "effect")
		t.ok("Read", err)
		t.same("the effect", value, "kept")
		t.same("the backlog", t.load("c").Backlog, []string(nil))
	})

	// Two that wait for each other where the database locks rows. A store that runs
	// one at a time, or has one of them fail, runs no hook twice.
	rule("a hook that runs again is given the change as it was", func(t *trial) {
		table := t.table()
		var wrong atomic.Value
		var met [2]chan struct{}
		var once [2]sync.Once
		for i := range met {
			met[i] = make(chan struct{})
		}
		grows := func(c *store.Change) {
			if len(c.Events) != 1 || len(c.Pending) != 0 {
				wrong.Store(fmt.Sprintf("%s: %d events, %d conclusions", c.ID, len(c.Events), len(c.Pending)))
			}
			c.Events = append(c.Events, event(c.ID, int64(len(c.Events))+1, "hook"))
			c.Pending = append(c.Pending, store.Pending{EventID: "e", Due: at(1)})
		}
		t.together(2, func(i int) error {
			a, b := fmt.Sprint("a-", i), fmt.Sprint("b-", i)
			_, _ = t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{ // one of the two may fail
				hooked(created(a, event(a, 1, "hook")), func(ctx context.Context, c *store.Change) error {
					grows(c)
					err := table.Insert(ctx, fmt.Sprint("key ", i), a)
					once[i].Do(func() { close(met[i]) })
					select {
					case <-met[1-i]:
					case <-time.After(4 * short):
					}
					return err
				}),
				hooked(created(b, event(b, 1, "hook")), func(ctx context.Context, c *store.Change) error {
					grows(c)
					return table.Insert(ctx, fmt.Sprint("key ", 1-i), b)
				}),
			}})
			return nil
		})
		if w := wrong.Load(); w != nil {
			t.Errorf("a hook was given what its first run had left: %v", w)
		}
	})
}
