package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// heard is an entry of an inbox that was heard at a second.
func heard(conversationID, key, owner string, second int) store.Entry {
	return store.Entry{ConversationID: conversationID, Key: key, Owner: owner, At: at(second), Data: []byte("heard by " + owner)}
}

// namesOf are the names of entries, as a batch says what was taken.
func namesOf(entries ...store.Entry) []store.EntryKey {
	var list []store.EntryKey
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func (t *trial) deposit(entries ...store.Entry) {
	t.Helper()
	t.ok("Deposit", t.store.Deposit(t.ctx, entries))
}

func (t *trial) inbox(q store.InboxQuery) []store.Entry {
	t.Helper()
	entries, err := t.store.Inbox(t.ctx, q)
	t.ok("Inbox", err)
	if len(entries) > max(q.Limit, 0) {
		t.Fatalf("Inbox gave %d entries for a limit of %d", len(entries), q.Limit)
	}
	return entries
}

// living are the owners of the rules, who all take their own entries.
var living = []string{"me", "other", "holder"}

// inboxOf gives all entries of an owner, and those of owners that are not
// among the living.
func (t *trial) inboxOf(owner string) []store.Entry {
	t.Helper()
	return t.inbox(store.InboxQuery{Owner: owner, Alive: living, Limit: 20_000})
}

// finds demands that the inbox has just these entries, in this order, each as
// conversation/key.
func (t *trial) finds(owner string, want ...string) {
	t.Helper()
	got := []string{}
	for _, e := range t.inboxOf(owner) {
		got = append(got, e.ConversationID+"/"+e.Key)
	}
	t.same("the inbox of "+owner, got, slices.Concat([]string{}, want))
}

// everyEntry goes through all pages of all inboxes.
func (t *trial) everyEntry() []store.Entry {
	t.Helper()
	var all []store.Entry
	q := store.InboxQuery{Limit: 3}
	for {
		page := t.inbox(q)
		all = append(all, page...)
		if len(page) < q.Limit {
			return all
		}
		q.After = page[len(page)-1].Name()
	}
}

func readingTheInbox(rule define) {
	rule("the oldest entries come first, however they were deposited", func(t *trial) {
		t.deposit(heard("c", "3", "me", 3), heard("b", "1", "me", 1))
		t.deposit(heard("a", "2", "me", 2))
		t.finds("me", "b/1", "a/2", "c/3")
	})

	rule("not more entries are given than were asked for, the oldest ones", func(t *trial) {
		for i := range 5 {
			t.deposit(heard("c", string(rune('e'-i)), "me", 10-i))
		}
		t.same("how many are given of none", len(t.inbox(store.InboxQuery{Owner: "me"})), 0)
		first := t.inbox(store.InboxQuery{Owner: "me", Alive: living, Limit: 2})
		t.same("the first ones", namesOf(first...), namesOf(heard("c", "a", "me", 6), heard("c", "b", "me", 7)))
	})

	rule("pages go on behind the last entry of the one before, also among entries of the same time", func(t *trial) {
		var want []store.Entry
		for second := range 3 {
			for _, id := range []string{"a", "b", "c"} {
				for _, key := range []string{"x", "y"} {
					want = append(want, heard(id, key, "me", second))
					want[len(want)-1].Key += string(rune('0' + second))
				}
			}
		}
		backwards := slices.Clone(want)
		slices.Reverse(backwards)
		t.deposit(backwards...)
		t.same("all entries", t.everyEntry(), want)
	})

	rule("the next page is there although the one before was taken", func(t *trial) {
		t.deposit(heard("c", "1", "me", 1), heard("c", "2", "me", 2), heard("c", "3", "me", 3))
		page := t.inbox(store.InboxQuery{Owner: "me", Limit: 2})
		t.commit(store.Batch{Taken: namesOf(page...)})
		t.same("the next page", t.inbox(store.InboxQuery{Owner: "me", Limit: 2, After: page[1].Name()}), []store.Entry{heard("c", "3", "me", 3)})
	})

	rule("entries of others that live are not given", func(t *trial) {
		t.deposit(heard("c", "1", "me", 1), heard("c", "2", "other", 2))
		t.finds("me", "c/1")
		t.finds("other", "c/2")
		t.finds("holder")
	})

	rule("entries of those that are gone are given to all who ask, in their order", func(t *trial) {
		t.deposit(heard("c", "1", "gone", 1), heard("c", "2", "me", 2), heard("d", "3", "long ago", 3), heard("c", "4", "other", 4), heard("d", "5", "gone", 5))
		t.finds("me", "c/1", "c/2", "d/3", "d/5")
		t.finds("other", "c/1", "d/3", "c/4", "d/5")
		t.finds("holder", "c/1", "d/3", "d/5")
	})

	rule("own entries are given to an owner that does not name itself among those that live", func(t *trial) {
		t.deposit(heard("c", "1", "me", 1), heard("c", "2", "other", 2))
		t.same("the inbox", t.inbox(store.InboxQuery{Owner: "me", Alive: []string{"other"}, Limit: 10}), []store.Entry{heard("c", "1", "me", 1)})
		t.same("where nobody lives", len(t.inbox(store.InboxQuery{Owner: "me", Limit: 10})), 2)
	})

	rule("entries that the caller has already are left out, and do not count", func(t *trial) {
		var all []store.Entry
		for i := range 6 {
			all = append(all, heard(string(rune('a'+i/2)), fmt.Sprint(i), "me", i))
		}
		t.deposit(all...)
		has := append(namesOf(all[1], all[2], all[4]), namesOf(heard("b", "1", "me", 1), heard("z", "0", "me", 0))...)
		q := store.InboxQuery{Owner: "me", Alive: living, Limit: 10, Except: has}
		t.same("the others", t.inbox(q), []store.Entry{all[0], all[3], all[5]})
		q.Limit = 2
		t.same("the first of the others", t.inbox(q), []store.Entry{all[0], all[3]})
		q.After = all[3].Name()
		t.same("the next ones", t.inbox(q), []store.Entry{all[5]})
	})

	rule("an entry that was replaced since the caller has it is given", func(t *trial) {
		t.deposit(heard("c", "key", "me", 1))
		has := namesOf(heard("c", "key", "me", 1))
		t.deposit(heard("c", "key", "me", 2))
		t.same("the inbox", t.inbox(store.InboxQuery{Owner: "me", Limit: 10, Except: has}), []store.Entry{heard("c", "key", "me", 2)})
	})

	rule("an entry may be of no conversation in particular", func(t *trial) {
		t.deposit(heard("", "1", "me", 1), heard("", "2", "me", 2))
		t.write(created("c"))
		t.same("the other one", t.inbox(store.InboxQuery{Owner: "me", Limit: 10, Except: namesOf(heard("", "1", "me", 1))}), []store.Entry{heard("", "2", "me", 2)})
		t.commit(store.Batch{Taken: namesOf(heard("", "1", "me", 1))})
		t.finds("me", "/2")
	})

	rule("data that is read is the caller's own", func(t *trial) {
		t.deposit(heard("c", "1", "me", 1))
		clear(t.inboxOf("me")[0].Data)
		t.same("the inbox", t.inboxOf("me"), []store.Entry{heard("c", "1", "me", 1)})
	})
}

// awaitEntry awaits the inbox until there is something.
func awaitEntry(ctx context.Context, s store.Store, owner string) ([]store.Entry, error) {
	for {
		if err := s.Await(ctx, owner); err != nil {
			return nil, err
		}
		entries, err := s.Inbox(ctx, store.InboxQuery{Owner: owner, Alive: living, Limit: 100})
		if err != nil || len(entries) > 0 {
			return entries, err
		}
	}
}

// wakesAll reports whether one deposit wakes all of several that wait for it, who
// have the pause to begin.
func (t *trial) wakesAll(pause time.Duration) bool {
	const waiting = 3
	ctx, enough := context.WithCancel(t.ctx)
	defer enough()
	var begun sync.WaitGroup
	begun.Add(waiting)
	var woken atomic.Int64
	t.together(1+waiting, func(i int) error {
		if i == 0 {
			begun.Wait()
			t.pause(pause)
			err := t.store.Deposit(t.ctx, []store.Entry{heard("c", "1", "me", 1), heard("c", "2", "other", 1)})
			for until := time.Now().Add(4 * pause); err == nil && woken.Load() < waiting && time.Now().Before(until); {
				t.pause(short)
			}
			enough()
			return err
		}
		_, err := t.store.Inbox(t.ctx, store.InboxQuery{Owner: living[i%2], Alive: living, Limit: 100})
		begun.Done()
		if err != nil {
			return err
		}
		switch _, err = awaitEntry(ctx, t.store, living[i%2]); {
		case err == nil:
			woken.Add(1)
		case t.ctx.Err() == nil:
			return nil // it was not woken
		}
		return err
	})
	t.commit(store.Batch{Taken: namesOf(t.everyEntry()...)})
	return woken.Load() == waiting
}

func awaiting(rule define) {
	rule("what was deposited before is not waited for", func(t *trial) {
		t.deposit(heard("c", "1", "me", 1))
		t.ok("Await", t.store.Await(t.ctx, "me"))
		t.inboxOf("me")
		t.deposit(heard("c", "2", "me", 2))
		t.ok("Await", t.store.Await(t.ctx, "me"))
	})

	rule("who waits is woken by each deposit", func(t *trial) {
		const rounds = 20
		t.together(2, func(i int) error {
			for n := range rounds {
				if i == 0 {
					time.Sleep(time.Millisecond)
					if err := t.store.Deposit(t.ctx, []store.Entry{heard("c", "ball", living[1], n+1)}); err != nil {
						return err
					}
				}
				entries, err := awaitEntry(t.ctx, t.store, living[i])
				if err != nil {
					return err
				}
				if _, err := t.store.Commit(t.ctx, store.Batch{Taken: namesOf(entries...)}); err != nil {
					return err
				}
				if i == 1 {
					if err := t.store.Deposit(t.ctx, []store.Entry{heard("c", "back", living[0], n+1)}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		t.same("what is left", len(t.everyEntry()), 0)
	})

	rule("all who wait for an inbox are woken", func(t *trial) {
		// Await cannot be seen to wait, and who begins once another one has read what
		// was deposited waits for the next deposit.
		for pause := 4 * short; !t.wakesAll(pause); pause *= 2 {
			if pause > 16*short {
				t.Fatal("a deposit does not wake all who wait")
			}
		}
	})

	rule("who waits while nothing comes is not kept busy", func(t *trial) {
		t.inboxOf("me")
		returned := 0
		for begin := time.Now(); time.Since(begin) < 8*short; returned++ {
			t.inboxOf("me")
			until, cancel := t.within(8 * short)
			err := t.store.Await(until, "me")
			cancel()
			if err != nil {
				break
			}
		}
		const most = 50
		if returned > most {
			t.Errorf("Await has returned %d times for nothing", returned)
		}
	})
}

func awaitingOthers(rule define) {
	rule("who waits is woken by the deposit of another process", func(t *trial) {
		other := t.harness.Another(t.TB, t.store)
		const rounds = 10
		t.together(2, func(i int) error {
			for n := range rounds {
				own, answers := t.store, heard("c", "back", "other", n+1)
				if i == 0 {
					own = other
					time.Sleep(5 * time.Millisecond)
					if err := other.Deposit(t.ctx, []store.Entry{heard("c", "there", "me", n+1)}); err != nil {
						return err
					}
				}
				entries, err := awaitEntry(t.ctx, own, []string{"other", "me"}[i])
				if err != nil {
					return err
				}
				if _, err := own.Commit(t.ctx, store.Batch{Taken: namesOf(entries...)}); err != nil {
					return err
				}
				if i == 1 {
					if err := own.Deposit(t.ctx, []store.Entry{answers}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		t.same("what is left", len(t.everyEntry()), 0)
	})

	rule("what another process deposited before it ended is not missed", func(t *trial) {
		t.finds("me")
		other := t.harness.Another(t.TB, t.store)
		t.ok("Deposit", other.Deposit(t.ctx, []store.Entry{heard("c", "1", "me", 1)}))
		t.ok("Close", other.Close())
		entries, err := awaitEntry(t.ctx, t.store, "me")
		t.ok("Await", err)
		t.same("the inbox", entries, []store.Entry{heard("c", "1", "me", 1)})
	})

	rule("what another process has taken is not there any more, and what it wrote is", func(t *trial) {
		other := t.harness.Another(t.TB, t.store)
		t.deposit(heard("c", "1", "other", 1))
		done, err := other.Commit(t.ctx, store.Batch{Changes: []*store.Change{created("c")}, Taken: namesOf(heard("c", "1", "other", 1))})
		t.ok("Commit", err)
		t.ok("the change", done.Results[0].Err)
		t.finds("other")
		t.same("the version", t.load("c").Version, done.Results[0].Version)
	})
}
