package convtrack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/host"
	"github.com/dcmkit/convtrack/store"
)

// Config is everything about a Tracker that is optional. The zero value is
// ready to use; fields that are zero take the default that is given with them.
type Config struct {
	// BatchSize is how many conversations one commit may write. 100.
	BatchSize int
	// BeforeAttempts is how often a change is tried whose Before hook fails,
	// before it is set aside; see RefusedFor. A hook may say otherwise for itself:
	// events.Attempts. 5.
	BeforeAttempts int
	// BeforeBackoff is how long a change waits after its nth failed try; a hook
	// may say otherwise: events.Backoff. Exponential, from 100 ms to 5 s.
	BeforeBackoff func(attempt int) time.Duration
	// BeforeWorkers is for how many conversations Before hooks run at a time,
	// each in a transaction of its own. 16, or as many as the store's
	// connections allow, so that a hook finds a second one to read with: half
	// of them. Conversations that wait for a hook which has timed out in the last
	// minute share half of these: one that hangs holds up only its own.
	BeforeWorkers int
	// CacheSize is how many conversations are kept in memory so that they need
	// not be loaded again. Those used last are kept as they are, of some 20 KB
	// each, at least one in sixteen; the others are packed, into some 4 KB.
	// 10 000.
	CacheSize int
	// Committers is how many batches are committed at a time, each on a
	// connection of its own where the store has several. Processes that share
	// the store share them, too, with at least one for each. 4.
	Committers int
	// DrainTimeout is how long Run takes at most, when it is told to stop: for what
	// has been accepted, for sources and hooks that run, and, in the last second or
	// quarter of it, to tell the store and the other processes. 30 s.
	DrainTimeout time.Duration
	// Hooks are the hooks to run. None.
	Hooks *events.Hooks
	// Instance names this process in the store. Only one process may use a
	// name at a time; one that starts again under its name goes on at once
	// with the deliveries that it held, instead of waiting for their lease to
	// run out. A random name.
	Instance string
	// Lease is how long a delivery that a process has claimed stays with it
	// when the process is not heard of any more. 15 s.
	Lease time.Duration
	// Logger gets what operators should know: ids and kinds, and what hooks
	// return as errors or panic with; never names, addresses, attributes or tokens.
	// slog.Default().
	Logger *slog.Logger
	// MaxDeliveries is how many deliveries to After hooks are held in memory;
	// the others stay in the store until there is room. 10 000.
	MaxDeliveries int
	// MaxPending is how many partial conversations may be accepted and not yet
	// stored; Observe waits while there are as many. 4096.
	MaxPending int
	// MeterProvider is what the tracker measures through, by OpenTelemetry's
	// conventions where they have a name; docs/production.md lists the metrics.
	// Their attributes are names of sources and hooks, types of events and kinds of
	// outcomes. A collection asks Health, at most once a second. It is called where
	// something happens, and must not block; when it panics, that is logged. Nil:
	// nothing is measured, and that costs nothing.
	MeterProvider metric.MeterProvider
	// OnFailed is called with what has failed for good, so that somebody has to
	// decide: a delivery to an After hook whose tries are used up, and a change
	// that Before hooks have refused for RefusedFor. It is called once the store
	// knows it, one at a time, on a goroutine of its own, and holds nothing up: a
	// panic is logged, after 30 s it is given up, and it may call the tracker. Of
	// a delivery's event it gets ID, Seq and Type; Tracker.Failed has the data. A
	// process that dies may leave something untold: Tracker.Failed lists
	// everything, also what is refused and still tried again. Nil.
	OnFailed func(ctx context.Context, f store.FailedItem)
	// OnGap is called when a source says that it was, or is, blind, and when
	// what was missed is lost (Gap.Lost). It must return soon. Nil.
	OnGap func(conversation.Gap)
	// OnSourceFailed is told when a source has failed for good, as with a 403 that
	// names the permission that is missing. It returns whether the other sources
	// go on: then what they can read from the API they read, and Health says that
	// the source has failed, until somebody starts the process again; Run ends
	// when none is left. Nil, and the default: Run stops with the error, so that
	// nobody takes a tracker that is partly deaf for a sound one. It must return
	// soon.
	OnSourceFailed func(*SourceError) (goOn bool)
	// Retain is how long a conversation is kept after its end. Then it is
	// forgotten, as [Tracker.Forget] does, in small batches, by one of the processes
	// that set it. It takes a twentieth of the time at the most: a million
	// conversations take about a day. Deliveries that are not done by then go along,
	// whether they have failed or wait for the next try, and so do facts whose time
	// lies ahead: it should be longer than hooks may take, and than the latest timer
	// that is defined. Processes that share a store should set the same.
	// A change that Before hooks have refused for good, and that nobody has decided
	// on, is kept that long after its last refusal; then its conversation is
	// forgotten, whatever else is stored of it. 0: for ever.
	Retain time.Duration
	// RefusedFor is how long a change that Before hooks have refused, and that was
	// set aside, is tried again by itself before somebody has to decide: first
	// after 10 s, then with pauses that grow to 10 min, across restarts. It is in
	// Tracker.Failed from the first refusal on. 24 h. Negative: not at all.
	RefusedFor time.Duration
	// SettleSoon is how long an agent's act that is concluded from single
	// facts waits before it is announced; see events.Settling. 500 ms.
	// Negative: until Settle is called.
	SettleSoon time.Duration
	// SettleLate is how long the end of a conversation that is concluded from
	// single facts waits, and a transfer whose target has not shown. 5 s.
	// Negative: until Settle is called.
	SettleLate time.Duration
	// StoreAttempts is how often the store is asked again, with growing
	// pauses, before Observe returns its error. 8, which takes about 13 s.
	StoreAttempts int
	// TombstoneAge is how long it is remembered that a conversation was forgotten
	// or vetoed. What is heard of it later makes it a new one, so it should be
	// longer than sources look back: polling reads conversations again up to 91
	// days after their end, and an archive may be replayed at any time. 400 days.
	TombstoneAge time.Duration
	// TracerProvider is what the tracker traces through: what a source has heard,
	// its commit, and each hook, also one that runs later or in another process.
	// What comes from one message is in its trace, if it names one; what comes from
	// several is linked with theirs. Spans have ids and kinds, as the log, and of
	// errors only the kind. The context of a hook carries its span. What the sampler
	// leaves out is not traced any further. It must not block, and a panic is logged,
	// as with MeterProvider. Nil: nothing is traced, and that costs nothing.
	TracerProvider trace.TracerProvider
	// UndecidedFor is how long after the first fact of a conversation the answer
	// events.NotYet of a Before hook counts; then the hook is asked for the last
	// time. 10 min. Negative: it counts as consent at once.
	UndecidedFor time.Duration
}

// mostWorkers is how many transactions of Before hooks, and of After hooks in a
// transaction, run at a time where the store does not limit them.
const (
	mostBeforeWorkers = 16
	mostAfterWorkers  = 32
)

// share is how many transactions of After hooks run at a time on a store that
// can run so many in all; zero: any number. With the Before hooks they leave it
// a connection, so that hooks that need a second one do not all wait for it.
func (c *Config) share(transactions int) int {
	if transactions == 0 {
		return mostAfterWorkers
	}
	if c.BeforeWorkers >= transactions-1 {
		c.Logger.Warn("the store has so few connections that hooks in transactions can take them all: a hook that needs another one then waits until it times out; give the store's pool more, or set Config.BeforeWorkers lower",
			"connections", transactions, "BeforeWorkers", c.BeforeWorkers)
	}
	return max(1, min(mostAfterWorkers, transactions-1-c.BeforeWorkers))
}

// withDefaults returns c with its defaults filled in, for a store that can run
// so many transactions at a time; zero: any number.
func (c Config) withDefaults(transactions int) Config {
	number := func(n *int, otherwise int) {
		if *n == 0 {
			*n = otherwise
		}
	}
	duration := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	number(&c.BatchSize, 100)
	number(&c.BeforeAttempts, 5)
	workers := mostBeforeWorkers
	if transactions > 0 {
		workers = min(workers, max(1, transactions/2))
	}
	number(&c.BeforeWorkers, workers)
	number(&c.CacheSize, 10_000)
	number(&c.Committers, 4)
	number(&c.MaxDeliveries, 10_000)
	number(&c.MaxPending, 4096)
	number(&c.StoreAttempts, 8)
	duration(&c.DrainTimeout, 30*time.Second)
	duration(&c.Lease, 15*time.Second)
	duration(&c.SettleSoon, 500*time.Millisecond)
	duration(&c.TombstoneAge, 400*24*time.Hour)
	duration(&c.SettleLate, 5*time.Second)
	duration(&c.RefusedFor, 24*time.Hour)
	duration(&c.UndecidedFor, 10*time.Minute)
	if c.BeforeBackoff == nil {
		c.BeforeBackoff = events.Exponential(100*time.Millisecond, 5*time.Second)
	}
	if c.Hooks == nil {
		c.Hooks = events.NewHooks()
	}
	if c.Instance == "" {
		c.Instance = rand.Text()
	}
	c.Logger = host.Logger(c.Logger)
	return c
}

// validate says in a sentence what is wrong with the configuration.
func (c *Config) validate() error {
	for _, field := range []struct {
		name string
		n    int
	}{
		{"BatchSize", c.BatchSize}, {"BeforeAttempts", c.BeforeAttempts}, {"BeforeWorkers", c.BeforeWorkers},
		{"CacheSize", c.CacheSize}, {"Committers", c.Committers}, {"MaxDeliveries", c.MaxDeliveries},
		{"MaxPending", c.MaxPending}, {"StoreAttempts", c.StoreAttempts},
	} {
		if field.n < 1 {
			return fmt.Errorf("convtrack: Config.%s is %d; it must be at least 1, or 0 for the default", field.name, field.n)
		}
	}
	if !utf8.ValidString(c.Instance) || strings.ContainsRune(c.Instance, 0) {
		return errors.New("convtrack: Config.Instance is no text: it must be UTF-8 without a zero byte, as the other processes read it from the store")
	}
	if c.Lease < time.Second {
		return fmt.Errorf("convtrack: Config.Lease is %v; it must be at least 1s, as the store must hear of the process several times within it", c.Lease)
	}
	for _, field := range []struct {
		name string
		d    time.Duration
	}{{"Retain", c.Retain}, {"TombstoneAge", c.TombstoneAge}} {
		if field.d < 0 {
			return fmt.Errorf("convtrack: Config.%s is %v; it must not be negative", field.name, field.d)
		}
	}
	if c.DrainTimeout < 0 {
		return fmt.Errorf("convtrack: Config.DrainTimeout is %v; it must not be negative", c.DrainTimeout)
	}
	return nil
}
