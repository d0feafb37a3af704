package sqlitestore

import (
	"context"
	"sync/atomic"
)

// What is committed goes to the end of the log, and every now and then all that
// is new there has to be moved into the file. SQLite has the commit do it that
// makes the log too long: it writes hundreds of pages more and syncs the disk
// twice more, and those behind it wait, too. At a hundred new conversations a
// second one in a hundred and fifty would. So the log is moved on a connection
// of its own, while others commit. What is committed meanwhile stays in the log;
// while that never ends the log grows, and only then a commit has to do it.
const (
	// checkpointAfter is after how many transactions and changes the log is
	// moved: it then has some 16 MB, as a new conversation takes three of them,
	// and some 27 pages of 4 KB.
	checkpointAfter = 450
	// longestLog is the pages of a log that a commit has to move.
	longestLog = logLimit / (4 << 10)
)

// checkpoints move the log into the file.
type checkpoints struct {
	changes atomic.Int64 // and transactions, since the last time
	due     chan struct{}
}

func newCheckpoints() *checkpoints { return &checkpoints{due: make(chan struct{}, 1)} }

// count counts a transaction that was committed with so many changes.
func (c *checkpoints) count(changes int) {
	if c.changes.Add(int64(1+changes)) < checkpointAfter {
		return
	}
	select {
	case c.due <- struct{}{}:
	default:
	}
}

// checkpointLoop moves the log when it is due, until the store is closed.
func (s *Store) checkpointLoop(ctx context.Context, l *link) {
	defer s.running.Done()
	defer l.close()
	for {
		select {
		case <-s.checkpoints.due:
			s.checkpoints.changes.Store(0)
			l.checkpoint(ctx)
		case <-s.closing:
			return
		}
	}
}

// mostPasses is how often the log is moved one after the other: what is
// committed during the first time, which takes longest, is little, and so on. The
// log can begin anew when once nothing was left.
const mostPasses = 4

// checkpoint moves what it can. What it cannot, is left to the next time: no
// error of it loses anything.
func (l *link) checkpoint(ctx context.Context) {
	for range mostPasses {
		var busy, log, moved int
		err := l.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &log, &moved)
		if err != nil || busy != 0 || moved >= log {
			return
		}
	}
}
