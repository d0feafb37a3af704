package storetest

import (
	"context"
	"slices"

	"github.com/dcmkit/convtrack/store"
)

// broken is a store with one thing wrong, and the rules that must find it out.
type broken struct {
	name   string
	caught []string
	breaks func(*wrapped)
}

func brokenStores() []broken {
	return slices.Concat(brokenCommits(), brokenHooks(), brokenRecords(), brokenDeliveries(), brokenLags(), brokenReads(), brokenFailed(), brokenInboxes(), brokenForgetting(), brokenRest())
}

// version is the present version of a conversation.
func (s *sound) version(id string) int64 {
	records, err := s.Load(context.Background(), id)
	if err != nil {
		return 0
	}
	return records[0].Version
}

// based returns the batch with its changes on other versions.
func based(b store.Batch, version func(*store.Change) int64) store.Batch {
	changes := make([]*store.Change, len(b.Changes))
	for i, c := range b.Changes {
		own := *c
		own.Version = version(c)
		changes[i] = &own
	}
	b.Changes = changes
	return b
}

// eachChange changes the changes of a batch on their way to the store, those
// of hooks included.
func eachChange(w *wrapped, alter func(c *store.Change)) {
	w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
		var undo []func()
		for _, c := range b.Changes {
			was := *c
			undo = append(undo, func() {
				c.Pending, c.Refused, c.Events, c.InTx = was.Pending, was.Refused, was.Events, was.InTx
			})
			if hook := c.InTx; hook != nil {
				c.InTx = func(ctx context.Context, c *store.Change) error {
					err := hook(ctx, c)
					alter(c)
					return err
				}
				continue
			}
			alter(c)
		}
		defer func() {
			for _, u := range undo {
				u()
			}
		}()
		return w.sound.Commit(ctx, b)
	}
}

// eachEvent changes the events of a batch on their way to the store.
func eachEvent(alter func(e *store.NewEvent)) func(*wrapped) {
	return func(w *wrapped) {
		eachChange(w, func(c *store.Change) {
			c.Events = slices.Clone(c.Events)
			for i := range c.Events {
				c.Events[i].Deliveries = slices.Clone(c.Events[i].Deliveries)
				alter(&c.Events[i])
			}
		})
	}
}

// eachOutcome changes the outcomes of a batch on their way to the store.
func eachOutcome(alter func(o *store.Outcome)) func(*wrapped) {
	return func(w *wrapped) {
		w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
			b.Outcomes = slices.Clone(b.Outcomes)
			for i := range b.Outcomes {
				alter(&b.Outcomes[i])
			}
			return w.sound.Commit(ctx, b)
		}
	}
}

// eachRecord changes records on their way out of the store.
func eachRecord(alter func(r *store.Record)) func(*wrapped) {
	return func(w *wrapped) {
		w.load = func(ctx context.Context, ids ...string) ([]store.Record, error) {
			records, err := w.sound.Load(ctx, ids...)
			for i := range records {
				alter(&records[i])
			}
			return records, err
		}
	}
}
