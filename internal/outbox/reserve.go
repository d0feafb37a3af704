package outbox

import (
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// Reservation is what a commit that is under way holds of its deliveries. A nil
// one holds nothing.
type Reservation struct {
	outbox    *Outbox
	held      []delivery
	longWay   []lane // of deliveries that must be claimed from the store
	committed bool
}

// Reserve takes the short way for the deliveries of a change that is about to be
// committed, where it is open, and marks those deliveries as claimed. list are
// the change's events, in order. Lanes for which it is closed are put on the
// backlog, which is that of the conversation's record.
func (o *Outbox) Reserve(c *store.Change, list []events.Event, backlog map[string]bool) *Reservation {
	if len(c.Events) == 0 {
		return nil
	}
	r := &Reservation{outbox: o}
	now, hooks := time.Now(), len(o.Hooks.AfterNames())
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shareAmong(hooks)
	for i := range c.Events {
		entry := &c.Events[i]
		for j := range entry.Deliveries {
			n := &entry.Deliveries[j]
			d := delivery{Delivery: store.Delivery{Event: entry.Event, Hook: n.Hook, Trace: entry.Trace}}
			if n.Claimed = !backlog[n.Hook] && o.open(d.lane()) && o.held.add(d.Key(), now); n.Claimed {
				d.event = events.Copy(list[i])
				r.held = append(r.held, d)
				continue
			}
			backlog[n.Hook] = true
			r.longWay = append(r.longWay, d.lane())
		}
	}
	return r
}

// HeardAt says when the fact was heard that led to the change.
func (r *Reservation) HeardAt(at time.Time) {
	if r == nil {
		return
	}
	for i := range r.held {
		r.held[i].heard = at
	}
}

// open reports whether the short way is. The caller holds the lock.
func (o *Outbox) open(l lane) bool {
	return !o.blocked[l] && !o.stopping && len(o.blocked) < o.Most && o.held.byHook[l.hook] < o.share && o.leasesHold()
}

// leasesHold reports whether the leases of what is held have not ended meanwhile: when
// the store cannot be reached, or the process was stopped. The caller holds the lock.
func (o *Outbox) leasesHold() bool {
	return o.held.count() == 0 || runs(o.renewed, time.Now(), o.Lease)
}

// shareAmong divides the places among the hooks. The caller holds the lock.
func (o *Outbox) shareAmong(hooks int) { o.share = max(1, o.Most/max(1, hooks)) }

// Abandon gives back what was reserved: the change was not committed, as far as
// anybody knows.
func (r *Reservation) Abandon() {
	if r == nil || r.committed {
		return
	}
	o := r.outbox
	o.mu.Lock()
	var blocked []lane
	for i := range r.held {
		if l := r.held[i].lane(); o.blocked[l] {
			blocked = append(blocked, l)
		}
		o.free(r.held[i].Key())
	}
	o.mu.Unlock()
	for _, l := range blocked {
		o.unblock(l)
	}
	r.held, r.longWay = nil, nil
}

// Committed runs what was reserved. Lanes with deliveries on the long way need
// not be blocked any more: they are on the backlog.
func (r *Reservation) Committed() {
	if r == nil {
		return
	}
	r.committed = true
	o := r.outbox
	o.run(r.held)
	if len(r.longWay) == 0 {
		return
	}
	o.mu.Lock()
	for _, l := range r.longWay {
		delete(o.blocked, l)
	}
	o.added = time.Now()
	o.mu.Unlock()
	o.Look()
}
