package convtrack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// Tracker keeps the conversations of one organisation in a store and runs
// hooks on what happens to them. It is safe for concurrent use.
type Tracker struct {
	config Config
	store  store.Store
	hooks  *events.Hooks
	log    *slog.Logger
	stats  stats

	lanes    *lanes
	cache    *cache
	before   chan struct{} // a place for each conversation whose Before hooks run
	delivery *deliverer
	settling *alarm // for the next conclusion that has settled
	members  *members

	commitTime atomic.Int64 // in nanoseconds, a moving average

	repairers []Repairer // among the sources; set before any runs

	begin   sync.Once
	running chan struct{} // closed when Run has begun
	stopped chan struct{} // closed when Run accepts nothing any more
}

// New returns a tracker on the store. config may be nil. Nothing happens
// before Run.
func New(s store.Store, config *Config) (*Tracker, error) {
	if s == nil {
		return nil, fmt.Errorf("convtrack: New needs a store; memstore.New() gives one that forgets")
	}
	c := Config{}
	if config != nil {
		c = *config
	}
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	t := &Tracker{
		config: c, store: s, hooks: c.Hooks, log: c.Logger,
		lanes:    newLanes(c.MaxPending),
		cache:    newCache(c.CacheSize),
		before:   make(chan struct{}, c.BeforeWorkers),
		settling: newAlarm(),
		members:  newMembers(c.Instance, s, c.Lease),
		running:  make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	t.delivery = newDeliverer(t)
	return t, nil
}

func randomName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Observe takes what a source has heard. It returns nil when the facts are
// durably stored, or are known already, or belong to a conversation that was
// vetoed; the hooks that they call for have run (Before) or will run (After).
// A change that a Before hook refuses for good is stored aside and listed by
// Parked; that is no error either.
//
// Observe waits until Run has begun, and while too much is pending. It is a
// conversation.Sink. With an error the facts may or may not be stored; saying
// them again does no harm.
func (t *Tracker) Observe(ctx context.Context, u conversation.Update) error {
	if err := t.outside(ctx); err != nil {
		return err
	}
	select {
	case <-t.running:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if u.Gap != nil {
		t.gap(*u.Gap)
	}
	if len(u.Conversations) == 0 {
		return nil
	}
	for i, c := range u.Conversations {
		if c == nil || c.ID == "" {
			return fmt.Errorf("convtrack: conversation %d of the update has no id", i+1)
		}
	}
	t.yield(ctx, !slices.ContainsFunc(u.Conversations, func(c *conversation.Conversation) bool { return !t.members.owns("", c.ID) }))
	r := newReceipt()
	for _, c := range u.Conversations {
		if err := t.lanes.push(ctx, c, r, t.stopped); err != nil {
			r.fail(err)
			break
		}
	}
	return r.wait(ctx)
}

var _ conversation.Sink = (*Tracker)(nil).Observe

// inBefore marks the context of a hook in the store's transaction.
type inBefore struct{}

// outside returns ErrInBefore when ctx is that of a hook in the transaction.
func (t *Tracker) outside(ctx context.Context) error {
	if ctx.Value(inBefore{}) != nil {
		return ErrInBefore
	}
	return nil
}

// Get returns a conversation as it is stored; store.ErrNotFound when it is not
// tracked.
func (t *Tracker) Get(ctx context.Context, id string) (*conversation.Conversation, error) {
	if err := t.outside(ctx); err != nil {
		return nil, err
	}
	records, err := t.store.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	if records[0].Conversation == nil {
		return nil, fmt.Errorf("conversation %q: %w", id, store.ErrNotFound)
	}
	return records[0].Conversation, nil
}

// List returns the conversations that the query selects, page by page. No
// connection is held while the loop's body runs. It ends after an error.
func (t *Tracker) List(ctx context.Context, q store.Query) iter.Seq2[*conversation.Conversation, error] {
	return func(yield func(*conversation.Conversation, error) bool) {
		if err := t.outside(ctx); err != nil {
			yield(nil, err)
			return
		}
		for {
			page, err := t.store.List(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range page.Conversations {
				if !yield(c, nil) {
					return
				}
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	}
}

// Events returns what was announced of a conversation, in order, with the
// deliveries to After hooks that are not done; store.ErrNotFound when it is
// not tracked.
func (t *Tracker) Events(ctx context.Context, conversationID string) ([]store.LoggedEvent, error) {
	if err := t.outside(ctx); err != nil {
		return nil, err
	}
	return t.store.Events(ctx, conversationID)
}

// Parked returns what is parked, the oldest first, page by page: deliveries
// that an After hook failed, and changes that a Before hook refused.
func (t *Tracker) Parked(ctx context.Context, q store.ParkedQuery) iter.Seq2[store.ParkedItem, error] {
	return func(yield func(store.ParkedItem, error) bool) {
		if err := t.outside(ctx); err != nil {
			yield(store.ParkedItem{}, err)
			return
		}
		for {
			page, err := t.store.Parked(ctx, q)
			if err != nil {
				yield(store.ParkedItem{}, err)
				return
			}
			for _, p := range page.Items {
				if !yield(p, nil) {
					return
				}
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	}
}

// Retry tries parked items again, by their ids, as if they had never failed.
// It returns how many of them were parked. A delivery is tried in its own
// time; a change is tried before Retry returns, which needs Run.
func (t *Tracker) Retry(ctx context.Context, ids ...string) (int, error) {
	return t.unpark(ctx, store.Retry, ids)
}

// Skip gives parked items up, by their ids, and returns how many of them were
// parked. A delivery counts as done. A change is made without the hook that
// refused it, before Skip returns, which needs Run.
func (t *Tracker) Skip(ctx context.Context, ids ...string) (int, error) {
	return t.unpark(ctx, store.Skip, ids)
}

func (t *Tracker) unpark(ctx context.Context, do store.Unpark, ids []string) (int, error) {
	if err := t.outside(ctx); err != nil {
		return 0, err
	}
	var deliveries []string
	n := 0
	for _, id := range ids {
		conversationID, ok := store.ParseChange(id)
		if !ok {
			deliveries = append(deliveries, id)
			continue
		}
		was, err := t.retryChange(ctx, conversationID, do)
		if err != nil {
			return n, err
		}
		if was {
			n++
		}
	}
	if len(deliveries) == 0 {
		return n, nil
	}
	unparked, err := t.store.Unpark(ctx, do, deliveries...)
	t.delivery.look()
	return n + unparked, err
}

// retryChange sends a parked change through its lane again and reports whether
// there was one.
func (t *Tracker) retryChange(ctx context.Context, conversationID string, do store.Unpark) (bool, error) {
	records, err := t.store.Load(ctx, conversationID)
	if err != nil || records[0].Refused == nil {
		return false, err
	}
	select {
	case <-t.running:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	r := newReceipt()
	if err := t.lanes.pushRetry(ctx, conversationID, do, r, t.stopped); err != nil {
		return false, err
	}
	return true, r.wait(ctx)
}

// Settle announces every conclusion that waits to settle, now, and returns
// when they are stored: for the end of an input that nothing will follow. It
// needs Run.
func (t *Tracker) Settle(ctx context.Context) error {
	if err := t.outside(ctx); err != nil {
		return err
	}
	select {
	case <-t.running:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		ids, _, err := t.store.Due(ctx, endOfTime, store.MostLimit)
		if err != nil || len(ids) == 0 {
			return err
		}
		r := newReceipt()
		for _, id := range ids {
			if err := t.lanes.pushSettle(ctx, id, true, r, t.stopped); err != nil {
				r.fail(err)
				break
			}
		}
		if err := r.wait(ctx); err != nil {
			return err
		}
	}
}

// endOfTime lies after everything that can be due.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
