package convtrack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// deliverer runs After hooks. A delivery whose event was committed here runs
// straight from memory; everything else is claimed from the store: what a
// crash left, what failed and waits for its next try, what found no room.
// Within a hook and conversation deliveries run one after the other.
type deliverer struct {
	t *Tracker

	mu       sync.Mutex
	held     int                       // deliveries in memory, until their outcome is recorded
	keys     map[store.DeliveryKey]int // of those, how often each is held: what the leases are renewed of
	lanes    map[deliveryLane][]delivery
	blocked  map[deliveryLane]bool // lanes that went back to the store
	outcomes []store.Outcome
	stopping bool
	quiet    chan struct{} // closed when nothing is held, once somebody waits for that

	slots   sync.Map // of chan struct{}, by hook: its concurrency
	lookout *alarm   // for asking the store for deliveries
	record  *alarm   // for recording outcomes
	workers sync.WaitGroup
	hookCtx context.Context // of the hooks that run
}

// deliveryLane is the order in which deliveries must run.
type deliveryLane struct{ conversation, hook string }

// delivery is one on its way.
type delivery struct {
	store.Delivery
	event     events.Event // nil until it is restored
	fromStore bool         // the next one of its lane may wait there
}

func (d *delivery) lane() deliveryLane { return deliveryLane{d.ConversationID, d.Hook} }

// claimAtOnce is how many deliveries one Claim asks for.
const claimAtOnce = 500

// recordDelay is how long outcomes wait for a commit to go along with.
const recordDelay = 10 * time.Millisecond

func newDeliverer(t *Tracker) *deliverer {
	return &deliverer{t: t, keys: map[store.DeliveryKey]int{}, lanes: map[deliveryLane][]delivery{}, blocked: map[deliveryLane]bool{}, lookout: newAlarm(), record: newAlarm()}
}

func (d *deliverer) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held
}

// reserve takes a place in memory for a delivery that is about to be
// committed. Without one, and behind deliveries that went back to the store,
// it must go through the store, or it would overtake them.
func (d *deliverer) reserve(key store.DeliveryKey) bool {
	lane := deliveryLane{key.ConversationID, key.Hook}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.blocked[lane] || d.stopping || d.held >= d.t.config.MaxDeliveries || len(d.blocked) >= d.t.config.MaxDeliveries {
		return false
	}
	d.hold(key)
	return true
}

// hold takes a place for a delivery. The caller holds the lock.
func (d *deliverer) hold(key store.DeliveryKey) {
	d.held++
	d.keys[key]++
}

func (d *deliverer) unreserve(reserved []delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range reserved {
		d.free(reserved[i].Key())
	}
}

// free gives the place of a delivery back. The caller holds the lock.
func (d *deliverer) free(key store.DeliveryKey) {
	full := d.held >= d.t.config.MaxDeliveries
	d.held--
	if d.keys[key]--; d.keys[key] == 0 {
		delete(d.keys, key)
	}
	if full {
		d.look()
	}
	if d.held == 0 && d.quiet != nil {
		close(d.quiet)
		d.quiet = nil
	}
}

// run runs deliveries that the process holds. What the store gave out may
// run in a blocked lane: it is the next one. Lanes in which more was committed
// behind those, to go through the store, need not be blocked any more: the
// conversation's record remembers them.
func (d *deliverer) run(list []delivery, behind ...deliveryLane) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() {
		for _, lane := range behind {
			delete(d.blocked, lane)
		}
	}()
	for _, x := range list {
		lane := x.lane()
		if d.stopping || d.blocked[lane] && !x.fromStore {
			d.settle(store.Outcome{Did: store.Released}, &x)
			continue
		}
		queue, running := d.lanes[lane]
		d.lanes[lane] = append(queue, x)
		if !running {
			d.workers.Go(func() { d.work(lane) })
		}
	}
}

// work runs the deliveries of a lane, until there are none or one fails.
func (d *deliverer) work(lane deliveryLane) {
	for {
		x, ok := d.next(lane)
		if !ok {
			return
		}
		outcome, recorded := d.deliver(&x)
		d.mu.Lock()
		if recorded {
			d.free(x.Key())
		} else {
			d.settle(outcome, &x)
		}
		queue := d.lanes[lane][1:]
		d.lanes[lane] = queue
		if outcome.Did != store.Done {
			// The rest must wait behind it, and memory is for what can run.
			d.blocked[lane] = true
			for i := range queue {
				d.settle(store.Outcome{Did: store.Released}, &queue[i])
			}
			delete(d.lanes, lane)
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
	}
}

func (d *deliverer) next(lane deliveryLane) (delivery, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	queue := d.lanes[lane]
	if len(queue) > 0 && !d.stopping {
		return queue[0], true
	}
	for i := range queue {
		d.settle(store.Outcome{Did: store.Released}, &queue[i])
	}
	delete(d.lanes, lane)
	return delivery{}, false
}

// settle notes what became of a delivery, to be recorded. The caller holds the
// lock.
func (d *deliverer) settle(o store.Outcome, x *delivery) {
	of := x.Outcome(d.t.config.Instance, o.Did)
	of.Wait, of.Failure = o.Wait, o.Failure
	d.outcomes = append(d.outcomes, of)
	wait := recordDelay
	if x.fromStore {
		wait = 0
	}
	d.record.set(time.Now().Add(wait))
}

// deliver runs the hook once and says what became of it, and whether the store
// knows it already.
func (d *deliverer) deliver(x *delivery) (o store.Outcome, recorded bool) {
	ctx := d.hookCtx
	how, registered := d.t.hooks.Delivery(x.Hook)
	if !registered {
		return store.Outcome{Did: store.Released}, false
	}
	slots, _ := d.slots.LoadOrStore(x.Hook, make(chan struct{}, how.Concurrency))
	select {
	case slots.(chan struct{}) <- struct{}{}:
		defer func() { <-slots.(chan struct{}) }()
	case <-ctx.Done():
		return store.Outcome{Did: store.Released}, false
	}
	err := d.restore(ctx, x)
	switch {
	case err != nil:
	case how.InTransaction:
		recorded, err = d.runInTx(ctx, x)
	default:
		err = d.t.hooks.RunAfter(ctx, x.Hook, x.event)
	}
	switch {
	case recorded, err == nil:
		d.t.stats.delivered.Add(1)
		return store.Outcome{Did: store.Done}, recorded
	case ctx.Err() != nil, errors.Is(err, events.ErrNoHook), errors.Is(err, errNotHeld):
		return store.Outcome{Did: store.Released}, false // interrupted: that is no failure of the hook
	case errors.Is(err, errNotCommitted):
		d.t.log.Warn("the store did not commit what an After hook did, trying again", "hook", x.Hook, "conversation", x.ConversationID,
			"event", x.ID, "error", err)
		f := store.Failure{Hook: x.Hook, EventID: x.ID, Type: x.Type, Attempts: x.Attempts, Error: err.Error(), At: time.Now()}
		return store.Outcome{Did: store.Failed, Wait: time.Second, Failure: f}, false // nor is that
	}
	return d.failed(x, how, err), false
}

var (
	// errNotHeld: another process has taken the delivery.
	errNotHeld = errors.New("the delivery is not held any more")
	// errNotCommitted: the store failed, not the hook.
	errNotCommitted = errors.New("the transaction was not committed")
)

// runInTx runs the hook in the transaction that marks the delivery as done.
func (d *deliverer) runInTx(ctx context.Context, x *delivery) (recorded bool, err error) {
	ran := false
	var hook error
	outcome := x.Outcome(d.t.config.Instance, store.Done)
	outcome.InTx = func(ctx context.Context) error {
		ran = true
		hook = d.t.hooks.RunAfter(context.WithValue(ctx, inBefore{}, true), x.Hook, x.event)
		return hook
	}
	done, err := d.t.store.Commit(ctx, store.Batch{Owner: d.t.config.Instance, Outcomes: []store.Outcome{outcome}})
	switch {
	case hook != nil:
		return false, hook
	case err != nil:
		return false, fmt.Errorf("%w: %w", errNotCommitted, err)
	case !ran:
		return false, errNotHeld
	}
	if done.Ready {
		d.look()
	}
	return true, nil
}

func (d *deliverer) failed(x *delivery, how events.Delivery, err error) store.Outcome {
	f := store.Failure{Hook: x.Hook, EventID: x.ID, Type: x.Type, Attempts: x.Attempts + 1, Error: err.Error(), At: time.Now()}
	var hook *events.HookError
	if errors.As(err, &hook) {
		f.Error, f.Stack = hook.Err.Error(), hook.Stack
	}
	d.t.stats.afterFailed.Add(1)
	if f.Attempts >= how.Attempts {
		d.t.stats.parked.Add(1)
		d.t.log.Error("a delivery is parked: its hook fails", "hook", x.Hook, "conversation", x.ConversationID, "event", x.ID,
			"type", x.Type, "attempts", f.Attempts, "error", f.Error)
		return store.Outcome{Did: store.Parked, Failure: f}
	}
	wait := how.Backoff(f.Attempts)
	d.t.log.Warn("an After hook failed", "hook", x.Hook, "conversation", x.ConversationID, "event", x.ID, "type", x.Type,
		"attempt", f.Attempts, "again in", wait, "error", f.Error)
	return store.Outcome{Did: store.Failed, Wait: wait, Failure: f}
}

// restore rebuilds the event of a delivery that was claimed from the store.
func (d *deliverer) restore(ctx context.Context, x *delivery) error {
	if x.event != nil {
		return nil
	}
	e, err := events.Decode(events.Header{ID: x.ID, Type: events.Type(x.Type), Time: x.Time, ConversationID: x.ConversationID}, x.Data)
	if err != nil {
		return err
	}
	c := d.t.cache.asOf(x.ConversationID, x.Seq)
	if c == nil {
		if c, err = d.t.Get(ctx, x.ConversationID); err != nil {
			return err
		}
	}
	e.Head().Conversation = c
	x.event = e
	return nil
}

// look asks the store for deliveries, soon.
func (d *deliverer) look() { d.lookout.set(time.Now()) }

// lookLoop claims deliveries from the store: when some are due, and once in a
// while, for those of a process that is not heard of any more.
func (d *deliverer) lookLoop(ctx context.Context) {
	for d.lookout.wait(ctx) {
		_, next, err := d.claim(ctx)
		if err != nil && ctx.Err() == nil {
			d.t.log.Warn("deliveries cannot be claimed from the store", "error", err)
			next = time.Now().Add(time.Second)
		}
		d.lookout.set(next)
		d.lookout.set(time.Now().Add(d.t.config.Lease))
	}
}

// claim claims what is due and fits into memory. It returns how much that was
// and when to look again.
func (d *deliverer) claim(ctx context.Context) (claimed int, next time.Time, err error) {
	for {
		list, next, err := d.claimSome(ctx)
		if err != nil || len(list) == 0 {
			return claimed, next, err
		}
		claimed += len(list)
		d.run(list)
	}
}

func (d *deliverer) claimSome(ctx context.Context) ([]delivery, time.Time, error) {
	limit := min(claimAtOnce, d.t.config.MaxDeliveries-d.count())
	if limit <= 0 {
		return nil, time.Time{}, nil // free looks again
	}
	due, next, err := d.claimOnce(ctx, limit)
	if err != nil || len(due) == 0 {
		return nil, next, err
	}
	list := make([]delivery, len(due))
	for i, x := range due {
		list[i] = delivery{Delivery: x, fromStore: true}
	}
	d.mu.Lock()
	for i := range due {
		d.hold(due[i].Key())
	}
	d.mu.Unlock()
	return list, next, nil
}

func (d *deliverer) claimOnce(ctx context.Context, limit int) ([]store.Delivery, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	c := d.t.config
	return d.t.store.Claim(ctx, store.Claim{Owner: c.Instance, Lease: c.Lease, Hooks: d.t.hooks.AfterNames(), Limit: limit})
}

// takeOutcomes takes outcomes to be recorded with the next commit.
func (d *deliverer) takeOutcomes() []store.Outcome {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.outcomes
	d.outcomes = make([]store.Outcome, 0, min(len(taken), 1000)) // as many come next, by and large
	return taken
}

// returnOutcomes gives back outcomes that could not be recorded.
func (d *deliverer) returnOutcomes(outcomes []store.Outcome) {
	if len(outcomes) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outcomes = append(outcomes, d.outcomes...)
	d.record.set(time.Now().Add(time.Second))
}

// recorded is called when the store has the outcomes; ready says that they made
// way for deliveries that only the store knows.
func (d *deliverer) recorded(outcomes []store.Outcome, ready bool) {
	if ready {
		d.look()
	}
	for _, o := range outcomes {
		if o.Did == store.Failed {
			d.lookout.set(time.Now().Add(o.Wait))
		}
	}
	d.mu.Lock()
	for i := range outcomes {
		d.free(outcomes[i].Key())
	}
	d.mu.Unlock()
	for _, o := range outcomes {
		if o.Did != store.Done {
			d.unblock(deliveryLane{o.ConversationID, o.Hook})
		}
	}
}

// unblock has the conversation's record say that deliveries of the lane are in
// the store: it is loaded again. While the conversation is worked on its record
// is in use; then the lane stays blocked until more is committed in it.
func (d *deliverer) unblock(lane deliveryLane) {
	d.t.lanes.resting(lane.conversation, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.blocked[lane] {
			d.t.cache.drop(lane.conversation)
			delete(d.blocked, lane)
		}
	})
}

// recordLoop records the outcomes that no commit has taken along.
func (d *deliverer) recordLoop(ctx context.Context) {
	for d.record.wait(ctx) {
		d.recordNow(ctx)
	}
}

func (d *deliverer) recordNow(ctx context.Context) {
	outcomes := d.takeOutcomes()
	if len(outcomes) == 0 {
		return
	}
	done, err := d.t.commit(ctx, store.Batch{Owner: d.t.config.Instance, Outcomes: outcomes})
	if err != nil {
		if ctx.Err() == nil {
			d.t.log.Warn("the outcomes of hooks cannot be recorded, trying again", "outcomes", len(outcomes), "error", err)
		}
		d.returnOutcomes(outcomes)
		return
	}
	d.recorded(outcomes, done.Ready)
}

// renewLoop tells the store that the process lives.
func (d *deliverer) renewLoop(ctx context.Context) {
	ticker := time.NewTicker(d.t.config.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if err := d.renew(ctx); err != nil && ctx.Err() == nil {
			d.t.log.Warn("the lease on deliveries cannot be renewed", "error", err)
		}
	}
}

// renew names what is held. What the store takes for held because the answer of
// a commit or a claim was lost is not named, so its lease runs out.
func (d *deliverer) renew(ctx context.Context) error {
	d.mu.Lock()
	held := slices.Collect(maps.Keys(d.keys))
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return d.t.store.Renew(ctx, d.t.config.Instance, d.t.config.Lease, held)
}

// release gives up all deliveries at once.
func (d *deliverer) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return d.t.store.Release(ctx, d.t.config.Instance)
}

// finish returns when everything that is due has been delivered, or ctx ends.
// Nobody else claims meanwhile.
func (d *deliverer) finish(ctx context.Context) {
	for ctx.Err() == nil {
		// What is held now may make way for more when it is done.
		quiet := d.count() == 0
		claimed, _, err := d.claim(ctx)
		if err != nil || quiet && claimed == 0 {
			return
		}
		d.rest(ctx)
	}
}

// rest waits until nothing is held.
func (d *deliverer) rest(ctx context.Context) {
	d.mu.Lock()
	if d.held == 0 {
		d.mu.Unlock()
		return
	}
	if d.quiet == nil {
		d.quiet = make(chan struct{})
	}
	quiet := d.quiet
	d.mu.Unlock()
	select {
	case <-quiet:
	case <-ctx.Done():
	}
}

// stop starts no further delivery and gives those that have not begun back to
// the store. It returns when the hooks that run have returned, or ctx ends,
// which interrupts them.
func (d *deliverer) stop(ctx context.Context, interrupt context.CancelFunc) {
	d.mu.Lock()
	d.stopping = true
	d.mu.Unlock()
	done := make(chan struct{})
	go func() { d.workers.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		interrupt()
		<-done
	}
}
