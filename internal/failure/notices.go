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

// Loop tells the host until ctx ends.
func (n *Notices) Loop(ctx context.Context) {
	for {
		select {
		case item := <-n.queue:
			n.say(ctx, item)
		case <-ctx.Done():
			return
		}
	}
}

// Rest tells the host what is left, until ctx ends. Loop must have returned.
func (n *Notices) Rest(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case item := <-n.queue:
			n.say(ctx, item)
		default:
			return
		}
	}
}

// say calls the host's function. A panic or a Goexit is its own trouble; one that
// does not return in time is given up.
func (n *Notices) say(ctx context.Context, item store.FailedItem) {
	ctx, cancel := context.WithTimeout(ctx, noticeLimit)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		host.Call(n.log, "Config.OnFailed", func() { n.tell(ctx, item) })
	}()
	select {
	case <-done:
	case <-ctx.Done():
		select {
		case <-done:
		case <-time.After(100 * time.Millisecond):
			n.log.Warn("Config.OnFailed does not return; it must heed its context", "hook", item.Hook, "conversation", item.ConversationID)
		}
	}
}
