package notifications

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/throttle"
)

// inbox stands between reading and storing, so that reading never waits. At
// most one call of the sink is under way for a conversation; what is heard of
// it meanwhile is merged and goes into the next call.
type inbox struct {
	sink      conversation.Sink
	log       *slog.Logger
	throttled throttle.Log // for warnings that can come for every conversation
	most      int          // conversations that may wait

	mu      sync.Mutex
	ready   sync.Cond
	waiting map[string]*conversation.Conversation
	busy    map[string]bool      // being stored
	since   map[string]time.Time // when the earliest part that is not stored was heard, of what waits or is busy
	turn    []string             // ids that can be stored next, in this order
	tries   map[string]tries     // of what is not stored
	took    time.Time            // when something was last stored
	closed  bool
}

func newInbox(sink conversation.Sink, most int, log *slog.Logger) *inbox {
	b := &inbox{sink: sink, log: log, most: most, waiting: map[string]*conversation.Conversation{}, busy: map[string]bool{}, since: map[string]time.Time{}, tries: map[string]tries{}}
	b.ready.L = &b.mu
	return b
}

// add takes a partial conversation. It never waits, and reports false when
// there is no room.
func (b *inbox) add(c *conversation.Conversation) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	known, waits := b.waiting[c.ID]
	if waits {
		b.waiting[c.ID] = conversation.Merge(known, c)
		return true
	}
	if len(b.waiting) >= b.most {
		return false
	}
	b.waiting[c.ID] = c
	if !b.busy[c.ID] {
		b.since[c.ID] = time.Now()
		b.turn = append(b.turn, c.ID)
		b.ready.Signal()
	}
	return true
}

// len returns how many conversations wait.
func (b *inbox) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// tries are those that failed.
type tries struct {
	n    int
	last time.Time
	// besides is how many of them failed although another conversation was stored since
	// the one before.
	besides int
}

// mostBesides is after how many such tries a conversation is refused for what it is: an
// outage ends for one after the other.
const mostBesides = 3

// oldest returns since when something waits to be stored; false when nothing does. What
// the store refuses while it takes others says nothing of those.
func (b *inbox) oldest() (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	oldest, some := time.Time{}, false
	for id, t := range b.since {
		if b.tries[id].besides >= mostBesides {
			continue
		}
		if !some || t.Before(oldest) {
			oldest, some = t, true
		}
	}
	return oldest, some
}

// close lets work return once nothing waits.
func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.ready.Broadcast()
}

// work gives conversations to the sink, until the inbox is closed and empty,
// or ctx ends.
func (b *inbox) work(ctx context.Context) {
	defer context.AfterFunc(ctx, func() {
		b.mu.Lock() // so that no worker is between checking ctx and waiting
		defer b.mu.Unlock()
		b.ready.Broadcast()
	})()
	for {
		c := b.take(ctx)
		if c == nil {
			return
		}
		if b.store(ctx, c) {
			b.done(c.ID)
		} else {
			b.again(c)
		}
	}
}

func (b *inbox) take(ctx context.Context) *conversation.Conversation {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.turn) == 0 || ctx.Err() != nil {
		if ctx.Err() != nil || b.closed && len(b.waiting) == 0 {
			return nil
		}
		b.ready.Wait()
	}
	id := b.turn[0]
	b.turn = b.turn[1:]
	c := b.waiting[id]
	delete(b.waiting, id)
	b.busy[id] = true
	if b.closed && len(b.waiting) == 0 {
		b.ready.Broadcast()
	}
	return c
}

// store gives a conversation to the sink, and reports whether it is stored.
func (b *inbox) store(ctx context.Context, c *conversation.Conversation) bool {
	err := b.sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{c}})
	if err != nil && ctx.Err() == nil {
		b.throttled.To(ctx, b.log, slog.LevelWarn, "what was heard is not stored yet", "conversation", c.ID, "error", err)
	}
	return err == nil
}

// again puts back a conversation that could not be stored, to be tried again after a
// back-off. It does not hold up the others.
func (b *inbox) again(c *conversation.Conversation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if more := b.waiting[c.ID]; more != nil {
		c = conversation.Merge(c, more)
	}
	b.waiting[c.ID] = c
	is := b.tries[c.ID]
	if is.n > 0 && b.took.After(is.last) {
		is.besides++
	}
	is.n, is.last = is.n+1, time.Now()
	b.tries[c.ID] = is
	wait := min(200*time.Millisecond<<min(is.n, 8), 30*time.Second)
	time.AfterFunc(wait, func() { b.free(c.ID) })
}

// done notes that a conversation is stored.
func (b *inbox) done(id string) {
	b.mu.Lock()
	delete(b.tries, id)
	b.took = time.Now()
	if b.waiting[id] == nil {
		delete(b.since, id)
	}
	b.mu.Unlock()
	b.free(id)
}

// free lets what waits for a conversation take its turn.
func (b *inbox) free(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.busy, id)
	if b.waiting[id] != nil {
		b.turn = append(b.turn, id)
		b.ready.Signal()
	}
}
