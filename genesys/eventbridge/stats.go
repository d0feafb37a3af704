package eventbridge

import (
	"sync/atomic"
	"time"
)

// QueueStats are counts since the source was made, and present levels. Export
// them to whatever system you watch.
type QueueStats struct {
	Received      int64 // messages, repeats included
	Again         int64 // of them: received before, by whomever
	Stored        int64 // messages whose facts are stored
	Deleted       int64 // messages that are deleted
	NotDeleted    int64 // deletes that failed; the messages come again, which does no harm
	NotUnderstood int64 // messages that are left to the dead-letter queue, repeats included
	Partly        int64 // messages of which a part was not understood and left out
	NotStored     int64 // messages that the store refuses while it takes others; left to the dead-letter queue
	Prolonged     int64 // times that a batch was held for longer
	GivenBack     int64 // messages that were received and given back as the source stopped
	Failures      int64 // calls of SQS that failed
	Gaps          int64 // announcements of gaps

	Held      int           // messages that are received and not stored yet
	Lag       time.Duration // how old the messages were that were received last; zero also when SQS does not say
	LastHeard time.Time     // when SQS last answered a receive; zero: not yet
	Waiting   int           // messages in the queue, about; -1: not known
	InFlight  int           // messages that somebody has received, about; -1: not known
}

type counters struct {
	received, again, stored, deleted, notDeleted, notUnderstood, partly, notStored, prolonged, givenBack, failures, gaps atomic.Int64

	held, lag, lastHeard, lastRefused, waiting, inFlight atomic.Int64
}

// Stats returns the present counts.
func (q *Queue) Stats() QueueStats {
	c := &q.stats
	is := QueueStats{
		Received: c.received.Load(), Again: c.again.Load(), Stored: c.stored.Load(), Deleted: c.deleted.Load(), NotDeleted: c.notDeleted.Load(),
		NotUnderstood: c.notUnderstood.Load(), Partly: c.partly.Load(), NotStored: c.notStored.Load(), Prolonged: c.prolonged.Load(),
		GivenBack: c.givenBack.Load(), Failures: c.failures.Load(), Gaps: c.gaps.Load(),
		Held: int(c.held.Load()), Lag: time.Duration(c.lag.Load()), Waiting: int(c.waiting.Load()), InFlight: int(c.inFlight.Load()),
		LastHeard: moment(&c.lastHeard),
	}
	return is
}

// moment is a time in nanoseconds; zero stays zero.
func moment(at *atomic.Int64) time.Time {
	if n := at.Load(); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}
