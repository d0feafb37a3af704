package pgstore

import (
	"sync"
	"time"
)

// carefulFor is for how long batches are committed in two steps after one that
// could not be committed at once: that costs more than the others save, and is an
// error in the log of the server.
const carefulFor = time.Minute

// careful is the state in which batches are committed in two steps. It is safe
// for concurrent use.
type careful struct {
	lasts time.Duration // the state, once it has begun

	mu    sync.Mutex
	until time.Time
}

func (c *careful) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Now().Add(c.lasts)
}

func (c *careful) is() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Before(c.until)
}
