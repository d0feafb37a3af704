package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/dcmkit/convtrack/store"
)

// eachHook replaces the hooks of a batch.
func eachHook(b store.Batch, replace func(ctx context.Context, i int, c *store.Change, hook func(context.Context, *store.Change) error) error) (restore func()) {
	was := make([]func(context.Context, *store.Change) error, len(b.Changes))
	for i, c := range b.Changes {
		if was[i] = c.InTx; c.InTx != nil {
			c.InTx = func(ctx context.Context, c *store.Change) error { return replace(ctx, i, c, was[i]) }
		}
	}
	return func() {
		for i, c := range b.Changes {
			c.InTx = was[i]
		}
	}
}

// brokenHooks go wrong about what runs in the transaction.
func brokenHooks() []broken {
	const fails = "hooks in the transaction/a hook that fails is reported with its error, and nothing of its change is written"
	return []broken{
		{"runs the hook of an outcome for everybody", []string{"hooks of outcomes/the hook of an outcome does not run for who does not hold the delivery",
			"hooks of outcomes/while the hooks of outcomes run nobody else is given one of the deliveries, whoever gives them up",
			"hooks of outcomes/of several outcomes of a delivery in one batch the first of its owner counts, and only its hook runs"},
			eachHookedOutcome(func(ctx context.Context, o *store.Outcome) error {
				hook := o.InTx
				o.InTx = nil
				return hook(ctx)
			})},
		{"does not run the hook of an outcome", []string{"hooks of outcomes/the hook of an outcome runs once, and the delivery is done",
			"transactions/what the hook of an outcome writes is committed with the mark, or not at all"},
			eachHookedOutcome(func(_ context.Context, o *store.Outcome) error {
				o.InTx = nil
				return nil
			})},
		{"records an outcome whose hook failed", []string{"hooks of outcomes/when the hook of an outcome fails nothing of the batch is written",
			"hooks of outcomes/what its owner gave up while the hook of an outcome ran is given to others when that fails"},
			eachHookedOutcome(func(_ context.Context, o *store.Outcome) error {
				hook := o.InTx
				o.InTx = func(ctx context.Context) error {
					_ = hook(ctx)
					return nil
				}
				return nil
			})},

		{"writes the change whose hook failed", []string{fails}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				failed := make([]error, len(b.Changes))
				defer eachHook(b, func(ctx context.Context, i int, c *store.Change, hook func(context.Context, *store.Change) error) error {
					failed[i] = hook(ctx, c)
					return nil
				})()
				done, err := w.sound.Commit(ctx, b)
				for i := range done.Results {
					if failed[i] != nil {
						done.Results[i] = store.Result{Err: failed[i]}
					}
				}
				return done, err
			}
		}},
		{"does not hear that a hook failed", []string{fails}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				defer eachHook(b, func(ctx context.Context, _ int, c *store.Change, hook func(context.Context, *store.Change) error) error {
					_ = hook(ctx, c)
					return nil
				})()
				return w.sound.Commit(ctx, b)
			}
		}},
		{"reports a failed hook as a conflict", []string{fails}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := w.sound.Commit(ctx, b)
				for i := range done.Results {
					if done.Results[i].Err != nil {
						done.Results[i].Err = errors.Join(store.ErrConflict, done.Results[i].Err)
					}
				}
				return done, err
			}
		}},
		{"fails the batch for a failed hook", []string{"hooks in the transaction/a hook that fails does not touch the other changes of the batch"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := w.sound.Commit(ctx, b)
				for _, r := range done.Results {
					if r.Err != nil && !errors.Is(r.Err, store.ErrConflict) {
						return store.Committed{}, r.Err
					}
				}
				return done, err
			}
		}},
		{"runs hooks before it checks versions", []string{"hooks in the transaction/the hook of a change in conflict does not run"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				for _, c := range b.Changes {
					if c.InTx != nil {
						if err := c.InTx(ctx, c); err != nil {
							return store.Committed{}, err
						}
						c.InTx = nil
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"runs hooks after it has read the change", []string{"hooks in the transaction/the hook may alter the conversation, the events and what waits",
			"hooks in the transaction/the hook may make the change a tombstone"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				defer eachHook(b, func(ctx context.Context, _ int, c *store.Change, hook func(context.Context, *store.Change) error) error {
					before := *c
					err := hook(ctx, c)
					*c = before
					return err
				})()
				return w.sound.Commit(ctx, b)
			}
		}},
		{"gives hooks a copy of the change", []string{"hooks in the transaction/the hook runs once, with the very change that is committed"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				defer eachHook(b, func(ctx context.Context, _ int, c *store.Change, hook func(context.Context, *store.Change) error) error {
					own := *c
					err := hook(ctx, &own)
					*c = own
					return err
				})()
				return w.sound.Commit(ctx, b)
			}
		}},
		{"runs hooks twice", []string{"hooks in the transaction/the hook runs once, with the very change that is committed"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				defer eachHook(b, func(ctx context.Context, _ int, c *store.Change, hook func(context.Context, *store.Change) error) error {
					if err := hook(ctx, c); err != nil {
						return err
					}
					return hook(ctx, c)
				})()
				return w.sound.Commit(ctx, b)
			}
		}},
		{"gives hooks a context of its own", []string{"hooks in the transaction/the hook has the values and the end of the caller's context"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				defer eachHook(b, func(ctx context.Context, _ int, c *store.Change, hook func(context.Context, *store.Change) error) error {
					return hook(context.WithValue(context.Background(), transactionKey{}, ctx.Value(transactionKey{})), c)
				})()
				return w.sound.Commit(ctx, b)
			}
		}},
		{"lets others write while a hook runs", []string{"hooks in the transaction/nobody else changes the conversation while its hook runs"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				for _, c := range b.Changes {
					if c.InTx != nil && w.version(c.ID) == c.Version {
						if refusal := c.InTx(ctx, c); refusal != nil {
							return store.Committed{Results: []store.Result{{Err: refusal}}}, nil //nolint:nilerr // a result tells the refusal
						}
						c.InTx = nil
						b = based(b, func(c *store.Change) int64 { return w.version(c.ID) })
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"locks a conversation for ever when its hook panics", []string{"hooks in the transaction/after a hook that panics the conversation is as before, and can be changed"}, func(w *wrapped) {
			var mu sync.Mutex
			locked := map[string]bool{}
			lock := func(id string, is bool) (was bool) {
				mu.Lock()
				defer mu.Unlock()
				was = locked[id]
				locked[id] = is
				return was
			}
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if len(b.Changes) == 1 && b.Changes[0].InTx != nil {
					id := b.Changes[0].ID
					if lock(id, true) {
						return store.Committed{Results: []store.Result{{Err: store.ErrConflict}}}, nil
					}
					done, err := w.sound.Commit(ctx, b)
					if err == nil && (done.Results[0].Err == nil || !strings.Contains(done.Results[0].Err.Error(), "panic")) {
						lock(id, false)
					}
					return done, err
				}
				for _, c := range b.Changes {
					if lock(c.ID, false) {
						lock(c.ID, true)
						return store.Committed{Results: make([]store.Result, len(b.Changes))}, nil
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"runs a hook again on what it has left", []string{"transactions/a hook that runs again is given the change as it was"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				for _, c := range b.Changes {
					if hook := c.InTx; hook != nil {
						c.InTx = func(ctx context.Context, c *store.Change) error {
							_ = hook(ctx, c)
							return hook(ctx, c)
						}
					}
				}
				return w.sound.Commit(ctx, b)
			}
		}},
		{"keeps the rows of a hook that failed", []string{"transactions/what a hook writes is rolled back with its change, and only that",
			"transactions/a hook may write again what was rolled back before", "transactions/hooks of one batch do not see each other's failures"}, func(w *wrapped) { w.disk.keepsRows = true }},
	}
}

// eachHookedOutcome alters each outcome that has a hook.
func eachHookedOutcome(alter func(ctx context.Context, o *store.Outcome) error) func(*wrapped) {
	return func(w *wrapped) {
		w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
			b.Outcomes = slices.Clone(b.Outcomes)
			for i := range b.Outcomes {
				if b.Outcomes[i].InTx == nil {
					continue
				}
				if err := alter(context.WithValue(ctx, transactionKey{}, &transaction{w.disk, map[string]string{}}), &b.Outcomes[i]); err != nil {
					return store.Committed{}, err
				}
			}
			return w.sound.Commit(ctx, b)
		}
	}
}
