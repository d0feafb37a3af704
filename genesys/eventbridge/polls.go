package eventbridge

import "sync"

// openPolls are the polls that are under way. What a source that stops gives
// back while one of its own is open would come to itself again.
type openPolls struct {
	mu      sync.Mutex
	n       int
	stopped bool
	ended   chan struct{} // closed when there are none any more
}

func newOpenPolls() *openPolls { return &openPolls{ended: make(chan struct{})} }

// begin reports whether a poll may begin. It may until stop is called.
func (o *openPolls) begin() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.stopped {
		o.n++
	}
	return !o.stopped
}

func (o *openPolls) end() { o.change(func() { o.n-- }) }

func (o *openPolls) stop() { o.change(func() { o.stopped = true }) }

func (o *openPolls) change(do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.stopped && o.n == 0
	do()
	if o.stopped && o.n == 0 && !before {
		close(o.ended)
	}
}
