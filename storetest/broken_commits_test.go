package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// brokenCommits go wrong about versions and batches.
func brokenCommits() []broken {
	const lostUpdate = "concurrency/no update is lost among writers of one conversation"
	const oldVersion = "committing/a change on an old version is a conflict and writes nothing"
	return []broken{
		{"checks no versions", []string{oldVersion, lostUpdate, "model/on random walks the store does what the model does"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				return w.sound.Commit(ctx, based(b, func(c *store.Change) int64 { return w.version(c.ID) }))
			}
		}},
		{"checks versions before the transaction", []string{lostUpdate}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				current := map[string]bool{}
				for _, c := range b.Changes {
					current[c.ID] = w.version(c.ID) == c.Version
				}
				time.Sleep(100 * time.Microsecond)
				return w.sound.Commit(ctx, based(b, func(c *store.Change) int64 {
					if current[c.ID] {
						return w.version(c.ID)
					}
					return -1
				}))
			}
		}},
		{"creates over what is there", []string{"committing/a new conversation that is stored already is a conflict",
			"concurrency/of several who create a conversation at once one wins and the others lose the race"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				return w.sound.Commit(ctx, based(b, func(c *store.Change) int64 {
					if c.Version == 0 {
						return w.version(c.ID)
					}
					return c.Version
				}))
			}
		}},
		{"creates on any version", []string{"committing/a change of a conversation that is not stored is a conflict"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				return w.sound.Commit(ctx, based(b, func(c *store.Change) int64 {
					if w.version(c.ID) == 0 {
						return 0
					}
					return c.Version
				}))
			}
		}},
		{"reports no conflicts", []string{oldVersion, "batches/a conflict in the middle leaves the others written"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := w.sound.Commit(ctx, b)
				for i := range done.Results {
					if errors.Is(done.Results[i].Err, store.ErrConflict) {
						done.Results[i] = store.Result{Version: w.version(b.Changes[i].ID)}
					}
				}
				return done, err
			}
		}},
		{"reports conflicts as something else", []string{oldVersion}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := w.sound.Commit(ctx, b)
				for i := range done.Results {
					if done.Results[i].Err != nil {
						done.Results[i].Err = errors.New(done.Results[i].Err.Error())
					}
				}
				return done, err
			}
		}},
		{"fails the batch for a conflict", []string{"batches/a conflict in the middle leaves the others written"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				for _, c := range b.Changes {
					if w.version(c.ID) != c.Version {
						return store.Committed{}, store.ErrConflict
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"forgets the outcomes of a batch with a conflict", []string{"outcomes/outcomes are recorded although a change of their batch is in conflict"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				for _, c := range b.Changes {
					if w.version(c.ID) != c.Version {
						b.Outcomes = nil
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"forgets the changes of a batch with outcomes", []string{"outcomes/outcomes are recorded together with changes"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if len(b.Outcomes) == 0 || len(b.Changes) == 0 {
					return w.sound.Commit(ctx, b)
				}
				none := b
				none.Changes = nil
				done, err := w.sound.Commit(ctx, none)
				for _, c := range b.Changes {
					done.Results = append(done.Results, store.Result{Version: c.Version + 1})
				}
				return done, err
			}
		}},
		{"gives results in an order of its own", []string{"batches/results come in the order of the changes"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				b.Changes = slices.SortedStableFunc(slices.Values(b.Changes), func(a, b *store.Change) int { return strings.Compare(a.ID, b.ID) })
				return w.sound.Commit(ctx, b)
			}
		}},
		{"writes only what has changed, and no version where nothing has", []string{"committing/a change that leaves the conversation as it is gives a higher version"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if len(b.Changes) == 1 && b.Changes[0].From != nil && b.Changes[0].From == b.Changes[0].To && b.Changes[0].Version == w.version(b.Changes[0].ID) {
					return store.Committed{Results: []store.Result{{Version: b.Changes[0].Version}}}, nil
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"writes changes of a conversation one after the other", []string{"batches/of several changes of a conversation in a batch all but the first are conflicts, whatever becomes of that"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				return oneByOne(ctx, w.sound, b)
			}
		}},
		{"takes a hundred changes at most", []string{"batches/a batch takes 500 conversations"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if len(b.Changes) > 100 {
					return store.Committed{}, errors.New("too many parameters")
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"writes two changes of one version", []string{"batches/of two changes of one version of a conversation one is written"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				seen := map[string]int64{}
				return oneByOne(ctx, w.sound, based(b, func(c *store.Change) int64 {
					seen[c.ID]++
					return c.Version + seen[c.ID] - 1
				}))
			}
		}},
		{"keeps out only who is in its own process", []string{"processes that share/no update is lost among writers of one conversation"}, func(w *wrapped) {
			var writing sync.Mutex
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				writing.Lock()
				defer writing.Unlock()
				for _, c := range b.Changes {
					if w.version(c.ID) != c.Version {
						return w.sound.Commit(ctx, b) // it says which ones lose
					}
				}
				letOthersIn()
				return w.sound.Commit(ctx, based(b, func(c *store.Change) int64 { return w.version(c.ID) }))
			}
		}},
		{"fails while another commit runs", []string{"concurrency/batches over the same conversations in any order do not block each other for ever"}, func(w *wrapped) {
			var writing sync.Mutex
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if !writing.TryLock() {
					return store.Committed{}, errors.New("database is locked")
				}
				defer writing.Unlock()
				time.Sleep(100 * time.Microsecond)
				return w.sound.Commit(ctx, b)
			}
		}},
		{"waits for another commit whatever the context says", []string{"contexts/a commit that waits for another returns when its context ends"}, func(w *wrapped) {
			var writing sync.Mutex
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				writing.Lock()
				defer writing.Unlock()
				return w.sound.Commit(ctx, b)
			}
		}},
		{"fails in the middle of a batch whose context ends, with a part of it written", []string{
			"contexts/a commit whose context is cancelled in the middle writes what it reports, and nothing with an error", "transactions/a batch that fails rolls back what its hooks wrote"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				var all store.Committed
				for i, c := range b.Changes {
					part := b
					if part.Changes = []*store.Change{c}; i > 0 {
						part.Outcomes = nil
					}
					done, err := w.sound.Commit(ctx, part)
					if err == nil {
						err = ctx.Err()
					}
					if err != nil {
						return store.Committed{}, err
					}
					all.Results, all.Ready = append(all.Results, done.Results...), all.Ready || done.Ready
				}
				if len(b.Changes) == 0 {
					return w.sound.Commit(ctx, b)
				}
				return all, nil
			}
		}},
	}
}

// oneByOne commits each change in a batch of its own, where there are few.
func oneByOne(ctx context.Context, s store.Store, b store.Batch) (done store.Committed, err error) {
	all := b.Changes
	if len(all) < 2 || len(all) > 4 {
		return s.Commit(ctx, b)
	}
	for _, c := range all {
		b.Changes = []*store.Change{c}
		one, err := s.Commit(ctx, b)
		if err != nil {
			return store.Committed{}, err
		}
		done.Results, done.Ready = append(done.Results, one.Results...), done.Ready || one.Ready
		b.Outcomes, b.Taken = nil, nil
	}
	return done, nil
}
