package commit

import (
	"sync/atomic"

	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/store"
)

// sure is after how many conversations in a row that were not in memory, and not
// in the store either, the next one is taken for a new one.
const sure = 32

// unknown guesses whether a conversation that is not in memory is a new one: then
// it need not be looked up before it is committed. A commit that is based on a
// wrong guess is refused by the store, as its version is not the stored one; the
// conversation is loaded then, and so are the next ones.
type unknown struct{ inARow atomic.Int32 }

// learn takes note of what the store had.
func (u *unknown) learn(r store.Record) {
	if r.Version > 0 || r.Forgotten {
		u.wrong()
		return
	}
	u.inARow.Add(1)
}

func (u *unknown) wrong() { u.inARow.Store(0) }

// isNew guesses whether the work is about a new conversation.
func (u *unknown) isNew(w *lane.Work) bool {
	return !w.Settle && w.Decision == nil && !w.Lift && !w.Reload && u.inARow.Load() >= sure
}
