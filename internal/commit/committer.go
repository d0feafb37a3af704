// Package commit brings what is heard into the store. It takes the work of the
// lanes, has the change of each conversation worked out, and commits the changes
// of many conversations together. A change with Before hooks has a transaction
// of its own, and so has one that lost a race or that the store refuses: it
// leaves the batch and delays nobody else.
//
// One commit is a [store.Batch]: what has changed of the conversations, their events
// with the deliveries to After hooks, what After hooks have done since the last one,
// and the entries of the inbox that are used up.
package commit

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/internal/monotonic"
	"github.com/dcmkit/convtrack/internal/outbox"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/internal/telemetry"
	"github.com/dcmkit/convtrack/internal/throttle"
	"github.com/dcmkit/convtrack/store"
)

// Config is what a committer needs. All of it is required.
type Config struct {
	Store  *access.Store
	Lanes  *lane.Lanes
	Cache  *record.Cache
	Outbox *outbox.Outbox
	Inbox  Inbox
	Hooks  *events.Hooks

	// Owns reports whether this process looks after the conversation: what
	// another one looks after changes without our knowing, so its record is
	// loaded each time.
	Owns func(conversationID string) bool
	// Shared reports whether other processes commit to the store, too.
	Shared func() bool
	// Waits is told when a conclusion will have settled.
	Waits func(due time.Time)
	// Now is when conclusions are drawn.
	Now func() time.Time
	// Stated is when the host has stated something, in hooks too: of two statements
	// the later one wins.
	Stated   *monotonic.Clock
	Settling change.Settling
	Patience change.Patience

	Owner          string        // the name of this process
	Lease          time.Duration // on deliveries
	BatchSize      int           // conversations in one commit
	BeforeWorkers  int           // transactions at a time in which Before hooks run
	BeforeAttempts int
	BeforeBackoff  func(attempt int) time.Duration
	StoreAttempts  int

	Log      *slog.Logger
	Failures *failure.Log
	// Failed is told of each refused change that somebody has to decide on.
	Failed func(store.FailedItem)
	// Copied is called when what another process heard was known already.
	Copied func()
	// Announced is told of each change that was committed.
	Announced func(*store.Change)
	// Telemetry may be nil.
	Telemetry *telemetry.Telemetry
}

// Inbox has entries that are used up, to be removed with a commit.
type Inbox interface {
	TakeUsed() []store.EntryKey
	ReturnUsed(keys []store.EntryKey)
	Removed(keys []store.EntryKey)
}

// Committer commits. Run may be called several times at once.
type Committer struct {
	Config
	Counters Counters

	unknown   unknown
	waiting   chan struct{} // has a place for who waits for work
	underWay  underWay
	alone     sync.WaitGroup // commits that have left their batch
	places    *places
	throttled throttle.Log // what can happen with each commit
}

// Counters count since the start.
type Counters struct {
	Changes, Conflicts, BeforeFailed, ForGood atomic.Int64
}

// New returns a committer.
func New(c Config) *Committer {
	return &Committer{Config: c, waiting: make(chan struct{}, 1), places: newPlaces(c.BeforeWorkers)}
}

// Run commits what has accumulated until ctx ends: an idle tracker commits single
// changes at once, a busy one batches. work is the
// context of what it has begun. turn waits until this Run may go on.
func (c *Committer) Run(ctx, work context.Context, turn func(context.Context)) {
	for {
		turn(ctx)
		batch := c.gather(ctx)
		if batch == nil {
			return
		}
		c.commitTogether(work, batch)
		c.over(len(batch))
		runtime.Gosched() // to the hooks that have waited for this commit
		c.Cache.Pack(c.Lanes.Resting)
	}
}

// Wait returns when nothing is under way, after all Runs have returned.
func (c *Committer) Wait() { c.alone.Wait() }

// attempt is one try to commit the work of a conversation.
type attempt struct {
	work     *lane.Work
	record   *record.Record
	guessed  bool         // that the conversation is new: the record was not loaded
	plan     *change.Plan // nil: there is nothing to write
	reserved *outbox.Reservation
	measured *telemetry.Change // nil: it is not
	request  change.Request
}

// begin works out what the work does to the record. The facts come from outside:
// if they make the domain panic, that is an error of this conversation alone.
func (c *Committer) begin(ctx context.Context, w *lane.Work, r *record.Record, vetoes map[string]change.Veto) (a *attempt, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.Log.ErrorContext(ctx, "what was heard of a conversation cannot be worked out; it is refused", "conversation", w.ID, "panic", fmt.Sprintf("%T", p),
				"stack", string(debug.Stack()))
			err = fmt.Errorf("convtrack: what was heard of conversation %q cannot be worked out: a %T; the log has the stack", w.ID, p)
		}
	}()
	a = &attempt{work: w, record: r, request: change.Request{Facts: w.Facts(), Settle: w.Settle, All: w.All, Decision: w.Decision, Vetoes: maps.Clone(vetoes),
		Wants: c.wants(ctx, w.ID), Now: c.Now(), Wall: time.Now(), Settling: c.Settling, Patience: c.Patience}}
	if w.Lift && r.Vetoed != "" {
		a.plan = change.Lift(r, a.request)
		return a, nil
	}
	a.plan = change.Work(r, a.request)
	return a, nil
}

// wants is what the hooks want of a conversation.
func (c *Committer) wants(ctx context.Context, id string) events.Wanted {
	wants := c.Hooks.Wants()
	wants.Failed = func(of events.Type, err error, stack string) {
		c.throttled.To(ctx, c.Log, slog.LevelError, "the function of a defined event fails; the conversation goes on without the event", "type", of, "conversation", id,
			"error", err, "stack", stack)
	}
	return wants
}

// asks reports whether a Before hook is to be asked about the plan's events.
func (c *Committer) asks(p *change.Plan) bool {
	for _, e := range p.Events {
		e.Head().Conversation = p.Change.To // filters see what came with vetoes
		if p.Asks(e) && c.Hooks.HasBefore(e) {
			return true
		}
	}
	return false
}

// asked returns the Before hooks that are to be asked about the plan's events.
func (c *Committer) asked(p *change.Plan) (hooks []string) {
	for _, e := range p.Events {
		e.Head().Conversation = p.Change.To
		if p.Asks(e) {
			hooks = append(hooks, c.Hooks.BeforeHooks(e)...)
		}
	}
	return hooks
}

// complete adds the events to the plan's change.
func (c *Committer) complete(p *change.Plan) error { return p.Log(c.Hooks.AfterHooks, time.Now()) }

// measure begins to measure the attempt. What runs in it gets the context.
func (c *Committer) measure(ctx context.Context, a *attempt) context.Context {
	if c.Telemetry != nil {
		ctx, a.measured = c.Telemetry.Begin(ctx, a.work.ID, a.work.Heard())
	}
	return ctx
}

// reserve takes the deliveries of the change. It comes last before the commit.
func (c *Committer) reserve(a *attempt) {
	if trace := a.measured.Trace(); trace != "" {
		for i := range a.plan.Change.Events {
			a.plan.Change.Events[i].Trace = trace
		}
	}
	a.reserved = c.Outbox.Reserve(a.plan.Change, a.plan.Events, a.record.Backlog)
	if a.measured != nil {
		a.reserved.HeardAt(a.measured.Heard())
	}
}

// abandon gives up an attempt that was not committed, for what kind of reason.
func (a *attempt) abandon(kind string) {
	a.reserved.Abandon()
	a.measured.Failed(kind)
}

// committed is for a change that has been written.
func (c *Committer) committed(a *attempt, version int64) {
	r, written := a.record, a.plan.Change
	r.Committed(written, version)
	c.keepInMemory(r)
	for _, p := range written.Pending {
		if p.Due.Before(change.AtTheEnd) {
			c.Waits(p.Due)
		}
	}
	a.measured.Committed(len(written.Events))
	a.reserved.Committed()
	c.Counters.Changes.Add(1)
	c.Announced(written)
	for _, e := range written.Events {
		c.Log.Debug("announced", "conversation", r.ID, "event", e.ID, "type", e.Type, "rule", e.Rule)
	}
	c.Lanes.Finish(a.work, nil)
}

// keepInMemory keeps the record for the next change, unless another process looks after
// the conversation: it changes there without our knowing, and would be as it is now
// when this one looks after it again. It is asked afterwards, too, so that nothing stays
// of what changes hands in between.
func (c *Committer) keepInMemory(r *record.Record) {
	if c.Owns(r.ID) {
		c.Cache.Put(r)
	}
	if !c.Owns(r.ID) {
		c.Cache.Drop(r.ID)
	}
}

// lostRace is for a change that somebody else was faster with.
func (c *Committer) lostRace(id string) {
	c.Counters.Conflicts.Add(1)
	c.Cache.Drop(id)
}
