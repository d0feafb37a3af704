package inbox

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/alarm"
	"github.com/dcmkit/convtrack/internal/monotonic"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/internal/throttle"
	"github.com/dcmkit/convtrack/store"
)

// Store keeps inboxes.
type Store interface {
	Deposit(ctx context.Context, entries []store.Entry) error
	Inbox(ctx context.Context, q store.InboxQuery) ([]store.Entry, error)
	Await(ctx context.Context, owner string) error
}

// Commits commit to the store.
type Commits interface {
	Load(ctx context.Context, ids ...string) ([]store.Record, error)
	Commit(ctx context.Context, b store.Batch) (store.Committed, error)
	// Failed notes that a call has failed and is going to be repeated.
	Failed(doing string, err error)
}

// Members are the processes that share the store.
type Members interface {
	Owner(source, key string) string
	Names() []string
	Changed() <-chan struct{}
}

// Lanes take what was heard.
type Lanes interface {
	// Offer adds a partial conversation to its lane and calls done when it is
	// stored; false when there is no room now.
	Offer(c *conversation.Conversation, done func(error)) bool
	// Reload has the lane of a conversation look whether its tombstone has gone.
	Reload(id string) error
}

// Config is what an inbox needs. All but Local, Now and ReaderOf is required.
type Config struct {
	Store   Store
	Commits Commits
	Members Members
	Lanes   Lanes
	// LetGo lets go of what this process has in memory of conversations that were
	// forgotten, by the digests of their ids.
	LetGo func(ctx context.Context, digests map[string]bool)
	// ReaderOf names the process that is to read a conversation after a hint, of those
	// that can; empty, or nil: none can.
	ReaderOf func(conversationID string) string
	// Decided looks for deliveries that are due: somebody has decided on some.
	Decided func()

	// Local says that no other process can reach the store.
	Local bool

	Name     string // of this process
	Attempts int    // of a deposit, before it fails
	Lease    time.Duration
	Log      *slog.Logger
	// Now is the clock, which may be set; nil: that of the machine.
	Now func() time.Time
}

// Counters count since the start.
type Counters struct {
	Deposited, Taken, Hints, Reads atomic.Int64
}

// Inbox is that of one process. It is safe for concurrent use.
type Inbox struct {
	Config
	Counters Counters

	look       *alarm.Alarm
	taken      chan struct{} // has a token when the inbox has been read since the last Await
	deposits   deposits
	used       used
	unfinished unfinished
	stamps     monotonic.Clock // of entries
	looks      atomic.Int64    // that found everything there was, since the start
	begun      atomic.Int64    // bundles since the start
	open       atomic.Int64    // of those, the ones that are being worked on

	mu      sync.Mutex
	current map[store.EntryKey]bool // entries that are being worked on, or used up and still there
	reader  Reader
	warned  bool               // that hints wait for a source that can read
	hinted  map[string]*hinted // by conversation
	beside  sync.WaitGroup     // reads after hints, and what is passed on
	slots   chan struct{}

	throttled throttle.Log
}

// New returns an inbox. Nothing happens before its loops run.
func New(c Config) *Inbox {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.ReaderOf == nil {
		c.ReaderOf = func(string) string { return "" }
	}
	return &Inbox{Config: c, look: alarm.New(), taken: make(chan struct{}, 1), deposits: newDeposits(),
		used: used{remove: alarm.New()}, current: map[store.EntryKey]bool{},
		hinted: map[string]*hinted{}, slots: make(chan struct{}, mostReads)}
}

// Look takes what lies in the inbox, soon.
func (b *Inbox) Look() { b.look.Set(time.Now()) }

// others reports whether there is another process that could deposit something.
func (b *Inbox) others() bool { return len(b.Members.Names()) > 1 }

// lookAlone is how often a process looks that shares the store with no other.
const lookAlone = time.Second

// AwaitLoop looks whenever another process has deposited something, until ctx
// ends. While there is no other process it asks once in a while.
func (b *Inbox) AwaitLoop(ctx context.Context) {
	for ctx.Err() == nil {
		if changed := b.Members.Changed(); !b.Local && !b.others() {
			select {
			case <-changed:
			case <-time.After(lookAlone): // a program that never runs, and so is no process, may tell us something
				b.Look()
			case <-ctx.Done():
			}
			continue
		}
		if err := b.Store.Await(ctx, b.Name); err != nil && ctx.Err() == nil {
			b.Commits.Failed("waiting for what other processes hear", err)
			retry.Pause(ctx, time.Second)
		}
		b.Look()
		select { // until then there would be something all the time
		case <-b.taken:
		case <-ctx.Done():
		}
	}
}

// MembersLoop looks when the processes have changed, until ctx ends: one may
// have left its inbox.
func (b *Inbox) MembersLoop(ctx context.Context) {
	for ctx.Err() == nil {
		changed := b.Members.Changed()
		b.Look()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// begin takes an entry to be worked on; false when it is already.
func (b *Inbox) begin(key store.EntryKey) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current[key] {
		return false
	}
	b.current[key] = true
	return true
}

// known returns the entries that need not be read again.
func (b *Inbox) known() []store.EntryKey {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Keys(b.current))
}

// end says that nobody works on the entry any more. When it is still there it is
// taken again after a while.
func (b *Inbox) end(key store.EntryKey, err error) {
	b.mu.Lock()
	delete(b.current, key)
	b.mu.Unlock()
	if err != nil {
		b.look.Set(time.Now().Add(time.Second))
	}
}
