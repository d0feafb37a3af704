package commit

import (
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/lane"
)

// While a commit of many conversations is under way, what comes is left to gather
// for the next one: each commit costs the database the same, however much is in
// it. Another one begins at its side when there is as much as goes into one, or
// after a moment.
//
// Where processes share the store each has less to commit: a commit of many counts
// for a moment after its end, too, so that they do not make up for it by the number
// of their commits.
const (
	many       = 8
	gatherMost = 10 * time.Millisecond
)

// gather takes the work of the next commit, which is under way from then on;
// nothing when ctx ends. One goroutine at a time waits for work.
func (c *Committer) gather(ctx context.Context) []*lane.Work {
	select {
	case c.waiting <- struct{}{}:
		defer func() { <-c.waiting }()
	case <-ctx.Done():
		return nil
	}
	c.Lanes.Await(ctx, 1, nil)
	if few := c.underWay.few(); few != nil {
		moment, end := context.WithTimeout(ctx, gatherMost)
		c.Lanes.Await(moment, c.BatchSize, few)
		end()
	}
	batch := c.Lanes.Take(ctx, c.BatchSize)
	c.underWay.add(len(batch))
	return batch
}

// over ends a commit of n conversations.
func (c *Committer) over(n int) {
	if n >= many && c.Shared() {
		time.AfterFunc(gatherMost, func() { c.underWay.add(-n) })
		return
	}
	c.underWay.add(-n)
}

// underWay counts the conversations in commits that are under way.
type underWay struct {
	mu   sync.Mutex
	n    int
	less chan struct{} // closed when there are not many any more; nil: there are not
}

func (u *underWay) add(n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch u.n += n; {
	case u.n >= many && u.less == nil:
		u.less = make(chan struct{})
	case u.n < many && u.less != nil:
		close(u.less)
		u.less = nil
	}
}

// few returns what is closed when there are few; nil: there are.
func (u *underWay) few() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.less
}
