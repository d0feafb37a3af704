package outbox

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// claimAtOnce is how many deliveries one Claim asks for at the most.
const claimAtOnce = 500

// least is how much room a hook must have to take part in a claim: so much that
// asking is worth its while.
func least(share int) int { return min(claimAtOnce, (share+3)/4) }

// ClaimLoop claims deliveries from the store: when some are due, and once in a
// while, for those of a process that is not heard of any more. It begins no claim
// once ctx has ended; one that is under way has the time of work, for without its
// answer this process would hold what it does not know of.
func (o *Outbox) ClaimLoop(ctx, work context.Context) {
	for o.look.Wait(ctx) {
		_, next, err := o.claim(ctx, work)
		if err != nil && work.Err() == nil {
			o.Commits.Failed("claiming deliveries", err)
			next = time.Now().Add(time.Second)
		}
		o.look.Set(next)
		o.look.Set(o.again(time.Now()))
		o.look.Set(time.Now().Add(o.Lease))
	}
}

// firstAgain is how soon it is looked again for what took the long way.
const firstAgain = 50 * time.Millisecond

// again returns when to look again, more and more seldom, for a delivery that took the
// long way; zero: it is not. What goes before it in its lane may just be being recorded,
// by a transaction that sees as little of it as a claim sees of that: so nobody is told
// that it can go on, and the next look would be at the end of a lease.
func (o *Outbox) again(now time.Time) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	waits := now.Sub(o.added)
	if o.added.IsZero() || waits >= o.Lease {
		return time.Time{}
	}
	return now.Add(max(firstAgain, waits))
}

// claim claims and runs what is due and fits into memory, until ctx ends. It
// returns how much that was and when to look again.
func (o *Outbox) claim(ctx, work context.Context) (claimed int, next time.Time, err error) {
	for ctx.Err() == nil {
		var list []delivery
		if list, next, err = o.claimSome(work); err != nil || len(list) == 0 {
			break
		}
		claimed += len(list)
		o.run(list)
	}
	return claimed, next, err
}

func (o *Outbox) claimSome(ctx context.Context) ([]delivery, time.Time, error) {
	hooks, limit := o.room()
	if limit == 0 {
		return nil, time.Time{}, nil // free looks again
	}
	// After a time in which the store did not answer, a claim would let others
	// have what this process still runs.
	if o.renewalLate() {
		if err := o.renew(ctx); err != nil {
			return nil, time.Time{}, err
		}
	}
	began := time.Now()
	due, next, err := o.Leases.Claim(ctx, store.Claim{Owner: o.Owner, Lease: o.Lease, Hooks: hooks, Limit: limit})
	if err != nil || len(due) == 0 {
		return nil, next, err
	}
	list := make([]delivery, 0, len(due))
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range due {
		if o.held.add(d.Key(), began) {
			list = append(list, delivery{Delivery: d, claimed: true})
		}
	}
	return list, next, nil
}

// room returns the hooks that have room for a claim, and how much each has.
func (o *Outbox) room() (hooks []string, limit int) {
	names := o.Hooks.AfterNames()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.shareAmong(len(names))
	limit = claimAtOnce
	for _, name := range names {
		if room := o.share - o.held.byHook[name]; room >= least(o.share) {
			hooks = append(hooks, name)
			limit = min(limit, room)
		}
	}
	if len(hooks) == 0 {
		return nil, 0
	}
	return hooks, limit
}

// RenewLoop renews the leases of what is held.
func (o *Outbox) RenewLoop(ctx context.Context) {
	ticker := time.NewTicker(o.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if err := o.renew(ctx); err != nil && ctx.Err() == nil {
			o.Commits.Failed("renewing the leases of deliveries", err)
		}
	}
}

// renewalLate reports whether leases may be about to end, as they could not be
// renewed.
func (o *Outbox) renewalLate() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held.count() > 0 && time.Since(o.renewed) > o.Lease*2/3
}

func (o *Outbox) renew(ctx context.Context) error {
	began := time.Now()
	o.mu.Lock()
	keys := o.held.keys()
	o.mu.Unlock()
	if len(keys) > 0 {
		if err := o.Leases.Renew(ctx, o.Owner, o.Lease, keys); err != nil {
			return err
		}
	}
	o.mu.Lock()
	o.renewed = began
	now := time.Now()
	o.held.renewed(keys, began, now, o.Lease)
	for _, key := range keys {
		if o.held.has(key) {
			o.doubt(key, now)
		}
	}
	o.mu.Unlock()
	return nil
}

// Release gives up everything that the store says this process holds: at its
// start, what it held before a crash; at its end, what it has not delivered.
func (o *Outbox) Release(ctx context.Context) error { return o.Leases.Release(ctx, o.Owner) }
