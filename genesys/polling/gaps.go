package polling

import (
	"sync"
	"time"
)

// gaps are the gaps of other sources that are not saved yet. Once they are, the
// position knows them, and the process that leads repairs them.
type gaps struct {
	added chan struct{} // a gap is to be saved
	saved chan struct{} // a saved gap is to be repaired by this process

	mu     sync.Mutex
	from   time.Time     // since when to repair; zero: there is none
	repair chan struct{} // closed at the end of the repair that is under way; nil: none is
	turn   time.Time     // until when nothing waits for repairs
}

func newGaps() *gaps {
	return &gaps{added: make(chan struct{}, 1), saved: make(chan struct{}, 1)}
}

// add requests a repair of everything since from. Gaps are joined, as a repair
// always reads up to now.
func (g *gaps) add(from time.Time) {
	g.mu.Lock()
	g.from = earlier(g.from, from)
	g.mu.Unlock()
	signal(g.added)
}

// take returns since when to repair; zero when there is nothing to save.
func (g *gaps) take() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := g.from
	g.from = time.Time{}
	return from
}

// underway notes whether a repair is under way.
func (g *gaps) underway(is bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case is:
		g.repair = make(chan struct{})
	case g.repair != nil:
		close(g.repair)
		g.repair = nil
	}
}

// repairUnderway returns what is closed at the end of the repair for which to wait now;
// nil: there is none.
func (g *gaps) repairUnderway(now time.Time) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.turn) {
		return nil
	}
	return g.repair
}

// waited notes that something has waited for a repair: it has its turn, though the next
// repair may have begun.
func (g *gaps) waited(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn = now.Add(turnAfterRepair)
}

// turnAfterRepair is how long what has waited for a repair goes on beside the next one.
const turnAfterRepair = time.Minute

// signal wakes the receiver of c, now or when it next waits.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is pending already
	}
}

// earlier returns the earlier of two times; zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
