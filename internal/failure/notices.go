package failure

import (
	"context"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack/internal/host"
	"github.com/dcmkit/convtrack/store"
)

const (
	mostNotices = 1000             // that wait to be told
	noticeLimit = 30 * time.Second // for telling one
)

// Notices tells the host what has failed for good, one after the other, on a
// goroutine of its own. Nobody waits for the host: what it has no time for is
// said in the log, and listed by Failed all the same. It is safe for concurrent
// use.
type Notices struct {
	tell  func(context.Context, store.FailedItem) // nil: nobody wants to know
	log   *slog.Logger
	queue chan store.FailedItem

	underWay *call // of Loop, and after it of Rest
}

// NewNotices returns notices to the host's function, which may be nil.
func NewNotices(tell func(context.Context, store.FailedItem), l *slog.Logger) *Notices {
	return &Notices{tell: tell, log: l, queue: make(chan store.FailedItem, mostNotices)}
}

// Add tells the host, soon.
func (n *Notices) Add(item store.FailedItem) {
	if n.tell == nil {
		return
	}
	select {
	case n.queue <- item:
	default:
		n.log.Warn("Config.OnFailed is too slow: it is not told of everything; Failed lists it", "hook", item.Hook, "conversation", item.ConversationID)
	}
}

// Loop tells the host until ctx ends. What it is being told then goes on, see Rest.
func (n *Notices) Loop(ctx context.Context) {
	for {
		select {
		case item := <-n.queue:
			if n.begin(ctx, item); !n.told(ctx) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// Rest tells the host what is left, until ctx ends: what it was being told when Loop
// ended first. Loop must have returned.
func (n *Notices) Rest(ctx context.Context) {
	for {
		if n.underWay == nil {
			select {
			case item := <-n.queue:
				n.begin(ctx, item)
			default:
				return
			}
		}
		if !n.told(ctx) {
			n.giveUp()
			return
		}
	}
}

// call is one of the host's function.
type call struct {
	item   store.FailedItem
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
}

// begin calls the host's function. A panic or a Goexit is its own trouble.
func (n *Notices) begin(ctx context.Context, item store.FailedItem) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeLimit)
	c := &call{item, ctx, cancel, make(chan struct{})}
	n.underWay = c
	go func() {
		defer close(c.done)
		host.Call(n.log, "Config.OnFailed", func() { n.tell(c.ctx, item) })
	}()
}

// told waits until the call is over or has had its time; false when ctx ends before.
func (n *Notices) told(ctx context.Context) bool {
	select {
	case <-n.underWay.done:
	case <-n.underWay.ctx.Done():
	case <-ctx.Done():
		return false
	}
	n.giveUp()
	return true
}

// giveUp ends the call, if it has not ended by itself.
func (n *Notices) giveUp() {
	c := n.underWay
	n.underWay = nil
	c.cancel()
	select {
	case <-c.done:
	case <-time.After(100 * time.Millisecond):
		n.log.Warn("Config.OnFailed does not return; it must heed its context", "hook", c.item.Hook, "conversation", c.item.ConversationID)
	}
}
