package storetest

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// brokenRest go wrong about contexts, values, closing and opening again.
func brokenRest() []broken {
	return []broken{
		{"does not listen to its context", []string{"contexts/with a context that is cancelled every method returns at once, and changes nothing",
			"contexts/with a context whose time is over every method returns at once, and changes nothing"}, func(w *wrapped) {
			s := w.sound
			w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
				return s.Load(context.WithoutCancel(ctx), ids...)
			}
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				return s.Commit(context.WithoutCancel(ctx), b)
			}
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				return s.Claim(context.WithoutCancel(ctx), c)
			}
		}},
		{"hides that a context was cancelled", []string{"contexts/with a context that is cancelled every method returns at once, and changes nothing"}, func(w *wrapped) {
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				page, err := w.sound.List(ctx, q)
				if ctx.Err() != nil {
					err = errors.New("interrupted")
				}
				return page, err
			}
		}},
		{"does not close", []string{"closing/every method of a closed store says that it is closed"}, func(w *wrapped) { w.close = func() error { return nil } }},
		{"closes once only", []string{"closing/a store may be closed twice"}, func(w *wrapped) {
			w.close = func() error {
				if err := w.sound.open(); err != nil {
					return err
				}
				return w.sound.Close()
			}
		}},
		{"sets values on any version", []string{"values/a value is set only if its version is the present one",
			"values/of several who set a value at once one wins and the others lose the race"}, func(w *wrapped) {
			w.setValue = func(ctx context.Context, name string, value []byte, _ int64) (int64, error) {
				_, version, err := w.sound.Value(ctx, name)
				if err != nil {
					return 0, err
				}
				return w.sound.SetValue(ctx, name, value, version)
			}
		}},
		{"checks the version of a value before it is set", []string{"values/of several who set a value at once one wins and the others lose the race"}, func(w *wrapped) {
			w.setValue = func(ctx context.Context, name string, value []byte, version int64) (int64, error) {
				_, is, err := w.sound.Value(ctx, name)
				if err != nil {
					return 0, err
				}
				if is != version {
					return 0, store.ErrConflict
				}
				time.Sleep(100 * time.Microsecond)
				if _, version, err = w.sound.Value(ctx, name); err != nil {
					return 0, err
				}
				return w.sound.SetValue(ctx, name, value, version)
			}
		}},
		{"has one version for all values", []string{"values/values have versions of their own"}, func(w *wrapped) {
			w.value = func(ctx context.Context, name string) ([]byte, int64, error) {
				value, version, err := w.sound.Value(ctx, name)
				if name == "b" {
					_, version, err = w.sound.Value(ctx, "a")
				}
				return value, version, err
			}
		}},
		{"keeps values as text", []string{"values/a value may be empty, binary or large"}, func(w *wrapped) {
			w.setValue = func(ctx context.Context, name string, value []byte, version int64) (int64, error) {
				return w.sound.SetValue(ctx, name, bytes.ToValidUTF8(value, []byte("?")), version)
			}
		}},
		{"forgets everything when it is opened again", []string{"durability/everything is there after the store was opened again",
			"durability/versions and sequences go on after the store was opened again"}, func(w *wrapped) {
			w.reopened = func(*sound) *sound { return newSound() }
		}},
		{"forgets what has failed when it is opened again", []string{"durability/everything is there after the store was opened again",
			"durability/deliveries go on where they were after the store was opened again"}, func(w *wrapped) {
			w.reopened = func(s *sound) *sound {
				page, err := s.Failed(context.Background(), store.FailedQuery{})
				for _, p := range page.Items {
					if err == nil {
						_, err = s.Decide(context.Background(), store.Retry, p.ID)
					}
				}
				if err != nil {
					panic(err)
				}
				return s
			}
		}},
		{"forgets the order of changes when it is opened again", []string{"durability/what is changed after the store was opened again is changed later"}, func(w *wrapped) {
			w.reopened = func(s *sound) *sound {
				records, err := s.Load(context.Background(), "c-0")
				if err == nil && records[0].Version != 0 {
					_, err = s.Commit(context.Background(), store.Batch{Changes: []*store.Change{next(records[0])}})
				}
				if err != nil {
					panic(err)
				}
				return s
			}
		}},
		{"does nothing", []string{"committing/a new conversation is stored under the version that the result says", "model/on random walks the store does what the model does"}, func(w *wrapped) {
			w.commit = func(_ context.Context, b store.Batch) (store.Committed, error) {
				done := store.Committed{Results: make([]store.Result, len(b.Changes))}
				for i, c := range b.Changes {
					done.Results[i].Version = c.Version + 1
				}
				return done, nil
			}
		}},
		{"hangs until its context ends", []string{"claiming/a delivery comes with its event, and has not failed yet"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, _ store.Claim) ([]store.Delivery, time.Time, error) {
				<-ctx.Done()
				return nil, time.Time{}, ctx.Err()
			}
		}},
		{"panics", []string{"values/a value that is not set has version 0"}, func(w *wrapped) {
			w.value = func(context.Context, string) ([]byte, int64, error) { panic("no such row") }
		}},
	}
}
