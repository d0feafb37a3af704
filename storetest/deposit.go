package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/dcmkit/convtrack/store"
)

func depositing(rule define) {
	holds := func(t *trial, want ...store.Entry) {
		t.Helper()
		t.same("what is in all inboxes", t.everyEntry(), want)
	}

	rule("an entry is read as it was deposited, to the microsecond", func(t *trial) {
		var want []store.Entry
		for i, m := range moments {
			e := heard(fmt.Sprintf("c-%d", i), "key", "me", 0)
			e.At = m
			want = append(want, e)
		}
		t.deposit(want...)
		holds(t, want...)
	})

	rule("an entry may come before its conversation or after it", func(t *trial) {
		t.deposit(heard("c", "before", "me", 1))
		t.write(created("c"))
		t.deposit(heard("c", "after", "me", 2))
		t.write(next(t.load("c"), partial("c", tagged("vip"))))
		t.finds("me", "c/before", "c/after")
		t.same("the conversation that has only an entry", t.load("d").Version, int64(0))
	})

	rule("a later entry of the same key takes the place of the one before", func(t *trial) {
		t.deposit(heard("c", "key", "me", 1))
		t.deposit(heard("c", "key", "other", 2))
		holds(t, heard("c", "key", "other", 2))
		t.finds("me")
	})

	rule("an entry of the same key that is not later changes nothing", func(t *trial) {
		t.deposit(heard("c", "key", "me", 2))
		t.deposit(heard("c", "key", "other", 1))
		t.deposit(heard("c", "key", "other", 2))
		t.deposit(heard("c", "key", "other", 2), heard("c", "new", "other", 3))
		holds(t, heard("c", "key", "me", 2), heard("c", "new", "other", 3))
	})

	rule("of entries of one key in one deposit the latest is kept, in whichever order", func(t *trial) {
		t.deposit(heard("a", "key", "me", 1), heard("b", "key", "me", 3), heard("a", "key", "other", 2), heard("b", "key", "other", 2), heard("a", "key", "me", 1))
		holds(t, heard("a", "key", "other", 2), heard("b", "key", "me", 3))
	})

	rule("the first of entries of one key and time is kept", func(t *trial) {
		t.deposit(heard("c", "key", "me", 1), heard("c", "key", "other", 1))
		holds(t, heard("c", "key", "me", 1))
	})

	rule("the key is one of its conversation", func(t *trial) {
		t.deposit(heard("a", "key", "me", 1))
		t.deposit(heard("b", "key", "me", 2))
		holds(t, heard("a", "key", "me", 1), heard("b", "key", "me", 2))
	})

	rule("a deposit of nothing does nothing", func(t *trial) {
		t.deposit()
		holds(t)
	})

	rule("data may be empty, binary or large", func(t *trial) {
		var every strings.Builder
		for i := range 256 {
			every.WriteByte(byte(i))
		}
		for i, data := range []string{"", every.String(), "\x00", incompressible(1 << 20), strings.Repeat("x", 3<<20)} {
			e := heard("c", fmt.Sprint(i), "me", i)
			e.Data = []byte(data)
			t.deposit(e)
			t.same("the entry", t.inboxOf("me"), []store.Entry{e})
			t.commit(store.Batch{Taken: namesOf(e)})
		}
		e := heard("c", "none", "me", 1)
		e.Data = nil
		t.deposit(e)
		t.same("how much data there is", len(t.inboxOf("me")[0].Data), 0)
	})

	rule("there may be thousands of entries in one deposit and in one batch", func(t *trial) {
		const many = 10_000
		var entries []store.Entry
		for i := range many {
			entries = append(entries, heard(fmt.Sprintf("c-%d", i%100), fmt.Sprint(i), "me", i))
		}
		rand.Shuffle(many, func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		t.deposit(entries...)
		t.deposit(entries...)
		got := t.inboxOf("me")
		t.same("how many there are", len(got), many)
		for i, e := range got {
			if e.Key != fmt.Sprint(i) {
				t.Fatalf("entry %d has the key %s", i, e.Key)
			}
		}
		t.commit(store.Batch{Taken: namesOf(got[1:]...)})
		t.finds("me", "c-0/0")
	})

	rule("what was deposited stays the caller's own", func(t *trial) {
		entries := []store.Entry{heard("c", "key", "me", 1)}
		t.deposit(entries...)
		clear(entries[0].Data)
		clear(entries)
		holds(t, heard("c", "key", "me", 1))
	})

	rule("conversations, keys and owners whose names differ in anything are different ones", func(t *trial) {
		for i, owner := range names {
			var entries []store.Entry
			for _, id := range names {
				entries = append(entries, heard(id, owner, owner, i))
				entries = append(entries, heard(owner, "of "+id, owner, i))
			}
			t.deposit(entries...)
		}
		for i, owner := range names {
			entries := t.inbox(store.InboxQuery{Owner: owner, Alive: names, Limit: 1000})
			t.same("how many there are for "+owner, len(entries), 2*len(names))
			for _, e := range entries {
				t.same("the owner", e.Owner, owner)
				t.same("the time", e.At, at(i))
			}
			t.commit(store.Batch{Taken: namesOf(entries[1:]...)})
			t.same("what is left", t.inbox(store.InboxQuery{Owner: owner, Alive: names, Limit: 1000}), entries[:1])
		}
	})

	rule("who wakes and who lives is told from others by anything in the name", func(t *trial) {
		for _, owner := range names {
			t.inbox(store.InboxQuery{Owner: owner, Limit: 1})
			t.deposit(heard("c", owner, owner, 1))
			t.ok("Await", t.store.Await(t.ctx, owner))
			for _, other := range names {
				got := t.inbox(store.InboxQuery{Owner: "me", Alive: []string{other}, Limit: 10})
				t.same("whether the entry of "+owner+" is given while "+other+" lives", len(got) == 1, owner != other)
			}
			t.commit(store.Batch{Taken: namesOf(heard("c", owner, owner, 1))})
		}
	})

	rule("conversations, keys and owners may be named by what is no text", func(t *trial) {
		for i, name := range nonTexts {
			e := heard(name, name, name, i)
			t.inbox(store.InboxQuery{Owner: name, Limit: 1})
			t.deposit(e, e)
			t.ok("Await", t.store.Await(t.ctx, name))
			got := t.inbox(store.InboxQuery{Owner: name, Alive: []string{name}, Limit: 10})
			t.same("how many there are", len(got), 1)
			t.same("how many are given while the owner lives", len(t.inbox(store.InboxQuery{Owner: "me", Alive: []string{name}, Limit: 10})), 0)
			taken := namesOf(got...)
			if i%2 == 0 {
				taken = namesOf(e)
			}
			t.commit(store.Batch{Taken: taken})
			holds(t)
		}
	})

	rule("those who deposit the same at the same time do not hinder each other", func(t *trial) {
		const writers, rounds, keys = 4, 20, 15
		t.together(writers, func(w int) error {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for n := range rounds {
				var entries []store.Entry
				for _, k := range random.Perm(keys) {
					entries = append(entries, heard("c", fmt.Sprintf("%02d", k), fmt.Sprint("owner ", w), 100*(n+1)+k))
				}
				if err := t.store.Deposit(t.ctx, entries); err != nil {
					return err
				}
			}
			return nil
		})
		all := t.everyEntry()
		t.same("how many there are", len(all), keys)
		for k, e := range all {
			t.same("the time", e.At, at(100*rounds+k))
		}
	})
}
