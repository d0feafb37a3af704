package lane

import (
	"context"
	"errors"
	"time"
)

// What is taken out of the lanes and given back; how it gets in is in lanes.go.

// Await waits until n lanes are ready, until enough is closed, or until ctx ends.
// One goroutine at a time may wait.
func (ls *Lanes) Await(ctx context.Context, n int, enough <-chan struct{}) {
	for ls.countReady() < n {
		select {
		case <-ls.wake:
		case <-enough:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (ls *Lanes) countReady() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return len(ls.ready)
}

// Take returns the work of up to n lanes. It waits until there is some; it
// returns nothing when ctx ends.
func (ls *Lanes) Take(ctx context.Context, n int) []*Work {
	for ctx.Err() == nil {
		if batch := ls.takeReady(n); len(batch) > 0 {
			return batch
		}
		select {
		case <-ls.wake:
		case <-ctx.Done():
		}
	}
	return nil
}

func (ls *Lanes) takeReady(n int) []*Work {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	var batch []*Work
	for len(ls.ready) > 0 && len(batch) < n {
		l := ls.ready[0]
		ls.ready[0], ls.ready = nil, ls.ready[1:]
		batch = append(batch, l.take())
	}
	if len(ls.ready) > 0 {
		ls.signal()
	}
	return batch
}

// Finish gives the lane back and tells those who wait how it went.
func (ls *Lanes) Finish(w *Work, err error) {
	for range w.taken {
		<-ls.places
	}
	ls.giveBack(w.lane)
	for _, f := range w.taken {
		f.waiter.done(err)
	}
	for _, r := range w.waiters {
		r.done(errors.Join(err, w.Refused))
	}
}

func (ls *Lanes) giveBack(l *lane) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l.busy, l.begun, l.taken = false, time.Time{}, 0
	l.makeRoom()
	if !l.empty() {
		ls.ready = append(ls.ready, l)
		ls.signal()
		return
	}
	delete(ls.byID, l.id)
	ls.closeIdle()
}

// RefuseRest finishes everything that waits with the refusal. It is for after
// Close, when nobody takes any more.
func (ls *Lanes) RefuseRest() {
	for batch := ls.takeReady(1000); len(batch) > 0; batch = ls.takeReady(1000) {
		for _, w := range batch {
			ls.Finish(w, ls.refusal)
		}
	}
}
