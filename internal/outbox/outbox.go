package outbox

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/alarm"
	"github.com/dcmkit/convtrack/internal/failure"
	"github.com/dcmkit/convtrack/internal/telemetry"
	"github.com/dcmkit/convtrack/store"
)

// Leases are the store's leases on deliveries.
type Leases interface {
	Claim(ctx context.Context, c store.Claim) (due []store.Delivery, next time.Time, err error)
	Renew(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error
	Release(ctx context.Context, owner string) error
}

// Commits commit to the store.
type Commits interface {
	Commit(ctx context.Context, b store.Batch) (store.Committed, error)
	// Failed notes that a call has failed and is going to be repeated.
	Failed(doing string, err error)
}

// Conversations are those of which deliveries speak.
type Conversations interface {
	// AsOf returns the conversation, at least as new as the event with the
	// sequence number.
	AsOf(ctx context.Context, id string, seq int64) (*conversation.Conversation, error)
	// Resting calls do unless somebody works on the conversation, and reports
	// whether it did; nobody begins to work on it before do returns.
	Resting(id string, do func()) bool
	// Reload has the record loaded anew before it is used again.
	Reload(id string)
}

// Config is what an outbox needs. All of it is required but what says so.
type Config struct {
	Leases        Leases
	Commits       Commits
	Hooks         *events.Hooks
	Conversations Conversations
	// InTransaction has a place for each hook that runs in a transaction.
	InTransaction chan struct{}

	Owner string        // the name of this process
	Lease time.Duration // on deliveries
	Most  int           // deliveries that are held

	Log      *slog.Logger
	Failures *failure.Log
	// Failed is told of each delivery that somebody has to decide on, once the
	// store knows it.
	Failed func(store.FailedItem)
	// Telemetry may be nil.
	Telemetry *telemetry.Telemetry
}

// Outbox delivers to After hooks. It is safe for concurrent use.
type Outbox struct {
	Config
	Counters Counters

	mu       sync.Mutex
	held     holdings
	renewed  time.Time           // when what is held was renewed last, all of it
	share    int                 // how many deliveries of one hook are held at the most
	lanes    map[lane][]delivery // of those that run, the first one is running
	blocked  map[lane]bool
	busy     map[lane]bool // of the blocked ones, those that need not be once their conversation rests
	outcomes []store.Outcome
	recordBy time.Time // when the first of the outcomes is to be recorded, while there are some
	added    time.Time // when a delivery took the long way last
	stopping bool
	quiet    chan struct{} // closed when nothing is held, once somebody waits for that
	// unavailable is when a delivery was put off last because the store failed.
	unavailable time.Time

	asked   sync.Map     // the hooks that asked for a transaction where there is none
	unknown sync.Map     // the types that this process does not know, and since when it meets them
	slots   sync.Map     // of chan struct{}, by slots: as many as its concurrency
	look    *alarm.Alarm // for claiming
	record  *alarm.Alarm // for recording outcomes
	workers sync.WaitGroup
	hookCtx context.Context // of the hooks that run
}

// Counters count since the start.
type Counters struct {
	Delivered, Failed, ForGood atomic.Int64
}

// lane is where deliveries follow one another.
type lane struct{ conversation, hook string }

// delivery is one that is held.
type delivery struct {
	store.Delivery
	event   events.Event // nil until it is restored
	heard   time.Time    // when the fact was that led to it; zero: that is not known
	claimed bool         // from the store: the next one of its lane may wait there
}

func (d *delivery) lane() lane { return lane{d.ConversationID, d.Hook} }

// New returns an outbox. Nothing runs before Start.
func New(c Config) *Outbox {
	return &Outbox{Config: c, held: newHoldings(), lanes: map[lane][]delivery{}, blocked: map[lane]bool{}, busy: map[lane]bool{}, look: alarm.New(), record: alarm.New()}
}

// Start lets hooks run, with that context.
func (o *Outbox) Start(hooks context.Context) { o.hookCtx, o.renewed = hooks, time.Now() }

// Held returns how many deliveries are held.
func (o *Outbox) Held() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held.count()
}

// HeldSince returns since when the oldest delivery of each hook is held: that hook
// has not come to it yet, or still runs.
func (o *Outbox) HeldSince() map[string]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held.oldest()
}

// Look claims what is due, soon.
func (o *Outbox) Look() { o.look.Set(time.Now()) }

// Stop starts no further delivery and releases those that have not begun. It
// returns when the hooks that run have returned, or ctx ends, which interrupts
// them.
func (o *Outbox) Stop(ctx context.Context, interrupt context.CancelFunc) {
	o.mu.Lock()
	o.stopping = true
	o.mu.Unlock()
	done := make(chan struct{})
	go func() { o.workers.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		interrupt()
		<-done
	}
}
