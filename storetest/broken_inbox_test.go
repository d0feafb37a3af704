package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// brokenInboxes go wrong about what waits in inboxes.
func brokenInboxes() []broken {
	const model = "model/on random walks the store does what the model does"
	return slices.Concat(brokenDeposits(model), brokenTaking(model), brokenReading(model), brokenAwaiting())
}

// eachEntry changes entries on their way to the store.
func eachEntry(alter func(e *store.Entry)) func(*wrapped) {
	return func(w *wrapped) {
		w.deposit = func(ctx context.Context, entries []store.Entry) error {
			entries = slices.Clone(entries)
			for i := range entries {
				alter(&entries[i])
			}
			return w.sound.Deposit(ctx, entries)
		}
	}
}

// cleared is a deposit into a store that has nothing of these keys.
func cleared(ctx context.Context, s *sound, entries []store.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var names []store.EntryKey
	for _, e := range entries {
		names = append(names, store.EntryKey{ConversationID: e.ConversationID, Key: e.Key, At: endOfTime})
	}
	_, err := s.Commit(ctx, store.Batch{Taken: names})
	return err
}

func brokenDeposits(model string) []broken {
	return []broken{
		{"forgets deposits", []string{"depositing/an entry is read as it was deposited, to the microsecond", model}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error { return w.sound.Deposit(ctx, nil) }
		}},
		{"keeps the time of entries to the second", []string{"depositing/an entry is read as it was deposited, to the microsecond"},
			eachEntry(func(e *store.Entry) { e.At = e.At.Truncate(time.Second) })},
		{"keeps the data of entries as text", []string{"depositing/data may be empty, binary or large"},
			eachEntry(func(e *store.Entry) { e.Data = bytes.ToValidUTF8(e.Data, []byte("?")) })},
		{"cuts large entries", []string{"depositing/data may be empty, binary or large"},
			eachEntry(func(e *store.Entry) { e.Data = e.Data[:min(len(e.Data), 1<<20-1)] })},
		{"takes keys without their case", []string{"depositing/conversations, keys and owners whose names differ in anything are different ones"},
			eachEntry(func(e *store.Entry) { e.Key = strings.ToLower(e.Key) })},
		{"takes owners without trailing blanks", []string{"depositing/conversations, keys and owners whose names differ in anything are different ones",
			"depositing/who wakes and who lives is told from others by anything in the name"},
			eachEntry(func(e *store.Entry) { e.Owner = strings.TrimRight(e.Owner, " ") })},
		{"has keys that are of all conversations", []string{"depositing/the key is one of its conversation"}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error {
				all, err := w.sound.Inbox(ctx, store.InboxQuery{Limit: 1000})
				if err != nil {
					return err
				}
				var other []store.Entry
				for _, e := range all {
					if slices.ContainsFunc(entries, func(x store.Entry) bool { return x.Key == e.Key && x.ConversationID != e.ConversationID }) {
						other = append(other, e)
					}
				}
				if err := cleared(ctx, w.sound, other); err != nil {
					return err
				}
				return w.sound.Deposit(ctx, entries)
			}
		}},
		{"replaces entries by earlier ones", []string{"depositing/an entry of the same key that is not later changes nothing", model}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error {
				if err := cleared(ctx, w.sound, entries); err != nil {
					return err
				}
				return w.sound.Deposit(ctx, entries)
			}
		}},
		{"never replaces entries", []string{"depositing/a later entry of the same key takes the place of the one before", model}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error {
				all, err := w.sound.Inbox(ctx, store.InboxQuery{Limit: 20_000})
				if err != nil {
					return err
				}
				return w.sound.Deposit(ctx, slices.DeleteFunc(slices.Clone(entries), func(e store.Entry) bool {
					return slices.ContainsFunc(all, func(is store.Entry) bool { return is.ConversationID == e.ConversationID && is.Key == e.Key })
				}))
			}
		}},
		{"leaves a replaced entry with its first owner", []string{"depositing/a later entry of the same key takes the place of the one before"}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error {
				all, err := w.sound.Inbox(ctx, store.InboxQuery{Limit: 20_000})
				if err != nil {
					return err
				}
				entries = slices.Clone(entries)
				for i := range entries {
					for _, is := range all {
						if is.ConversationID == entries[i].ConversationID && is.Key == entries[i].Key {
							entries[i].Owner = is.Owner
						}
					}
				}
				return w.sound.Deposit(ctx, entries)
			}
		}},
		{"fails for two entries of a key in one deposit", []string{"depositing/of entries of one key in one deposit the latest is kept, in whichever order"}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error {
				for i, e := range entries {
					if slices.ContainsFunc(entries[:i], func(x store.Entry) bool { return x.ConversationID == e.ConversationID && x.Key == e.Key }) {
						return context.DeadlineExceeded
					}
				}
				return w.sound.Deposit(ctx, entries)
			}
		}},
		{"keeps the last of the entries of a key in one deposit", []string{"depositing/of entries of one key in one deposit the latest is kept, in whichever order"}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error {
				var last []store.Entry
				for i, e := range entries {
					if !slices.ContainsFunc(entries[i+1:], func(x store.Entry) bool { return x.ConversationID == e.ConversationID && x.Key == e.Key }) {
						last = append(last, e)
					}
				}
				return w.sound.Deposit(ctx, last)
			}
		}},
		{"deposits no more than a thousand entries", []string{"depositing/there may be thousands of entries in one deposit and in one batch"}, func(w *wrapped) {
			w.deposit = func(ctx context.Context, entries []store.Entry) error {
				return w.sound.Deposit(ctx, entries[:min(len(entries), 1000)])
			}
		}},
	}
}

// eachTaken commits batches with other names of what they have taken.
func eachTaken(w *wrapped, alter func(taken []store.EntryKey) []store.EntryKey) {
	w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
		b.Taken = alter(b.Taken)
		return w.sound.Commit(ctx, b)
	}
}

func brokenTaking(model string) []broken {
	const whatever = "taking/what a batch has taken is removed, whatever becomes of its changes"
	return []broken{
		{"removes no entries", []string{whatever, model}, func(w *wrapped) {
			eachTaken(w, func([]store.EntryKey) []store.EntryKey { return nil })
		}},
		{"forgets what a batch without changes has taken", []string{whatever}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if len(b.Changes) == 0 {
					b.Taken = nil
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"removes nothing where a change is in conflict", []string{whatever}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				for _, c := range b.Changes {
					if w.version(c.ID) != c.Version {
						b.Taken = nil
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"removes before it commits", []string{"taking/a batch that fails removes nothing"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if _, err := w.sound.Commit(ctx, store.Batch{Taken: b.Taken}); err != nil {
					return store.Committed{}, err
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"removes entries that were replaced", []string{"taking/an entry that was replaced since it was read is not removed",
			"taking/the last entry of a key is read, however often it is replaced while others are taken", model}, func(w *wrapped) {
			eachTaken(w, func(taken []store.EntryKey) []store.EntryKey {
				var all []store.EntryKey
				for _, k := range taken {
					k.At = endOfTime
					all = append(all, k)
				}
				return all
			})
		}},
		{"removes all entries of the conversation", []string{"taking/only what is named is removed, and what is not there may be named", model}, func(w *wrapped) {
			eachTaken(w, func(taken []store.EntryKey) []store.EntryKey {
				entries, err := w.sound.Inbox(context.Background(), store.InboxQuery{Limit: 1000})
				if err != nil {
					return taken
				}
				var all []store.EntryKey
				for _, e := range entries {
					if slices.ContainsFunc(taken, func(k store.EntryKey) bool { return k.ConversationID == e.ConversationID }) {
						all = append(all, e.Name())
					}
				}
				return all
			})
		}},
		{"removes the entries of a conversation that is vetoed", []string{"taking/the entries of a conversation stay when it is vetoed"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				for _, c := range b.Changes {
					if c.Vetoed != "" {
						b.Taken = append(slices.Clone(b.Taken), store.EntryKey{ConversationID: c.ID, Key: "key", At: endOfTime})
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"forgets the inbox when it is opened again", []string{"durability/everything is there after the store was opened again"}, func(w *wrapped) {
			w.reopened = func(s *sound) *sound {
				entries, err := s.Inbox(context.Background(), store.InboxQuery{Limit: 1000})
				if err == nil {
					_, err = s.Commit(context.Background(), store.Batch{Taken: namesOf(entries...)})
				}
				if err != nil {
					panic(err)
				}
				return s
			}
		}},
	}
}

// eachInbox changes what is asked of the inbox.
func eachInbox(alter func(q *store.InboxQuery)) func(*wrapped) {
	return func(w *wrapped) {
		w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
			alter(&q)
			return w.sound.Inbox(ctx, q)
		}
	}
}

func brokenReading(model string) []broken {
	const gone = "reading the inbox/entries of those that are gone are given to all who ask, in their order"
	return []broken{
		{"gives the newest entries first", []string{"reading the inbox/the oldest entries come first, however they were deposited", model}, func(w *wrapped) {
			w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
				entries, err := w.sound.Inbox(ctx, q)
				slices.Reverse(entries)
				return entries, err
			}
		}},
		{"gives more entries than it is asked for", []string{"reading the inbox/not more entries are given than were asked for, the oldest ones"},
			eachInbox(func(q *store.InboxQuery) { q.Limit++ })},
		{"begins each page anew", []string{"reading the inbox/the next page is there although the one before was taken",
			"reading the inbox/pages go on behind the last entry of the one before, also among entries of the same time"}, func(w *wrapped) {
			w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
				if q.After != (store.EntryKey{}) {
					return nil, ctx.Err()
				}
				return w.sound.Inbox(ctx, q)
			}
		}},
		{"goes on behind the time of the last entry", []string{"reading the inbox/pages go on behind the last entry of the one before, also among entries of the same time"},
			eachInbox(func(q *store.InboxQuery) {
				if q.After != (store.EntryKey{}) {
					q.After.At, q.After.ConversationID, q.After.Key = q.After.At.Add(time.Microsecond), "", ""
				}
			})},
		{"gives what the caller has already", []string{"reading the inbox/entries that the caller has already are left out, and do not count",
			"reading the inbox/an entry may be of no conversation in particular"}, eachInbox(func(q *store.InboxQuery) { q.Except = nil })},
		{"counts what the caller has already", []string{"reading the inbox/entries that the caller has already are left out, and do not count"}, func(w *wrapped) {
			w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
				except := q.Except
				q.Except = nil
				entries, err := w.sound.Inbox(ctx, q)
				return slices.DeleteFunc(entries, func(e store.Entry) bool { return slices.Contains(except, e.Name()) }), err
			}
		}},
		{"leaves out by the key alone", []string{"reading the inbox/entries that the caller has already are left out, and do not count",
			"reading the inbox/an entry that was replaced since the caller has it is given"}, func(w *wrapped) {
			w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
				entries, err := w.sound.Inbox(ctx, q)
				return slices.DeleteFunc(entries, func(e store.Entry) bool {
					return slices.ContainsFunc(q.Except, func(k store.EntryKey) bool { return k.Key == e.Key })
				}), err
			}
		}},
		{"gives the entries of all", []string{"reading the inbox/entries of others that live are not given", model}, eachInbox(func(q *store.InboxQuery) { q.Alive = nil })},
		{"gives own entries only", []string{gone, model}, func(w *wrapped) {
			w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
				entries, err := w.sound.Inbox(ctx, q)
				return slices.DeleteFunc(entries, func(e store.Entry) bool { return e.Owner != q.Owner }), err
			}
		}},
		{"gives the entries of those that are gone once", []string{gone}, func(w *wrapped) {
			w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
				entries, err := w.sound.Inbox(ctx, q)
				if err != nil {
					return nil, err
				}
				for _, e := range entries {
					if e.Owner == q.Owner {
						continue
					}
					if _, err := w.sound.Commit(ctx, store.Batch{Taken: namesOf(e)}); err != nil {
						return nil, err
					}
				}
				return entries, nil
			}
		}},
		{"gives no own entries to who is not among the living", []string{"reading the inbox/own entries are given to an owner that does not name itself among those that live"}, func(w *wrapped) {
			w.inbox = func(ctx context.Context, q store.InboxQuery) ([]store.Entry, error) {
				entries, err := w.sound.Inbox(ctx, q)
				if slices.Contains(q.Alive, q.Owner) || q.Owner == "" {
					return entries, err
				}
				return slices.DeleteFunc(entries, func(e store.Entry) bool { return e.Owner == q.Owner }), err
			}
		}},
	}
}

func brokenAwaiting() []broken {
	return []broken{
		{"wakes nobody", []string{"awaiting/who waits is woken by each deposit", "awaiting/all who wait for an inbox are woken",
			"awaiting what others deposit/who waits is woken by the deposit of another process", "awaiting/what was deposited before is not waited for"}, func(w *wrapped) {
			w.await = func(ctx context.Context, _ string) error {
				<-ctx.Done()
				return ctx.Err()
			}
		}},
		{"wakes one of those who wait", []string{"awaiting/all who wait for an inbox are woken"}, func(w *wrapped) {
			var turn sync.Mutex
			w.await = func(ctx context.Context, owner string) error {
				if !turn.TryLock() {
					<-ctx.Done()
					return ctx.Err()
				}
				return w.sound.Await(ctx, owner)
			}
		}},
		{"always wakes", []string{"awaiting/who waits while nothing comes is not kept busy"}, func(w *wrapped) {
			w.await = func(ctx context.Context, _ string) error { return ctx.Err() }
		}},
		{"ends a wait late", []string{"contexts/a wait for the inbox ends with its context"}, func(w *wrapped) {
			w.await = func(ctx context.Context, owner string) error {
				long, cancel := context.WithTimeout(context.WithoutCancel(ctx), 1500*time.Millisecond)
				defer cancel()
				if err := w.sound.Await(long, owner); err == nil {
					return nil
				}
				return ctx.Err()
			}
		}},
		{"hides that a wait was ended by its context", []string{"contexts/a wait for the inbox ends with its context"}, func(w *wrapped) {
			w.await = func(ctx context.Context, owner string) error {
				err := w.sound.Await(ctx, owner)
				if ctx.Err() != nil {
					err = errors.New("interrupted")
				}
				return err
			}
		}},
		{"lets nobody go when it is closed", []string{"closing/a store that is closed lets go of those who wait for their inbox"}, func(w *wrapped) {
			w.await = func(ctx context.Context, owner string) error { return w.sound.Store.Await(ctx, owner) }
		}},
	}
}
