package convtrack

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// storeTimeout bounds one call of the store.
const storeTimeout = 30 * time.Second

// mostConflicts is how often a change is based on the newest version again.
const mostConflicts = 100

// commitLoop takes what has accumulated, whatever that is, and commits it
// together: an idle tracker commits single changes at once, a busy one batches.
func (t *Tracker) commitLoop(ctx, work context.Context, alone *sync.WaitGroup) {
	for {
		batch := t.lanes.take(ctx, t.config.BatchSize)
		if batch == nil {
			return
		}
		t.commitTogether(work, batch, alone)
	}
}

// commitTogether commits the work of many conversations in one batch. What
// must run alone (Before hooks in a transaction of their own, a lost race)
// leaves the batch, so that it delays nobody else.
func (t *Tracker) commitTogether(ctx context.Context, batch []*work, alone *sync.WaitGroup) {
	records, err := t.load(ctx, batch)
	if err != nil {
		for _, w := range batch {
			t.lanes.finish(w, err)
		}
		return
	}
	var plans []*plan
	for i, w := range batch {
		p := t.plan(w, records[i])
		switch {
		case p == nil:
			t.lanes.finish(w, nil)
		case p.hasBefore():
			alone.Go(func() { t.commitAlone(ctx, w) })
		default:
			plans = append(plans, p)
		}
	}
	t.commitPlans(ctx, plans, alone)
	t.packExcess()
}

// commitPlans commits the plans. While the store does not answer it tries
// again; while it does, one of the plans is to blame (a row that the database
// refuses), and each goes its own way, so that it holds up nobody else.
func (t *Tracker) commitPlans(ctx context.Context, plans []*plan, alone *sync.WaitGroup) {
	for attempt := 1; len(plans) > 0; attempt++ {
		err := t.try(ctx, plans, alone)
		if err == nil {
			return
		}
		t.stats.storeErrors.Add(1)
		if _, down := t.loadOnce(ctx, []string{plans[0].record.ID}); down == nil {
			t.log.Warn("a commit failed, its conversations are committed one by one", "conversations", len(plans), "error", err)
			t.tryEach(ctx, plans, alone)
			return
		}
		if attempt >= t.config.StoreAttempts || !t.pause(ctx, attempt) {
			t.log.Error("the store does not answer, giving up", "conversations", len(plans), "error", err)
			for _, p := range plans {
				t.lanes.finish(p.work, err)
			}
			return
		}
		t.log.Warn("the store does not answer, trying again", "attempt", attempt, "error", err)
	}
}

// tryEach commits the plans one by one; those that fail try again alone.
func (t *Tracker) tryEach(ctx context.Context, plans []*plan, alone *sync.WaitGroup) {
	for _, p := range plans {
		if len(plans) == 1 || t.try(ctx, []*plan{p}, alone) != nil {
			alone.Go(func() { t.commitAlone(ctx, p.work) })
		}
	}
}

// try commits the plans once. Those that lost a race go on alone.
func (t *Tracker) try(ctx context.Context, plans []*plan, alone *sync.WaitGroup) error {
	batch := store.Batch{Owner: t.config.Instance, Lease: t.config.Lease, Outcomes: t.delivery.takeOutcomes()}
	for _, p := range plans {
		p.change.Events = nil
		if err := p.prepare(); err != nil {
			return err
		}
		batch.Changes = append(batch.Changes, p.change)
	}
	done, err := t.commit(ctx, batch)
	if err != nil {
		t.delivery.returnOutcomes(batch.Outcomes)
		for _, p := range plans {
			p.abandon()
		}
		return err
	}
	t.delivery.recorded(batch.Outcomes, done.Ready)
	for i, p := range plans {
		if done.Results[i].Err == nil {
			p.committed(done.Results[i].Version)
			t.lanes.finish(p.work, nil)
			continue
		}
		p.abandon()
		t.stats.conflicts.Add(1)
		t.cache.drop(p.record.ID)
		alone.Go(func() { t.commitAlone(ctx, p.work) })
	}
	return nil
}

func (t *Tracker) commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	t.stats.commits.Add(1)
	defer func(began time.Time) { t.took(time.Since(began)) }(time.Now())
	return t.store.Commit(ctx, b)
}

// commitAlone commits the work of one conversation: with its Before hooks, as
// often as races and failures ask for.
func (t *Tracker) commitAlone(ctx context.Context, w *work) {
	var conflicts, refusals, failures int
	for {
		records, err := t.load(ctx, []*work{w})
		if err != nil {
			t.lanes.finish(w, err)
			return
		}
		p := t.plan(w, records[0])
		if p == nil {
			t.lanes.finish(w, nil)
			return
		}
		result, err := t.tryAlone(ctx, p)
		var hook *events.HookError
		switch {
		case err == nil && result.Err == nil:
			p.committed(result.Version)
			t.lanes.finish(w, nil)
			return
		case err == nil && errors.Is(result.Err, store.ErrConflict):
			t.stats.conflicts.Add(1)
			t.cache.drop(w.id)
			if conflicts++; conflicts >= mostConflicts {
				t.lanes.finish(w, ErrBusy)
				return
			}
			t.pauseFor(ctx, time.Duration(rand.Int64N(int64(min(conflicts, 20))*int64(time.Millisecond))))
		case err == nil && errors.As(result.Err, &hook) && ctx.Err() == nil:
			refusals++
			t.stats.beforeFailed.Add(1)
			t.log.Warn("a Before hook failed", "hook", hook.Hook, "conversation", w.id, "event", hook.EventID, "type", hook.EventType,
				"attempt", refusals, "error", hook.Err)
			if refusals >= t.config.BeforeAttempts || w.unpark != nil {
				t.park(ctx, p, hook, refusals)
				return
			}
			t.pauseFor(ctx, t.config.BeforeBackoff(refusals))
		default:
			if err == nil {
				err = result.Err
			}
			if failures++; failures >= t.config.StoreAttempts || !t.pause(ctx, failures) {
				t.log.Error("the store refuses", "conversation", w.id, "error", err)
				t.lanes.finish(w, err)
				return
			}
			t.stats.storeErrors.Add(1)
			t.log.Warn("the store does not answer, trying again", "attempt", failures, "error", err)
		}
	}
}

// tryAlone commits one plan, once there is a place for its Before hooks.
func (t *Tracker) tryAlone(ctx context.Context, p *plan) (store.Result, error) {
	if p.hasBefore() {
		select {
		case t.before <- struct{}{}:
			defer func() { <-t.before }()
		case <-ctx.Done():
			return store.Result{}, context.Cause(ctx)
		}
	}
	if err := p.prepare(); err != nil {
		return store.Result{}, err
	}
	done, err := t.commit(ctx, store.Batch{Owner: t.config.Instance, Lease: t.config.Lease, Changes: []*store.Change{p.change}})
	if err != nil {
		p.abandon()
		return store.Result{}, err
	}
	if done.Results[0].Err != nil {
		p.abandon()
	}
	return done.Results[0], nil
}

// park stores the facts of a change that a Before hook refuses aside.
func (t *Tracker) park(ctx context.Context, p *plan, hook *events.HookError, attempts int) {
	facts := join(nil, p.work.said)
	if r := p.record.Refused; r != nil {
		facts = join(r.Facts, p.work.said)
		attempts += r.Attempts
	}
	if p.work.unpark != nil {
		p.work.refused = hook
	}
	p.announce = nil
	p.change = p.refused(facts, store.Failure{Hook: hook.Hook, EventID: hook.EventID, Type: string(hook.EventType),
		Attempts: attempts, Error: hook.Err.Error(), Stack: hook.Stack, At: time.Now()})
	result, err := t.tryAlone(ctx, p)
	switch {
	case err == nil && result.Err == nil:
		t.log.Error("a change is parked: a Before hook refuses it", "hook", hook.Hook, "conversation", p.record.ID,
			"event", hook.EventID, "type", hook.EventType, "attempts", attempts, "error", hook.Err)
		t.stats.parked.Add(1)
		p.committed(result.Version)
		t.lanes.finish(p.work, nil)
	case err == nil && errors.Is(result.Err, store.ErrConflict):
		t.cache.drop(p.record.ID)
		t.commitAlone(ctx, p.work)
	default:
		t.lanes.finish(p.work, errors.Join(err, result.Err))
	}
}

// load returns the records of the work's conversations, from the cache or the
// store.
func (t *Tracker) load(ctx context.Context, batch []*work) ([]*record, error) {
	records := make([]*record, len(batch))
	var ids []string
	var places []int
	for i, w := range batch {
		// What another process looks after it changes, too: a copy would be stale.
		if t.members.owns("", w.id) {
			records[i] = t.cache.get(w.id)
		}
		if records[i] == nil {
			ids, places = append(ids, w.id), append(places, i)
		}
	}
	for attempt := 1; len(ids) > 0; attempt++ {
		loaded, err := t.loadOnce(ctx, ids)
		if err == nil {
			for i, r := range loaded {
				records[places[i]] = newRecord(r)
				t.cache.put(records[places[i]])
			}
			break
		}
		if attempt >= t.config.StoreAttempts || !t.pause(ctx, attempt) {
			t.log.Error("the store cannot be read", "conversations", len(ids), "error", err)
			return nil, err
		}
		t.stats.storeErrors.Add(1)
		t.log.Warn("the store does not answer, trying again", "attempt", attempt, "error", err)
	}
	return records, nil
}

func (t *Tracker) loadOnce(ctx context.Context, ids []string) ([]store.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return t.store.Load(ctx, ids...)
}

// pause waits before the next attempt at the store; false when ctx has ended.
func (t *Tracker) pause(ctx context.Context, attempt int) bool {
	wait := events.Exponential(50*time.Millisecond, 5*time.Second)(attempt)
	return t.pauseFor(ctx, wait/2+time.Duration(rand.Int64N(int64(wait))))
}

func (t *Tracker) pauseFor(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
