// Package engine joins the rooms of the engine to a whole that runs and stops:
// what is heard goes through the lanes to the committer, from there to the store
// and, as deliveries, through the outbox to the hooks; conclusions settle; and
// the processes that share the store know of each other.
package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/commit"
	"github.com/dcmkit/convtrack/internal/duplicate"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/internal/inbox"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/internal/monotonic"
	"github.com/dcmkit/convtrack/internal/outbox"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/internal/retention"
	"github.com/dcmkit/convtrack/internal/settling"
	"github.com/dcmkit/convtrack/internal/telemetry"
	"github.com/dcmkit/convtrack/store"
)

// Config is what an engine needs. All of it is required but what says so.
type Config struct {
	Store    store.Store
	Hooks    *events.Hooks
	Log      *slog.Logger
	Instance string

	BatchSize, Committers, CacheSize, MaxPending, MaxDeliveries int
	BeforeWorkers, AfterTransactions                            int // transactions of hooks at a time
	BeforeAttempts, StoreAttempts                               int
	BeforeBackoff                                               func(attempt int) time.Duration
	Settling                                                    change.Settling
	Patience                                                    change.Patience
	OnFailed                                                    func(context.Context, store.FailedItem) // may be nil
	Lease, DrainTimeout                                         time.Duration
	Retain, TombstoneAge                                        time.Duration
	Shares                                                      func() map[string]membership.Share // in the sources

	// Telemetry may be nil.
	Telemetry *telemetry.Telemetry

	// Stopped is the error of what comes when the engine stops or has stopped.
	Stopped error
	// Running is the error of a second Run.
	Running error
}

// Engine is safe for concurrent use.
type Engine struct {
	Store      *access.Store
	Outbox     *outbox.Outbox
	Committer  *commit.Committer
	Membership *membership.Membership
	Lanes      *lane.Lanes
	Inbox      *inbox.Inbox
	Duplicates *duplicate.Filter
	Announced  Announced
	Stated     monotonic.Clock // of what the host states, itself and in hooks

	config   Config
	cache    *record.Cache
	settling *settling.Settling
	retained *retention.Retention
	notices  *failure.Notices

	mu    sync.Mutex
	phase *phase
}

// Reading is the task of reading conversations after hints: a process without a source
// that can hands it on.
const Reading = membership.Task + "reading"

// retaining is the task of deleting what ended long ago: a process that does not keep
// conversations for ever takes it as it takes a source.
const retaining = membership.Task + "retention"

// New returns an engine. Nothing happens before Run.
func New(c Config) *Engine {
	now := newClock().now
	failures := failure.NewLog(c.Log)
	e := &Engine{config: c, phase: newPhase(),
		Store: access.New(c.Store, c.Log),
		Lanes: lane.New(c.MaxPending, c.Stopped),
		cache: record.NewCache(c.CacheSize),
	}
	e.Store.Telemetry = c.Telemetry
	e.notices = failure.NewNotices(c.OnFailed, c.Log)
	e.Membership = membership.New(c.Instance, e.Store, c.Lease, e.Holding)
	e.Duplicates = duplicate.New(c.Instance, e.Membership)
	owns := func(id string) bool { return e.Membership.Owns("", id) }
	e.settling = settling.New(e.Store, e.Lanes, owns, now, c.Settling.Longest(), c.Lease)
	_, local := store.As[store.Local](c.Store)
	e.Inbox = inbox.New(inbox.Config{Local: local, Store: e.Store, Commits: e.Store, Members: e.Membership, Lanes: e.Lanes,
		Name: c.Instance, Attempts: c.StoreAttempts, Lease: c.Lease, Log: c.Log, LetGo: e.letGo, ReaderOf: func(id string) string { return e.Membership.Runner(Reading, id) }, Decided: func() { e.Outbox.Look() }})
	e.retained = retention.New(retention.Config{Store: e.Store, ListFailed: e.Store.ListFailed, Free: e.free, Failed: e.Store.Failed, Conversations: c.Retain, Tombstones: c.TombstoneAge, Log: c.Log,
		Mine: func() bool {
			if c.Retain > 0 {
				return e.Membership.Owns(retaining, retaining)
			}
			return owns(retaining) // of the tombstones alone
		},
		LetGo: func(ctx context.Context, ids []string) { e.letGo(ctx, digestsOf(ids)) }, Tell: e.tellForgotten})
	e.Outbox = outbox.New(outbox.Config{
		Leases: e.Store, Commits: e.Store, Hooks: c.Hooks, Conversations: records{e},
		InTransaction: make(chan struct{}, c.AfterTransactions),
		Owner:         c.Instance, Lease: c.Lease, Most: c.MaxDeliveries, Log: c.Log, Failures: failures, Failed: e.notices.Add, Telemetry: c.Telemetry,
	})
	e.Committer = commit.New(commit.Config{
		Store: e.Store, Lanes: e.Lanes, Cache: e.cache, Outbox: e.Outbox, Inbox: e.Inbox, Hooks: c.Hooks,
		Owns:     func(id string) bool { return owns(id) && e.Membership.Sure() },
		Shared:   func() bool { return len(e.Membership.Names()) > 1 },
		Waits:    e.settling.Wake,
		Now:      now,
		Stated:   &e.Stated,
		Settling: c.Settling,
		Patience: c.Patience,
		Owner:    c.Instance, Lease: c.Lease, BatchSize: c.BatchSize, BeforeWorkers: c.BeforeWorkers,
		BeforeAttempts: c.BeforeAttempts, BeforeBackoff: c.BeforeBackoff, StoreAttempts: c.StoreAttempts,
		Log: c.Log, Failures: failures, Failed: e.notices.Add, Announced: e.Announced.count, Telemetry: c.Telemetry,
		Copied: e.Duplicates.Copied,
	})
	return e
}

// Holding is what this process holds.
func (e *Engine) Holding() membership.Holding {
	var types []string
	for _, of := range e.config.Hooks.Defined() {
		types = append(types, string(of))
	}
	return membership.Holding{
		Conversations: e.cache.Len(), Facts: e.Lanes.Pending(), Deliveries: e.Outbox.Held(), Since: e.Outbox.HeldSince(),
		Hooks: e.config.Hooks.AfterNames(), Types: types, Shares: e.config.Shares(),
	}
}

// Cached returns how the memory for conversations is used.
func (e *Engine) Cached() record.Usage { return e.cache.Usage() }

// records are the conversations of the engine, as the outbox sees them.
type records struct{ *Engine }

// AsOf implements outbox.Conversations.
func (r records) AsOf(ctx context.Context, id string, seq int64) (*conversation.Conversation, error) {
	if c := r.cache.AsOf(id, seq); c != nil {
		return c, nil
	}
	loaded, err := r.Store.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	if loaded[0].Conversation == nil {
		return nil, store.ErrNotFound
	}
	return loaded[0].Conversation, nil
}

// Resting implements outbox.Conversations.
func (r records) Resting(id string, do func()) bool { return r.Lanes.Resting(id, do) }

// Reload implements outbox.Conversations.
func (r records) Reload(id string) { r.cache.Drop(id) }
