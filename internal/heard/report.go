package heard

import (
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Reporter is a source that says how it does.
type Reporter interface {
	Health() conversation.SourceHealth
}

// patience is how long is waited for what a source says of itself.
const patience = 200 * time.Millisecond

// report asks a source how it does. The source may be the host's own: it can
// panic, and it can hang, which must hold up nobody else. Then what it reported last
// counts.
type report struct {
	of Reporter

	mu     sync.Mutex
	last   conversation.SourceHealth
	asking chan struct{} // closed when it has answered; nil: it is not being asked
}

// ask asks all at the same time.
func ask(all map[string]*report) map[string]conversation.SourceHealth {
	answered := make(map[string]<-chan struct{}, len(all))
	for name, r := range all {
		answered[name] = r.begin()
	}
	limit, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, done := range answered {
		select {
		case <-done:
		case <-limit.Done():
		}
	}
	says := make(map[string]conversation.SourceHealth, len(all))
	for name, r := range all {
		r.mu.Lock()
		says[name] = r.last
		r.mu.Unlock()
	}
	return says
}

// begin asks, unless somebody does already.
func (r *report) begin() (answered <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking != nil {
		return r.asking
	}
	done := make(chan struct{})
	r.asking = done
	go func() {
		var says conversation.SourceHealth
		reported := false
		defer func() {
			_ = recover() // the host's code; it says nothing new then
			r.mu.Lock()
			defer r.mu.Unlock()
			if reported {
				r.last = says
			}
			r.asking = nil
			close(done)
		}()
		says = r.of.Health()
		reported = true
	}()
	return done
}
