package inbox

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// atOnce is how many entries are read at a time.
const atOnce = 500

// gather is how long entries are left to gather after some were taken: a busy
// inbox is read by pages instead of one by one.
const gather = 3 * time.Millisecond

// TakeLoop takes what lies in the inbox, until ctx ends.
func (b *Inbox) TakeLoop(ctx context.Context) {
	for b.look.Wait(ctx) {
		n, err := b.take(ctx)
		if n > 0 {
			retry.Pause(ctx, gather)
		}
		if err == nil {
			select {
			case b.taken <- struct{}{}:
			default:
			}
		} else if ctx.Err() == nil {
			b.Commits.Failed("reading what other processes heard", err)
			b.look.Set(time.Now().Add(time.Second))
		}
		b.look.Set(time.Now().Add(b.Lease))
	}
	b.reads.Wait()
}

// take takes everything, page by page: what cannot be taken now holds up
// nothing else.
func (b *Inbox) take(ctx context.Context) (n int, err error) {
	q := store.InboxQuery{Owner: b.Name, Alive: b.Members.Names(), Limit: atOnce}
	for {
		entries, err := b.Store.Inbox(ctx, q)
		if err != nil {
			return n, err
		}
		for i := range entries {
			b.takeOne(ctx, &entries[i])
		}
		if n += len(entries); len(entries) < q.Limit {
			return n, nil
		}
		q.After = entries[len(entries)-1].Name()
	}
}

func (b *Inbox) takeOne(ctx context.Context, e *store.Entry) {
	key := e.Name()
	switch {
	case e.Owner != b.Name && b.Members.Owner("", e.ConversationID) != b.Name:
		return // its owner is gone; another process takes it
	case !b.begin(key):
		return
	case isHint(e):
		b.readLater(ctx, key)
		return
	}
	c, err := read(e)
	if err != nil {
		b.Log.Warn("what another process heard cannot be read; it stays where it is for a process that can", "conversation", e.ConversationID, "error", err)
		b.end(key, nil)
		return
	}
	if !b.Lanes.Offer(c, key, func(err error) {
		if err == nil {
			b.Counters.Taken.Add(1)
		}
		b.end(key, err)
	}) {
		b.end(key, errNoRoom)
	}
}
