package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/store"
)

func taking(rule define) {
	rule("what a batch has taken is removed, whatever becomes of its changes", func(t *trial) {
		take := func(b store.Batch) store.Committed {
			t.deposit(heard("d", "key", "me", 1))
			b.Taken = namesOf(heard("d", "key", "me", 1))
			done := t.commit(b)
			t.finds("me")
			return done
		}
		take(store.Batch{})
		t.write(created("c", event("c", 1, "hook")))
		t.is("the result", take(store.Batch{Changes: []*store.Change{created("c")}}).Results[0].Err, store.ErrConflict)
		fails := func(context.Context, *store.Change) error { return errHook }
		t.is("the result", take(store.Batch{Changes: []*store.Change{hooked(created("e"), fails)}}).Results[0].Err, errHook)
		d := t.only(t.claim("me", 1, "hook"))
		take(store.Batch{Outcomes: []store.Outcome{did("me", d, store.Done)}})
		t.same("the backlog", t.load("c").Backlog, []string(nil))
	})

	rule("an entry that was replaced since it was read is not removed", func(t *trial) {
		read := heard("c", "key", "me", 1)
		t.deposit(read)
		t.deposit(heard("c", "key", "me", 2))
		t.commit(store.Batch{Taken: namesOf(read)})
		t.commit(store.Batch{Changes: []*store.Change{created("c")}, Taken: namesOf(read)})
		t.finds("me", "c/key")
		t.commit(store.Batch{Taken: namesOf(t.inboxOf("me")...)})
		t.finds("me")
	})

	rule("only what is named is removed, and what is not there may be named", func(t *trial) {
		t.deposit(heard("a", "1", "me", 1), heard("a", "2", "me", 2), heard("b", "1", "me", 3), heard("b", "2", "other", 4))
		taken := namesOf(heard("a", "1", "me", 1), heard("a", "1", "me", 1), heard("a", "3", "me", 9), heard("c", "1", "me", 9))
		t.commit(store.Batch{Taken: taken})
		t.finds("me", "a/2", "b/1")
		t.commit(store.Batch{Changes: []*store.Change{created("b")}, Taken: namesOf(heard("a", "2", "me", 2), heard("b", "2", "other", 4))})
		t.finds("me", "b/1")
		t.finds("other")
	})

	rule("a batch that fails removes nothing", func(t *trial) {
		t.write(created("c", event("c", 1, "hook")))
		d := did("me", t.only(t.claim("me", 1, "hook")), store.Done)
		d.InTx = func(context.Context) error { return errHook }
		t.deposit(heard("e", "key", "me", 2))
		_, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{created("d")}, Outcomes: []store.Outcome{d}, Taken: namesOf(heard("e", "key", "me", 2))})
		t.is("Commit", err, errHook)
		t.finds("me", "e/key")
	})

	rule("the entries of a conversation stay when it is vetoed", func(t *trial) {
		t.write(created("b"))
		t.deposit(heard("a", "key", "me", 1), heard("b", "key", "me", 2))
		r := t.load("b")
		t.write(&store.Change{ID: "a", Vetoed: "not ours"}, &store.Change{ID: "b", Version: r.Version, From: r.Conversation, Vetoed: "not ours"})
		t.finds("me", "a/key", "b/key")
	})

	rule("the last entry of a key is read, however often it is replaced while others are taken", func(t *trial) {
		const rounds = 40
		var seen atomic.Int64
		t.together(2, func(i int) error {
			if i == 0 {
				for n := 1; n <= 2*rounds; n++ {
					if err := t.store.Deposit(t.ctx, []store.Entry{heard("c", "key", "me", n)}); err != nil {
						return err
					}
					letOthersIn()
					for n%2 == 0 && seen.Load() < int64(n) {
						if !t.pause(100 * time.Microsecond) {
							return fmt.Errorf("entry %d was not read: %w", n, t.ctx.Err())
						}
					}
				}
				return nil
			}
			for seen.Load() < 2*rounds {
				entries, err := awaitEntry(t.ctx, t.store, "me")
				if err != nil {
					return err
				}
				letOthersIn()
				if _, err := t.store.Commit(t.ctx, store.Batch{Taken: namesOf(entries...)}); err != nil {
					return err
				}
				seen.Store(int64(entries[0].At.Sub(at(0)) / time.Second))
			}
			return nil
		})
		t.finds("me")
	})
}
