package notifications

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// overload is the state in which frames are dropped because too many
// conversations wait for the store. It is safe for concurrent use.
type overload struct {
	most     int        // conversations that may wait
	waiting  func() int // now
	log      *slog.Logger
	announce func(ctx context.Context, g conversation.Gap)
	began    chan struct{}

	mu    sync.Mutex
	since time.Time // zero: there is none
}

func newOverload(most int, waiting func() int, log *slog.Logger, announce func(context.Context, conversation.Gap)) *overload {
	return &overload{most: most, waiting: waiting, log: log, announce: announce, began: make(chan struct{}, 1)}
}

// dropped notes that a frame was dropped.
func (o *overload) dropped(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since = at
		o.log.Error("frames are dropped: too many conversations wait for the store", "pending", o.most)
		wake(o.began)
	}
}

// active reports whether frames are dropped.
func (o *overload) active() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.since.IsZero()
}

// end ends the overload if half of the room is free again. It returns since when
// the overload has lasted, and whether it is over.
func (o *overload) end() (since time.Time, over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	since = o.since
	if over = o.waiting() < o.most/2+1; over {
		o.since = time.Time{}
	}
	return since, over
}

// overloadCheck is how often it is checked whether an overload is over.
const overloadCheck = 5 * time.Second

// run announces overloads as gaps until ctx ends.
func (o *overload) run(ctx context.Context) {
	for {
		select {
		case <-o.began:
		case <-ctx.Done():
			return
		}
		for announced := false; pause.Sleep(ctx, overloadCheck); announced = true {
			since, over := o.end()
			g := conversation.Gap{From: since, Reason: "the store did not keep up, and frames were dropped"}
			if over {
				g.To = time.Now()
			}
			if over || !announced {
				o.announce(ctx, g)
			}
			if over {
				break
			}
		}
	}
}
