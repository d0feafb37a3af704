package lane

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/telemetry"
	"github.com/dcmkit/convtrack/store"
)

// lane is what waits to be done for one conversation.
type lane struct {
	id       string
	facts    []fact
	settle   bool
	all      bool
	decision *store.Decision
	lift     bool
	reload   bool
	waiters  []*Receipt // of settle and decision
	busy     bool
	taken    int           // how many facts are worked on
	since    time.Time     // when the oldest of what waits came
	begun    time.Time     // when the oldest of what is worked on came
	room     chan struct{} // closed when the lane has been taken from, or given back
}

// fact is a partial conversation and who waits for it to be stored.
type fact struct {
	conversation *conversation.Conversation
	waiter       waiter
}

func (l *lane) empty() bool {
	return len(l.facts) == 0 && !l.settle && l.decision == nil && !l.lift && !l.reload
}

// take takes everything that waits. The lane is busy until the work is finished.
func (l *lane) take() *Work {
	w := &Work{ID: l.id, Settle: l.settle, All: l.all, Decision: l.decision, Lift: l.lift, Reload: l.reload, lane: l, taken: l.facts, waiters: l.waiters}
	l.begun, l.since, l.taken = l.since, time.Time{}, len(l.facts)
	l.facts, l.settle, l.all, l.decision, l.lift, l.reload, l.waiters, l.busy = nil, false, false, nil, false, false, nil, true
	l.makeRoom()
	return w
}

// makeRoom has those look again who wait for room in the lane.
func (l *lane) makeRoom() {
	if l.room != nil {
		close(l.room)
		l.room = nil
	}
}

// Work is everything that waited in one lane when it was taken.
type Work struct {
	ID     string // of the conversation
	Settle bool   // a conclusion is due
	All    bool   // all conclusions are due: the input has ended
	// Decision is what to do with a change that was refused; nil when nobody
	// has decided.
	Decision *store.Decision
	Lift     bool // a tombstone goes: somebody wants the conversation tracked
	Reload   bool // a tombstone in memory may have gone in the store
	// Refused is for who waits for a decision: the hook fails again.
	Refused error

	lane    *lane
	taken   []fact
	waiters []*Receipt
}

// Heard returns what the work comes from, as far as that is measured.
func (w *Work) Heard() (heard []*telemetry.Heard) {
	for _, f := range w.taken {
		if r, ok := f.waiter.(*Receipt); ok && r.Heard != nil && !slices.Contains(heard, r.Heard) {
			heard = append(heard, r.Heard)
		}
	}
	return heard
}

// Passed reports whether all of the facts come from the inbox.
func (w *Work) Passed() bool {
	for _, f := range w.taken {
		if _, is := f.waiter.(notice); !is {
			return false
		}
	}
	return len(w.taken) > 0
}

// Facts returns the partial conversations in the order in which they came.
func (w *Work) Facts() []*conversation.Conversation {
	facts := make([]*conversation.Conversation, len(w.taken))
	for i, f := range w.taken {
		facts[i] = f.conversation
	}
	return facts
}
