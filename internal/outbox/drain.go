package outbox

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
)

// Drain returns when everything that is due has been delivered, or ctx or work
// ends. Nobody else claims meanwhile. last says that nobody commits any more, either:
// then what the store says this process holds, and it does not, because the answer of
// a commit or a claim was lost, is given back and delivered, too. Otherwise there may
// always be more, and what is held later than patience is not waited for. A store that
// does not answer is asked again for as long as patience. When something may be left
// then, the log says so, and Drain reports false, unless somebody has ended ctx.
func (o *Outbox) Drain(ctx, work context.Context, patience time.Duration, last bool) bool {
	both, cancel := context.WithCancel(work)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	if o.drain(both, patience, last) || ctx.Err() != nil {
		return true
	}
	o.Log.Warn("deliveries that are due may be left, as the store does not answer: the next process that runs on it delivers them; start one when it answers again", "after", patience)
	return false
}

// drain reports whether everything that is due has been delivered.
func (o *Outbox) drain(ctx context.Context, patience time.Duration, last bool) bool {
	began, delivered := time.Now(), o.Counters.Delivered.Load()
	worked, until := began, began.Add(patience)
	if last {
		until = endOfTime
	}
	for givenBack := false; ctx.Err() == nil; {
		// What is held now may make way for more when it is done.
		quiet := !o.holdsSince(until)
		list, failed, err := o.claimPatiently(ctx, patience)
		if err != nil {
			return false
		}
		o.run(list)
		if now := o.Counters.Delivered.Load(); now != delivered {
			worked, delivered = time.Now(), now
		}
		switch givenBack = givenBack && !failed; {
		case len(list) > 0:
			givenBack = false
		case !quiet:
			if givenBack = false; !o.rest(ctx, until, patience) {
				return false
			}
		case o.storeFailed():
			if time.Since(worked) > patience || !retry.Pause(ctx, storeWait/2) {
				return false
			}
		case givenBack, !last:
			return true
		default:
			if givenBack = true; o.patiently(ctx, patience, "giving deliveries back", o.Release) != nil {
				return false
			}
		}
	}
	return false
}

// endOfTime lies after everything.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// holdsSince reports whether a delivery is held since before the time.
func (o *Outbox) holdsSince(t time.Time) bool {
	for _, since := range o.HeldSince() {
		if since.Before(t) {
			return true
		}
	}
	return false
}

// storeFailed reports whether a delivery may wait only because the store has failed.
func (o *Outbox) storeFailed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.unavailable.IsZero() && time.Since(o.unavailable) < 2*storeWait
}

// claimPatiently claims some of what is due, and reports whether it had to ask again.
func (o *Outbox) claimPatiently(ctx context.Context, patience time.Duration) (list []delivery, failed bool, err error) {
	asked := 0
	err = o.patiently(ctx, patience, "claiming deliveries", func(ctx context.Context) (err error) {
		asked++
		list, _, err = o.claimSome(ctx)
		return err
	})
	return list, asked > 1, err
}

// patiently asks the store until it answers, for as long as patience.
func (o *Outbox) patiently(ctx context.Context, patience time.Duration, doing string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		o.Commits.Failed(doing, err)
		if !retry.PauseForStore(ctx, attempt) {
			return err
		}
	}
}

// rest waits until nothing is held since before a time; false when no hook has run for
// as long as patience: then the store does not take what they have done.
func (o *Outbox) rest(ctx context.Context, until time.Time, patience time.Duration) bool {
	quiet := o.quietness()
	look := time.NewTicker(max(patience/4, time.Millisecond))
	defer look.Stop()
	for ran := time.Now(); ; {
		select {
		case <-quiet:
			return true
		case <-ctx.Done():
			return true
		case <-look.C:
			switch {
			case !o.holdsSince(until):
				return true
			case o.running():
				ran = time.Now()
			case time.Since(ran) >= patience:
				return false
			}
		}
	}
}

// quietness returns a channel that is closed when nothing is held.
func (o *Outbox) quietness() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.quiet == nil {
		o.quiet = make(chan struct{})
	}
	quiet := o.quiet
	o.sayQuiet()
	return quiet
}

// sayQuiet closes the channel if nothing is held. The caller holds the lock.
func (o *Outbox) sayQuiet() {
	if o.held.count() == 0 && o.quiet != nil {
		close(o.quiet)
		o.quiet = nil
	}
}

func (o *Outbox) running() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.lanes) > 0
}
