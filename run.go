package convtrack

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// lastWords is how long a process that stops tries to tell the store what its
// hooks have done, and gives its deliveries back.
const lastWords = 5 * time.Second

// Run runs the sources, and everything that Observe needs, until ctx ends, a
// source fails for good, or all sources have nothing more to say; without
// sources until ctx ends. It may be called once.
//
// Then it drains: what has been accepted is stored, and hooks that run may
// finish, within Config.DrainTimeout. When the sources came to their end by
// themselves, everything that is due is delivered, too. What is stored and not
// delivered is delivered by the next process. When Run returns, nothing of the
// tracker is running any more, but for hooks that do not heed their context.
//
// Run returns nil when ctx ended or the sources came to their end, else a
// *SourceError.
func (t *Tracker) Run(ctx context.Context, sources ...Source) error {
	first := false
	t.begin.Do(func() { first = true })
	if !first {
		return ErrRunning
	}
	work, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	hooks, interrupt := context.WithCancel(work)
	defer interrupt()
	t.delivery.hookCtx = hooks
	if err := t.delivery.release(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("convtrack: the store does not answer: %w", err)
	}

	for _, s := range sources {
		t.members.sources = append(t.members.sources, sourceName(s))
	}
	slices.Sort(t.members.sources)
	if err := t.members.beat(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("convtrack: the store does not answer: %w", err)
	}
	for _, s := range sources {
		if r, ok := s.(Repairer); ok {
			t.repairers = append(t.repairers, r)
		}
	}
	loops, stopLoops := context.WithCancel(work)
	defer stopLoops()
	committing, stopCommitting := context.WithCancel(loops)
	defer stopCommitting()
	looking, stopLooking := context.WithCancel(loops)
	defer stopLooking()
	var committers, alone, looker, running sync.WaitGroup
	for range t.config.Committers {
		committers.Go(func() { t.commitLoop(committing, work, &alone) })
	}
	running.Go(func() { t.settleLoop(committing) })
	looker.Go(func() { t.delivery.lookLoop(looking) })
	running.Go(func() { t.delivery.recordLoop(loops) })
	running.Go(func() { t.delivery.renewLoop(loops) })
	running.Go(func() { t.memberLoop(loops) })
	t.settling.set(time.Now())
	t.delivery.look()
	close(t.running)

	err := t.runSources(ctx, sources)

	close(t.stopped)
	deadline, cancel := context.WithTimeout(work, t.config.DrainTimeout)
	defer cancel()
	select {
	case <-t.lanes.drained():
	case <-deadline.Done():
		t.log.Warn("draining took too long; what was accepted is not all stored", "after", t.config.DrainTimeout)
		abort()
	}
	stopCommitting()
	committers.Wait()
	alone.Wait()
	t.lanes.refuse(ErrStopped)
	stopLooking()
	looker.Wait()
	if ctx.Err() == nil && err == nil {
		t.finishDeliveries(ctx, work)
	}
	t.delivery.stop(deadline, interrupt)
	stopLoops()
	running.Wait()

	last, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer done()
	t.delivery.recordNow(last)
	if e := t.members.leave(last); e != nil {
		t.log.Warn("the other processes could not be told that this one ends; they find out when its lease runs out", "error", e)
	}
	if e := t.delivery.release(last); e != nil {
		t.log.Warn("deliveries could not be given back; another process takes them when the lease runs out", "error", e)
	}
	return err
}

// finishDeliveries delivers everything that is due, until somebody stops Run.
func (t *Tracker) finishDeliveries(ctx, work context.Context) {
	both, cancel := context.WithCancel(work)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	t.delivery.finish(both)
}

// settleLoop has lanes announce what has settled.
func (t *Tracker) settleLoop(ctx context.Context) {
	for t.settling.wait(ctx) {
		next, err := t.settleDue(ctx)
		if err != nil && ctx.Err() == nil {
			t.log.Warn("the store does not say what has settled", "error", err)
			next = time.Now().Add(time.Second)
		}
		if next.Before(whenTold) {
			t.settling.set(next)
		}
	}
}

// settleDue wakes the conversations with conclusions that are due, and returns
// when the next one will be.
func (t *Tracker) settleDue(ctx context.Context) (time.Time, error) {
	const atOnce = 500
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	ids, next, err := t.store.Due(ctx, time.Now(), atOnce)
	if err != nil {
		return time.Time{}, err
	}
	for _, id := range ids {
		if err := t.lanes.pushSettle(ctx, id, false, nil, t.stopped); err != nil {
			return time.Time{}, nil // it is over
		}
	}
	if len(ids) > 0 { // look again whether it was done
		if again := time.Now().Add(time.Second); next.IsZero() || again.Before(next) {
			next = again
		}
	}
	return next, nil
}
