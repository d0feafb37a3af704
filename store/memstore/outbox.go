package memstore

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// outbox holds the unfinished deliveries in lanes: one for each hook and
// conversation, in the order of the events.
type outbox struct {
	waiting map[string]*laneHeap // lanes whose head waits for its time, by hook
	claimed map[*delivery]bool
	byID    map[string]*delivery
	added   int64
}

func newOutbox() outbox {
	return outbox{waiting: map[string]*laneHeap{}, claimed: map[*delivery]bool{}, byID: map[string]*delivery{}}
}

type lane struct {
	entry *entry
	hook  string
	queue []*delivery
}

type delivery struct {
	event   *store.Event
	lane    *lane
	state   store.DeliveryState
	added   int64
	trace   string
	at      time.Time // when it was added
	due     time.Time // for its next try; zero: as soon as it can be
	owner   string
	lease   time.Time
	failure store.Failure

	settling bool // it is the owner's, whatever becomes of the lease
}

func (o *outbox) add(e *entry, event *store.Event, n store.NewDelivery, trace string, b store.Batch) {
	l := e.lanes[n.Hook]
	if l == nil {
		l = &lane{entry: e, hook: n.Hook}
		e.lanes[n.Hook] = l
	}
	o.added++
	d := &delivery{event: event, lane: l, state: store.StateWaiting, added: o.added, at: time.Now(), trace: trace}
	l.queue = append(l.queue, d)
	o.byID[store.DeliveryID(event.ID, n.Hook)] = d
	if n.Claimed {
		o.claim(d, b.Owner, b.Lease)
	} else {
		o.offer(l)
	}
}

func (o *outbox) claim(d *delivery, owner string, lease time.Duration) {
	d.state, d.owner, d.lease = store.StateClaimed, owner, time.Now().Add(lease)
	o.claimed[d] = true
}

// offer lets the head of the lane be claimed, if it waits.
func (o *outbox) offer(l *lane) {
	if len(l.queue) == 0 || l.queue[0].state != store.StateWaiting {
		return
	}
	h := o.waiting[l.hook]
	if h == nil {
		h = &laneHeap{}
		o.waiting[l.hook] = h
	}
	heap.Push(h, offered{l.queue[0], l.queue[0].due})
}

func (o *outbox) release(d *delivery) {
	delete(o.claimed, d)
	d.state, d.owner = store.StateWaiting, ""
	o.offer(d.lane)
}

// finish takes the delivery out.
func (o *outbox) finish(d *delivery) {
	delete(o.claimed, d)
	delete(o.byID, store.DeliveryID(d.event.ID, d.lane.hook))
	l := d.lane
	l.queue = slices.DeleteFunc(l.queue, func(x *delivery) bool { return x == d })
	if len(l.queue) == 0 {
		delete(l.entry.lanes, l.hook)
		return
	}
	o.offer(l)
}

// counting returns the outcomes of deliveries that their owners hold, of several
// of a delivery the first. Until it is over nobody else can take one of the
// deliveries, or settle it.
func (o *outbox) counting(outcomes []store.Outcome) (counting []store.Outcome, over func()) {
	var of []*delivery
	for _, out := range outcomes {
		d := o.byID[store.DeliveryID(out.EventID, out.Hook)]
		if d != nil && d.state == store.StateClaimed && d.owner == out.Owner && !d.settling {
			d.settling = true
			counting, of = append(counting, out), append(of, d)
		}
	}
	return counting, func() {
		for _, d := range of {
			d.settling = false
		}
		of = nil // they may be another one's now
	}
}

// runInTx runs what is to be done together with the outcomes. The lock is given
// up meanwhile.
func (s *Store) runInTx(ctx context.Context, outcomes []store.Outcome) error {
	for _, out := range outcomes {
		if out.InTx == nil {
			continue
		}
		if err := s.unlocked(func() error { return out.InTx(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// settlingWait is how long to wait for a delivery that is just being settled.
const settlingWait = 50 * time.Millisecond

// settle records what became of a delivery, and reports whether one that waits
// can be claimed now.
func (s *Store) settle(out store.Outcome) (ready bool) {
	o := &s.outbox
	d := o.byID[store.DeliveryID(out.EventID, out.Hook)]
	if d == nil || d.state != store.StateClaimed || d.owner != out.Owner {
		return false
	}
	switch out.Did {
	case store.Done:
		o.finish(d)
	case store.WillRetry:
		d.failure, d.due = out.Failure, time.Now().Add(out.Wait)
		o.release(d)
	case store.Failed:
		d.failure = out.Failure
		if d.failure.At.IsZero() {
			d.failure.At = time.Now()
		}
		delete(o.claimed, d)
		d.state, d.owner = store.StateFailed, ""
	case store.Released:
		o.release(d)
	}
	queue := d.lane.queue
	return len(queue) > 0 && queue[0].state == store.StateWaiting
}

// Claim implements store.Store.
func (s *Store) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	if err := s.begin(ctx); err != nil {
		return nil, time.Time{}, err
	}
	defer s.mu.Unlock()
	now := time.Now()
	var next time.Time
	soonest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for d := range s.outbox.claimed {
		switch {
		case now.Before(d.lease):
			soonest(d.lease)
		case d.settling:
			soonest(now.Add(settlingWait))
		default:
			s.outbox.release(d)
		}
	}
	var due []store.Delivery
	for _, hook := range c.Hooks {
		h := s.outbox.waiting[hook]
		for h != nil && len(*h) > 0 {
			top := (*h)[0]
			if !top.current() {
				heap.Pop(h)
				continue
			}
			if top.due.After(now) || len(due) == c.Limit {
				soonest(top.due)
				break
			}
			heap.Pop(h)
			s.outbox.claim(top.d, c.Owner, c.Lease)
			due = append(due, store.Delivery{Event: copyEvent(top.d.event), Hook: hook, Attempts: top.d.failure.Attempts, Trace: top.d.trace})
		}
	}
	return due, next, nil
}

// Renew implements store.Store.
func (s *Store) Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	wanted := make(map[store.DeliveryKey]bool, len(held))
	for _, key := range held {
		wanted[key] = true
	}
	for d := range s.outbox.claimed {
		if d.owner == owner && wanted[store.DeliveryKey{ConversationID: d.event.ConversationID, Seq: d.event.Seq, Hook: d.lane.hook}] {
			d.lease = time.Now().Add(lease)
		}
	}
	return nil
}

// Release implements store.Store.
func (s *Store) Release(ctx context.Context, owner string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	for d := range s.outbox.claimed {
		switch {
		case d.owner != owner:
		case d.settling:
			d.lease = time.Now() // it counts when that fails
		default:
			s.outbox.release(d)
		}
	}
	return nil
}

// Decide implements store.Store.
func (s *Store) Decide(ctx context.Context, do store.Decision, ids ...string) (int, error) {
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	for _, id := range ids {
		d := s.outbox.byID[id]
		if d == nil || d.state != store.StateFailed {
			continue
		}
		n++
		if do == store.Skip {
			e := d.lane.entry
			e.skipped[d.event.ID] = append(e.skipped[d.event.ID], d.lane.hook)
			s.outbox.finish(d)
			continue
		}
		d.failure, d.due = store.Failure{}, time.Time{}
		s.outbox.release(d)
	}
	return n, nil
}

// laneHeap orders the heads of lanes by when they are due. An element that is
// not current any more is dropped when it comes up.
type laneHeap []offered

type offered struct {
	d   *delivery
	due time.Time
}

func (x offered) current() bool {
	return x.d.state == store.StateWaiting && x.d.due.Equal(x.due) && len(x.d.lane.queue) > 0 && x.d.lane.queue[0] == x.d
}

func (h laneHeap) Len() int { return len(h) }
func (h laneHeap) Less(i, j int) bool {
	return cmp.Or(h[i].due.Compare(h[j].due), cmp.Compare(h[i].d.added, h[j].d.added)) < 0
}
func (h laneHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *laneHeap) Push(x any) { *h = append(*h, x.(offered)) }

// Pop implements heap.Interface.
func (h *laneHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
