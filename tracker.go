package convtrack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/diagnosis"
	"github.com/dcmkit/convtrack/internal/engine"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/internal/telemetry"
	"github.com/dcmkit/convtrack/store"
)

// Tracker keeps the conversations of one organisation in a store and runs
// hooks on what happens to them. It is safe for concurrent use.
type Tracker struct {
	config Config
	store  store.Store
	log    *slog.Logger
	engine *engine.Engine

	telemetry    *telemetry.Telemetry // nil: nobody measures
	over         atomic.Bool          // Run has returned
	gaps, losses atomic.Int64
	heard        heard.Sources
	diagnosis    *diagnosis.Diagnosis
	repairers    atomic.Pointer[[]Repairer] // among the sources
	reads        atomic.Bool                // one of the sources is a Reader
}

// New returns a tracker on the store. config may be nil. Nothing happens
// before Run.
func New(s store.Store, config *Config) (*Tracker, error) {
	if isNil(s) {
		return nil, errors.New("convtrack: New needs a store; memstore.New() gives one that forgets")
	}
	c := Config{}
	if config != nil {
		c = *config
	}
	transactions := 0 // as many as are wanted
	if l, ok := store.As[store.Limited](s); ok {
		transactions = max(1, l.Transactions())
	}
	c = c.withDefaults(transactions)
	if err := c.validate(); err != nil {
		return nil, err
	}
	afterTransactions := c.share(transactions)
	measured, err := telemetry.New(c.Logger, c.MeterProvider, c.TracerProvider, telemetry.SystemOf(s))
	if err != nil {
		return nil, err
	}
	t := &Tracker{config: c, store: s, log: c.Logger, telemetry: measured}
	t.engine = engine.New(engine.Config{
		Store: s, Hooks: c.Hooks, Log: c.Logger, Instance: c.Instance,
		BatchSize: c.BatchSize, Committers: c.Committers, CacheSize: c.CacheSize, MaxPending: c.MaxPending, MaxDeliveries: c.MaxDeliveries,
		BeforeWorkers: c.BeforeWorkers, AfterTransactions: afterTransactions,
		BeforeAttempts: c.BeforeAttempts, BeforeBackoff: c.BeforeBackoff, StoreAttempts: c.StoreAttempts,
		Settling: change.Settling{Soon: c.SettleSoon, Late: c.SettleLate},
		Lease:    c.Lease, DrainTimeout: c.DrainTimeout,
		Retain: c.Retain, TombstoneAge: c.TombstoneAge, Shares: t.shares,
		Patience: change.Patience{Undecided: c.UndecidedFor, Refused: c.RefusedFor}, OnFailed: c.OnFailed,
		Telemetry: measured,
		Stopped:   ErrStopped, Running: ErrRunning,
	})
	t.diagnosis = diagnosis.New(diagnosis.Config{
		Store: s, Access: t.engine.Store, Lanes: t.engine.Lanes, Sources: &t.heard, Members: t.engine.Membership,
		Hooks: c.Hooks.AfterNames, AllHooks: c.Hooks.Names, Unreached: c.Hooks.Unreached, Holding: t.engine.Holding,
		Instance: c.Instance, Lease: c.Lease, Log: c.Logger,
	})
	if err := t.watch(); err != nil {
		return nil, err
	}
	return t, nil
}

// Run runs the sources, and everything that Observe needs, until ctx ends, a
// source fails for good (see Config.OnSourceFailed), or all sources have nothing more to say; without
// sources until ctx ends. It may be called once; again only when it could not
// begin, because the store did not answer.
//
// Then it drains: what has been accepted is stored, and hooks that run may
// finish. It returns within Config.DrainTimeout, whatever hangs. When the sources came to their end by
// themselves, what other processes have heard for this one is taken, and everything
// that is due is delivered first, however long the hooks take. Until then Observe
// accepts what it is given, and the other processes look after what comes. A store that does not answer
// for Config.DrainTimeout ends that, and the log says so. What is stored and not
// delivered is delivered by the next process. When Run returns, nothing of the
// tracker is running any more, but for what does not heed its context: hooks,
// sources, a store.
//
// Run returns nil when ctx ended or the sources came to their end, else a
// *SourceError, or the store's error when it could not begin.
func (t *Tracker) Run(ctx context.Context, sources ...Source) error {
	names := make([]string, len(sources))
	var repairers []Repairer
	reader := readerOf(sources)
	for i, s := range sources {
		if isNil(s) {
			return fmt.Errorf("convtrack: source %d of %d given to Run is nil", i+1, len(sources))
		}
		names[i] = sourceName(s)
		if names[i] != fmt.Sprintf("%T", s) && slices.Contains(names[:i], names[i]) {
			return fmt.Errorf("convtrack: two of the sources given to Run are both called %s, so that each would be taken for the other: give one of them another name, with Config.Name", names[i])
		}
		if r, ok := s.(Repairer); ok {
			repairers = append(repairers, r)
		}
	}
	could := t.reads.Load()
	if reader != nil {
		t.reads.Store(true)
		names = append(names, engine.Reading)
	}
	err := t.engine.Run(t.sayOnceOfTransactions(ctx), names, func(ctx context.Context, giveUp context.CancelCauseFunc) error {
		t.over.Store(false)
		looks, end := context.WithCancel(ctx)
		var looking sync.WaitGroup
		looking.Go(func() { t.diagnosis.WatchHooks(looks) })
		defer looking.Wait()
		defer end()
		t.repairers.Store(&repairers)
		if reader != nil {
			t.engine.Inbox.ReadBy(reader)
		}
		return t.runSources(ctx, giveUp, sources)
	})
	if errors.Is(err, ErrRunning) { // nothing has changed for the one that runs
		t.reads.Store(could)
		return err
	}
	t.over.Store(true)
	return err
}

// sayOnceOfTransactions returns a context for all that runs: a hook in a
// transaction that asks for that of another store is told so in the log, once.
func (t *Tracker) sayOnceOfTransactions(ctx context.Context) context.Context {
	var once sync.Once
	return store.WithoutTransaction(ctx, func() {
		once.Do(func() {
			t.log.Warn("a hook asks for the transaction of a store that the tracker does not have: use the Tx of the package whose store New was given, and none with memstore",
				"store", fmt.Sprintf("%T", t.store))
		})
	})
}

// Observe takes what a source has heard. It returns nil when the facts are
// durably stored, or are known already, or belong to a conversation that was
// vetoed; the hooks that they call for have run (Before) or will run (After).
// A change that a Before hook refuses, or on which one cannot decide yet, is
// stored aside; that is no error either. Failed lists the former.
//
// Any process may hear anything. What it hears of a conversation that another
// process looks after is durably in the inbox of that one when Observe returns,
// and its hooks will run there.
//
// Observe waits until Run has begun, and while too much is pending. It is a
// conversation.Sink. With an error the facts may or may not be stored; saying
// them again does no harm.
func (t *Tracker) Observe(ctx context.Context, u conversation.Update) error {
	if t.telemetry == nil {
		return t.observe(ctx, u)
	}
	ctx, heard := t.telemetry.Hear(ctx, len(u.Conversations))
	err := t.observe(ctx, u)
	t.telemetry.Stored(ctx, heard, err)
	return err
}

func (t *Tracker) observe(ctx context.Context, u conversation.Update) error {
	if err := outside(ctx); err != nil {
		return err
	}
	for i, c := range u.Conversations {
		if err := c.Check(); err != nil {
			return fmt.Errorf("convtrack: conversation %d of %d of the update: %w", i+1, len(u.Conversations), err)
		}
	}
	for i, h := range u.Hints {
		if h.ConversationID == "" {
			return fmt.Errorf("convtrack: hint %d of %d of the update names no conversation", i+1, len(u.Hints))
		}
	}
	if u.Gap != nil {
		if err := t.engine.Begun(ctx); err != nil {
			return err
		}
		t.gap(*u.Gap)
	}
	if len(u.Hints) > 0 {
		if err := t.engine.Hint(ctx, u.Hints); err != nil {
			return err
		}
	}
	if len(u.Conversations) == 0 {
		return t.engine.Begun(ctx)
	}
	return t.engine.Hear(ctx, u.Conversations)
}

var _ conversation.Sink = (*Tracker)(nil).Observe

// Settle announces every conclusion that waits to settle, now, and returns
// when they are stored: for the end of an input that nothing will follow. What
// lies in an inbox, heard by one process for another one, is not waited for. It
// needs Run.
func (t *Tracker) Settle(ctx context.Context) error {
	if err := outside(ctx); err != nil {
		return err
	}
	return t.engine.Settle(ctx)
}
