package heard

import (
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
// panic, and it can hang, which must hold up nobody else. Then what it said last
// counts.
type report struct {
	of Reporter

	mu     sync.Mutex
	last   conversation.SourceHealth
	asking chan struct{} // closed when it has answered; nil: it is not being asked
}

func (r *report) ask() conversation.SourceHealth {
	answered := r.begin()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
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
		said := false
		defer func() {
			_ = recover() // the host's code; it says nothing new then
			r.mu.Lock()
			defer r.mu.Unlock()
			if said {
				r.last = says
			}
			r.asking = nil
			close(done)
		}()
		says = r.of.Health()
		said = true
	}()
	return done
}
