package outbox

import (
	"time"

	"github.com/dcmkit/convtrack/store"
)

// run runs deliveries that are held. What was claimed from the store may run in
// a blocked lane: it is the first of it.
func (o *Outbox) run(list []delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range list {
		l := d.lane()
		if o.stopping || o.blocked[l] && !d.claimed {
			o.settle(&d, store.Outcome{Did: store.Released})
			continue
		}
		queue, running := o.lanes[l]
		o.lanes[l] = append(queue, d)
		if !running {
			o.workers.Go(func() { o.work(l) })
		}
	}
}

// work runs the deliveries of a lane, until there are none or one fails.
func (o *Outbox) work(l lane) {
	for {
		d, ok := o.next(l)
		if !ok || !o.finish(l, &d, o.deliver(&d)) {
			return
		}
	}
}

// next returns the first delivery of the lane, which stays there while it runs.
func (o *Outbox) next(l lane) (delivery, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	queue := o.lanes[l]
	if len(queue) > 0 && !o.stopping {
		return queue[0], true
	}
	o.releaseAll(l, queue)
	return delivery{}, false
}

// finish notes what became of the first delivery of the lane, and reports
// whether the lane goes on. Otherwise the rest must wait behind that delivery,
// and memory is for what can run.
func (o *Outbox) finish(l lane, d *delivery, r result) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	doubted := false
	if r.recorded {
		o.free(d.Key())
	} else {
		doubted = o.doubt(d.Key(), time.Now())
		o.settle(d, r.outcome)
	}
	queue := o.lanes[l][1:]
	o.lanes[l] = queue
	if r.outcome.Did == store.Done && !doubted {
		return true
	}
	o.blocked[l] = true
	o.releaseAll(l, queue)
	return false
}

// releaseAll releases deliveries of a lane that ends. The caller holds the lock.
func (o *Outbox) releaseAll(l lane, queue []delivery) {
	for i := range queue {
		o.settle(&queue[i], store.Outcome{Did: store.Released})
	}
	delete(o.lanes, l)
}

// settle notes what became of a delivery, to be recorded: soon, so that a commit
// takes it along, or at once when the next one of its lane may wait in the
// store. The caller holds the lock.
func (o *Outbox) settle(d *delivery, as store.Outcome) {
	outcome := d.Outcome(o.Owner, as.Did)
	outcome.Wait, outcome.Failure = as.Wait, as.Failure
	wait := recordDelay
	if d.claimed {
		wait = 0
	}
	by := time.Now().Add(wait)
	if len(o.outcomes) == 0 || by.Before(o.recordBy) {
		o.recordBy = by
	}
	o.outcomes = append(o.outcomes, outcome)
	o.record.Set(by)
}

// free gives the place of a delivery back. The caller holds the lock.
func (o *Outbox) free(key store.DeliveryKey) {
	if !o.held.remove(key) {
		return
	}
	if o.held.byHook[key.Hook] == o.share-least(o.share) {
		o.Look() // there is room for a claim again
	}
	o.sayQuiet()
}
