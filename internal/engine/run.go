package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
)

// Run runs the engine while listen does, which hears the sources of those names. It
// calls giveUp, which ends its context, to stop before all that it runs has returned.
// Then it drains: what was accepted is stored, and hooks that run may finish; when
// listen returned nil before ctx ended, what lies in the inbox is taken, and what is
// due is delivered first, while everything else goes on. It returns what listen
// returned or gave up for, within the drain timeout after that or after ctx ended,
// whatever hangs.
func (e *Engine) Run(ctx context.Context, sources []string, listen func(ctx context.Context, giveUp context.CancelCauseFunc) error) error {
	p, err := e.enter()
	if err != nil {
		return err
	}
	lasting := context.WithoutCancel(ctx)
	work, abort := context.WithCancel(lasting)
	defer abort()
	stop := newStopTime(lasting, e.config.DrainTimeout)
	defer func() { stop.free() }()
	joined := make(chan error, 1)
	unregister := context.AfterFunc(ctx, stop.start)
	if within(stop.over, func() { joined <- e.join(ctx, sources) }) { //nolint:contextcheck // the time of a stop begins when ctx ends
		err = <-joined
	} else {
		err = fmt.Errorf("convtrack: the store does not answer: %w", context.Cause(ctx))
	}
	unregister()
	if err != nil {
		p.fail(err)
		return err
	}
	hooks, interrupt := context.WithCancel(work)
	defer interrupt()
	e.Outbox.Start(hooks)
	loops := e.start(work)
	close(p.begun)

	listening, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	defer context.AfterFunc(listening, stop.start)()
	heard := make(chan error, 1)
	if !within(stop.drain, func() { heard <- listen(listening, giveUp) }) { //nolint:contextcheck // as above
		e.config.Log.Warn("a source was told to stop and has not returned; it is left behind", "after", e.config.DrainTimeout)
	}
	select {
	case err = <-heard:
	default:
		if gaveUp := context.Cause(listening); gaveUp != context.Cause(ctx) { //nolint:errorlint // one is the other, where ctx ended first
			err = gaveUp
		}
	}
	complete := false
	if err == nil && ctx.Err() == nil {
		delivered := make(chan bool, 1)
		complete = within(stop.over, func() { delivered <- e.complete(ctx, work, loops) }) && <-delivered //nolint:contextcheck // as above
	}
	stop.start()
	ended := within(stop.over, func() { e.drain(stop, loops, abort) }) //nolint:contextcheck // as above
	if ended && complete && ctx.Err() == nil {
		stop.free() // what is delivered takes the time that it needs; the goodbyes have theirs
		stop = newStopTime(lasting, e.config.DrainTimeout)
		unregister := context.AfterFunc(ctx, stop.start)
		ended = within(stop.over, func() { //nolint:contextcheck // as above
			e.Outbox.Drain(ctx, work, e.config.DrainTimeout, true) // the second step, see complete
		})
		unregister()
		stop.start()
	}
	ended = ended && within(stop.over, func() { //nolint:contextcheck // as above
		e.Outbox.Stop(stop.drain, interrupt)
		loops.rest.stop()
		e.leave(stop.leave)
	})
	if !ended {
		e.config.Log.Warn("what was told to stop has not ended in time; it is left behind", "after", e.config.DrainTimeout)
	}
	return err
}

// When the sources have come to their end, everything that is due is delivered, in
// two steps; each is a call of Outbox.Drain.
//
//  1. complete delivers while everything else goes on, as hooks may take hours. So
//     there may always be more: it waits for what it finds, not for what comes
//     meanwhile. It must not give back what the store says that this process holds,
//     either: a commit that is under way may be about to run that.
//  2. drain closes the lanes and stores what was accepted. Nobody commits any more,
//     so what is due has an end, and what this process holds without knowing it,
//     because an answer was lost, is given back and delivered, too.
//
// Between them no time is lost: the second step finds what was stored since the
// first, and mostly that is little.

// complete is the first step: it takes what lies in the inbox and delivers what is
// due, until ctx ends. Other processes may put something into the inbox until they
// know that this one leaves, they may have conversations forgotten, and hooks may
// have something to say. From now on only Drain claims deliveries. It reports false
// when the store does not answer.
func (e *Engine) complete(ctx, work context.Context, loops *loops) bool {
	retiring, end := context.WithTimeout(ctx, grace)
	defer end()
	if err := e.Membership.Retire(retiring); err != nil && ctx.Err() == nil {
		e.Store.Failed("telling the other processes that this one is going to leave", err)
	}
	patient, giveUp := context.WithTimeout(ctx, e.config.DrainTimeout)
	defer giveUp()
	if !within(patient, loops.claiming.stop) {
		work = patient // the store does not answer: what may be left is said
	}
	patience := e.config.DrainTimeout
	if !e.Inbox.Drain(ctx, patience) {
		patience /= 4 // of the store, which has not answered for long
		e.config.Log.Warn("what other processes heard may be left in the inbox, as it cannot be taken: the next process takes it", "after", e.config.DrainTimeout)
	}
	return e.Outbox.Drain(ctx, work, patience, false)
}

// drain stores what was accepted. Then nothing is committed any more but what
// hooks have done. It is part of every stop, also of one without the two steps.
func (e *Engine) drain(stop *stopTime, loops *loops, abort context.CancelFunc) {
	e.Duplicates.Close()
	drained := e.Lanes.Close()
	select {
	case <-drained:
	case <-stop.drain.Done():
		e.config.Log.Warn("draining took too long; what was accepted is not all stored", "after", e.config.DrainTimeout)
		abort()
	}
	loops.committing.stop()
	e.Committer.Wait()
	e.Lanes.RefuseRest()
	if !within(stop.drain, loops.claiming.stop) {
		abort()
		loops.claiming.Wait()
	}
}

// join takes a place among the processes that share the store. What the store
// says that this one holds is of an earlier life.
func (e *Engine) join(ctx context.Context, sources []string) error {
	err := e.Outbox.Release(ctx)
	if e.config.Retain > 0 {
		sources = append(slices.Clone(sources), retaining)
	}
	if err == nil {
		err = e.Membership.Join(ctx, sources)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("convtrack: the store does not answer: %w", err)
	}
	return nil
}

// loops are the goroutines of an engine, in the groups in which they stop.
type loops struct{ committing, claiming, rest *group }

// group is goroutines that stop together.
type group struct {
	sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc
}

func newGroup(ctx context.Context) *group {
	g := &group{}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

func (g *group) stop() {
	g.cancel()
	g.Wait()
}

func (e *Engine) start(work context.Context) *loops {
	l := &loops{newGroup(work), newGroup(work), newGroup(work)}
	for i := range e.config.Committers {
		l.committing.Go(func() {
			e.Committer.Run(l.committing.ctx, work, func(ctx context.Context) { e.turn(ctx, i) })
		})
	}
	l.committing.Go(func() { e.disownLoop(l.committing.ctx) })
	l.committing.Go(func() { e.settling.Loop(l.committing.ctx) })
	l.committing.Go(func() { e.Inbox.AwaitLoop(l.committing.ctx) })
	l.committing.Go(func() { e.Inbox.MembersLoop(l.committing.ctx) })
	l.committing.Go(func() { e.Inbox.TakeLoop(l.committing.ctx) })
	l.committing.Go(func() { e.Inbox.DepositLoop(l.committing.ctx, e.config.Stopped) })
	l.committing.Go(func() { e.Inbox.RemoveLoop(l.committing.ctx) })
	l.committing.Go(func() { e.Duplicates.AnnounceLoop(l.committing.ctx, e.Store.Broadcast) })
	l.committing.Go(func() { e.listen(l.committing.ctx) })
	l.committing.Go(func() { e.retained.Loop(l.committing.ctx) })
	l.claiming.Go(func() { e.Outbox.ClaimLoop(l.claiming.ctx, work) })
	l.rest.Go(func() { e.Outbox.RecordLoop(l.rest.ctx) })
	l.rest.Go(func() { e.Outbox.RenewLoop(l.rest.ctx) })
	l.rest.Go(func() { e.notices.Loop(l.rest.ctx) })
	l.rest.Go(func() {
		e.Membership.HeartbeatLoop(l.rest.ctx, func(err error) { e.Store.Failed("giving a sign of life", err) })
	})
	e.settling.Wake(time.Now())
	e.Outbox.Look()
	return l
}

// disownLoop lets go of what is in memory of conversations that another process looks
// after now, or has looked after while this one was taken for dead, until ctx ends: when
// this one looks after them again, it is not what is stored by then.
func (e *Engine) disownLoop(ctx context.Context) {
	for struck := e.Membership.Struck(); ; {
		changed := e.Membership.Changed()
		before := struck
		struck = e.Membership.Struck()
		for _, id := range e.cache.IDs() {
			if struck != before || !e.Membership.Owns("", id) {
				e.cache.Drop(id)
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// listen hears what other processes have stored, until ctx ends.
func (e *Engine) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if err := e.Store.Listen(ctx, e.Duplicates.Hear); err != nil && ctx.Err() == nil {
			e.Store.Failed("listening to other processes", err)
		}
		retry.Pause(ctx, time.Second) // also where a store returns for nothing
	}
}

// turn waits until the process needs its committer number i. Processes that share
// a store share the committers, too: each has less to do, and fewer and larger
// commits cost the database less.
func (e *Engine) turn(ctx context.Context, i int) {
	for ctx.Err() == nil {
		changed := e.Membership.Changed()
		if i < max(1, e.config.Committers/len(e.Membership.Names())) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// leave tells the store what the hooks have done, gives the deliveries back, and
// tells the other processes and the host. A database that hangs does not hold up
// the stop of who has drained for longer than grace.
func (e *Engine) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	e.Outbox.Record(ctx)
	e.Inbox.Remove(ctx)
	if err := e.Membership.Leave(ctx); err != nil {
		e.config.Log.Warn("the other processes could not be told that this one ends; they find out when its lease runs out", "error", err)
	}
	if err := e.Outbox.Release(ctx); err != nil {
		e.config.Log.Warn("deliveries could not be given back; another process takes them when the lease runs out", "error", err)
	}
	e.notices.Rest(ctx)
}
