package storetest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// forgetWith replaces Forget.
func forgetWith(forget func(w *wrapped, ctx context.Context, ids ...string) (int, error)) func(*wrapped) {
	return func(w *wrapped) {
		w.forget = func(ctx context.Context, ids ...string) (int, error) { return forget(w, ctx, ids...) }
	}
}

// brokenForgetting do not forget, or not only what they are told to, or find
// others.
func brokenForgetting() []broken {
	const whole = "forgetting/nothing is left of a conversation that is forgotten, and others stay as they are"
	return []broken{
		{"forgets nothing", []string{whole, "forgetting/deliveries of a forgotten conversation are given to nobody, whoever held them", "finding/a forgotten conversation is not found",
			"forgetting/what was vetoed, and what was only refused, can be forgotten"},
			forgetWith(func(_ *wrapped, _ context.Context, ids ...string) (int, error) { return len(ids), nil })},
		{"deletes and keeps no tombstone", []string{whole, "forgetting/a forgotten conversation does not come back", "forgetting/what is not stored can be forgotten, and what is forgotten again",
			"forgetting/whoever writes while conversations are forgotten, none comes back", "forgetting/the others of a batch are written without the forgotten one"},
			func(w *wrapped) {
				w.forget = func(ctx context.Context, ids ...string) (int, error) {
					n, err := w.sound.Forget(ctx, ids...)
					if err == nil {
						_, err = w.sound.Expire(ctx, farAhead(), 1<<20)
					}
					return n, err
				}
			}},
		{"keeps a tombstone only of what was stored", []string{"forgetting/what is not stored can be forgotten, and what is forgotten again", "forgetting/many conversations can be forgotten at once"},
			forgetWith(func(w *wrapped, ctx context.Context, ids ...string) (int, error) {
				return w.sound.Forget(ctx, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return w.version(id) == 0 })...)
			})},
		{"does not say that a conversation is forgotten", []string{whole, "forgetting for good/what is forgotten stays so when the store is opened again"},
			eachRecord(func(r *store.Record) { r.Forgotten = false })},
		{"forgets only the first", []string{"forgetting/many conversations can be forgotten at once", "forgetting/what was vetoed, and what was only refused, can be forgotten"},
			forgetWith(func(w *wrapped, ctx context.Context, ids ...string) (int, error) {
				return w.sound.Forget(ctx, ids[:min(len(ids), 1)]...)
			})},
		{"counts what was asked for", []string{"forgetting/what is not stored can be forgotten, and what is forgotten again"},
			forgetWith(func(w *wrapped, ctx context.Context, ids ...string) (int, error) {
				_, err := w.sound.Forget(ctx, ids...)
				return len(ids), err
			})},
		{"forgets another one too", []string{whole, "forgetting/a conversation of any id can be forgotten, and no other one"},
			forgetWith(func(w *wrapped, ctx context.Context, ids ...string) (int, error) {
				n, err := w.sound.Forget(ctx, ids...)
				if page, listed := w.sound.List(ctx, store.Query{Limit: 1}); err == nil && listed == nil && len(page.Conversations) > 0 {
					_, err = w.sound.Forget(ctx, page.Conversations[0].ID)
				}
				return n, err
			})},
		{"keeps the inbox of what it forgets", []string{whole, "forgetting/what is not stored can be forgotten, and what is forgotten again"},
			forgetWith(func(w *wrapped, ctx context.Context, ids ...string) (int, error) {
				entries, err := w.sound.Inbox(ctx, store.InboxQuery{Limit: 1000})
				if err != nil {
					return 0, err
				}
				n, err := w.sound.Forget(ctx, ids...)
				if err == nil {
					err = w.sound.Deposit(ctx, entries)
				}
				return n, err
			})},
		{"forgets in its own process only", []string{"forgetting for others/what one process forgets is forgotten for all", "forgetting for good/what is forgotten stays so when the store is opened again"},
			func(w *wrapped) {
				var mu sync.Mutex
				forgotten := map[string]bool{}
				w.forget = func(_ context.Context, ids ...string) (int, error) {
					mu.Lock()
					defer mu.Unlock()
					for _, id := range ids {
						forgotten[id] = true
					}
					return len(ids), nil
				}
				w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
					records, err := w.sound.Load(ctx, ids...)
					mu.Lock()
					defer mu.Unlock()
					for i, r := range records {
						if forgotten[r.ID] {
							records[i] = store.Record{ID: r.ID, Forgotten: true}
						}
					}
					return records, err
				}
			}},
		{"looks for tombstones before the hook only", []string{"forgetting/a new conversation that is forgotten while its hook runs does not stay"},
			func(w *wrapped) {
				var mu sync.Mutex
				var again []*store.Change // what came back
				w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
					done, err := w.sound.Commit(ctx, b)
					if err == nil {
						for i, c := range b.Changes {
							if ran := c.InTx != nil && done.Results[i].Err != nil && c.To != nil && c.Version == 0; ran {
								mu.Lock()
								again = append(again, &store.Change{ID: c.ID, To: c.To})
								mu.Unlock()
							}
						}
					}
					return done, err
				}
				w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
					records, err := w.sound.Load(ctx, ids...)
					mu.Lock()
					defer mu.Unlock()
					for i, r := range records {
						for _, c := range again {
							if c.ID == r.ID && r.Version == 0 {
								records[i] = store.Record{ID: r.ID, Version: 1, Conversation: c.To}
							}
						}
					}
					return records, err
				}
			}},
		{"lets no tombstone expire", []string{"expiring/tombstones expire when they were made before, and a conversation begins anew then", "expiring/no more tombstones expire than are asked for"},
			func(w *wrapped) {
				w.expire = func(ctx context.Context, _ time.Time, limit int) (int, error) {
					return w.sound.Expire(ctx, time.Time{}, limit)
				}
			}},
		{"lets every tombstone expire", []string{"expiring/tombstones expire when they were made before, and a conversation begins anew then"},
			func(w *wrapped) {
				w.expire = func(ctx context.Context, _ time.Time, limit int) (int, error) {
					return w.sound.Expire(ctx, farAhead(), limit)
				}
			}},
		{"lets all tombstones expire at once", []string{"expiring/no more tombstones expire than are asked for"},
			func(w *wrapped) {
				w.expire = func(ctx context.Context, before time.Time, _ int) (int, error) {
					return w.sound.Expire(ctx, before, 1<<20)
				}
			}},
		{"finds nobody by address", []string{"finding/the conversations of a person are found wherever they name the person, and no others", "finding/each field of a person selects by itself"},
			findWith(func(p *conversation.Person) { p.Address = "" })},
		{"finds nobody by contact", []string{"finding/the conversations of a person are found wherever they name the person, and no others"},
			findWith(func(p *conversation.Person) { p.ExternalContactID = "" })},
		{"finds by one field only", []string{"finding/each field of a person selects by itself"}, findWith(func(p *conversation.Person) {
			if p.Address != "" {
				p.UserID, p.ExternalContactID = "", ""
			}
		})},
		{"finds only the first page", []string{"finding/a person of many conversations is found page by page, in the order of the ids"},
			func(w *wrapped) {
				w.find = func(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
					page, err := w.sound.Find(ctx, q)
					page.Next = ""
					return page, err
				}
			}},
		{"takes any cursor for a search", []string{"finding/a cursor of another listing is refused by Find"},
			func(w *wrapped) {
				w.find = func(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
					page, err := w.sound.Find(ctx, q)
					if err != nil {
						q.After = ""
						return w.sound.Find(ctx, q)
					}
					return page, err
				}
			}},
		{"pages through what is found by counting", []string{"finding/pages of a person go on behind the last id of the one before, though that is forgotten"}, func(w *wrapped) {
			w.find = func(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
				at, _ := strconv.Atoi(q.After)
				limit := cmp.Or(q.Limit, store.DefaultLimit)
				q.After, q.Limit = "", store.MostLimit
				page, err := w.sound.Find(ctx, q)
				page.IDs, page.Next = counted(page.IDs, at, limit)
				return page, err
			}
		}},
		{"expires what was vetoed once", []string{"expiring/a tombstone that was lifted does not expire, nor what came in its place"}, func(w *wrapped) {
			var mu sync.Mutex
			var vetoed []string
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				mu.Lock()
				defer mu.Unlock()
				for _, c := range b.Changes {
					if c.Vetoed != "" {
						vetoed = append(vetoed, c.ID)
					}
				}
				return w.sound.Commit(ctx, b)
			}
			w.expire = func(ctx context.Context, before time.Time, limit int) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				if _, err := w.sound.Forget(ctx, vetoed...); err != nil {
					return 0, err
				}
				return w.sound.Expire(ctx, before, limit)
			}
		}},
		{"does not find what was refused", []string{"finding/a person is found in what hooks refused", "finding/a person is found in what hooks have not decided on"},
			findOnly(func(r *store.Record) bool { return r.Conversation != nil })},
		{"does not find what is undecided", []string{"finding/a person is found in what hooks have not decided on"},
			findOnly(func(r *store.Record) bool { return r.Refused == nil || !r.Refused.Undecided() })},
		{"finds everybody of a page", []string{"finding/the conversations of a person are found wherever they name the person, and no others", "finding/a person of many conversations is found page by page, in the order of the ids"},
			func(w *wrapped) {
				w.find = func(ctx context.Context, _ store.PersonQuery) (store.IDPage, error) {
					page, err := w.sound.List(ctx, store.Query{Limit: 1000})
					return store.IDPage{IDs: idsOf(page.Conversations)}, err
				}
			}},
	}
}

// findWith finds somebody else than was asked for.
func findWith(alter func(p *conversation.Person)) func(*wrapped) {
	return func(w *wrapped) {
		w.find = func(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
			alter(&q.Person)
			return w.sound.Find(ctx, q)
		}
	}
}

// findOnly leaves out what it does not hold of.
func findOnly(holds func(r *store.Record) bool) func(*wrapped) {
	return func(w *wrapped) {
		w.find = func(ctx context.Context, q store.PersonQuery) (store.IDPage, error) {
			page, err := w.sound.Find(ctx, q)
			page.IDs = slices.DeleteFunc(page.IDs, func(id string) bool {
				records, err := w.sound.Load(ctx, id)
				return err == nil && !holds(&records[0])
			})
			return page, err
		}
	}
}
