package store

import (
	"context"
	"errors"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

var (
	// ErrConflict: the conversation was changed by somebody else meanwhile.
	ErrConflict = errors.New("store: the conversation was changed by another writer")
	// ErrNotFound: nothing is stored under that id.
	ErrNotFound = errors.New("store: not found")
	// ErrClosed: the store has been closed.
	ErrClosed = errors.New("store: closed")
	// ErrCursor: the cursor of a page is not one of this store's.
	ErrCursor = errors.New("store: not a cursor of this listing")
)

// Store keeps conversations. Implementations are for one organisation.
type Store interface {
	// Load returns the records of the conversations, one for each id in the
	// same order. A conversation that is not stored has version 0.
	Load(ctx context.Context, ids ...string) ([]Record, error)

	// Commit writes a batch in one transaction. With an error nothing was
	// written, or, when the connection broke during the commit itself, it is
	// not known.
	Commit(ctx context.Context, b Batch) (Committed, error)

	// Claim gives the owner up to c.Limit deliveries that are due, each the
	// earliest unfinished one of its hook and conversation, and returns when
	// the next one will be due: zero when none is waiting for its time. One that
	// is held is due when its lease ends, also one that the owner itself holds.
	Claim(ctx context.Context, c Claim) (due []Delivery, next time.Time, err error)
	// Renew begins the leases of the deliveries anew, of those that are the
	// owner's; keys of unknown deliveries or those of others, and keys that are
	// there twice, are ignored. All others of the owner run out: what a process
	// holds without knowing it, because the answer of a commit or a claim was
	// lost, is not held for ever. An empty list does nothing.
	Renew(ctx context.Context, owner string, lease time.Duration, held []DeliveryKey) error
	// Backlog returns how many unfinished deliveries each After hook has, those
	// that have failed included; hooks without any are left out. It is looked at
	// now and then, as it may have to count them.
	Backlog(ctx context.Context) (map[string]int, error)
	// Release gives up all deliveries of the owner at once.
	Release(ctx context.Context, owner string) error
	// Decide retries or skips failed deliveries by their id, and returns how
	// many there were.
	Decide(ctx context.Context, do Decision, ids ...string) (int, error)

	// Due returns up to limit ids of conversations with a conclusion whose
	// time to settle lies at or before at, the earliest first, and when the
	// next one after those is due: zero when there is none.
	Due(ctx context.Context, at time.Time, limit int) (ids []string, next time.Time, err error)

	// Deposit writes entries to inboxes, all or none of them, as durably as
	// Commit does, and wakes their owners. An entry whose conversation and key
	// are there already takes the place of that one when it is later, and is
	// left out when it is not.
	Deposit(ctx context.Context, entries []Entry) error
	// Inbox returns entries for the owner, the oldest first.
	Inbox(ctx context.Context, q InboxQuery) ([]Entry, error)
	// Await returns when there may be an entry of the owner that Inbox has not
	// been asked for since, within a second of its deposit by whatever process,
	// and sooner as a rule. It may also return for nothing. It fails when ctx
	// ends or the store is closed.
	Await(ctx context.Context, owner string) error

	// List returns a page of conversations, those of a tombstone left out.
	List(ctx context.Context, q Query) (Page, error)
	// Count returns how many conversations the query selects; its order and page
	// do not matter.
	Count(ctx context.Context, q Query) (int, error)
	// Events returns the log of a conversation in the order of its events,
	// with their unfinished deliveries; ErrNotFound when it is not stored.
	Events(ctx context.Context, conversationID string) ([]LoggedEvent, error)
	// Failed returns a page of what has failed, the oldest first; what is
	// undecided has not.
	Failed(ctx context.Context, q FailedQuery) (FailedPage, error)

	// Value returns a named value and its version; version 0 when it is not set.
	Value(ctx context.Context, name string) ([]byte, int64, error)
	// SetValue sets a named value if its version is still the given one, and
	// returns the new version; ErrConflict when it is not.
	SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error)

	Forgetter

	// Close releases what the store holds. It is safe to call twice.
	Close() error
}

// Limited is a Store that says how many transactions it can run at a time, each
// on a connection of its own. The tracker runs so few with hooks in them that a
// hook finds a second connection.
type Limited interface {
	Store
	Transactions() int
}

// Local is a Store that no other process can reach: who has it to himself waits
// for what is deposited instead of looking for it.
type Local interface {
	Store
	Local()
}

// Described is a Store that says what database it is in, for who measures it: by
// the db.system.name of OpenTelemetry's conventions, as "postgresql".
type Described interface {
	Store
	System() string
}

// Record is what is stored about one conversation.
type Record struct {
	ID      string
	Version int64 // 0: not stored
	// Conversation is nil when Version is 0, when the conversation was vetoed
	// and when all that is stored of it is a failed change.
	Conversation *conversation.Conversation
	// Vetoed is the reason for which the conversation is not tracked; only a
	// tombstone has one.
	Vetoed string
	// Forgotten: the conversation was stored, or not, and is to stay unknown. It
	// is not stored then.
	Forgotten bool
	// Announced are the ids of all logged events.
	Announced []string
	// LastSeq is the sequence number of the last logged event.
	LastSeq int64
	// Pending are the conclusions that wait to settle.
	Pending []Pending
	// Refused is the change that Before hooks refused for good; nil when there
	// is none.
	Refused *Refused
	// Backlog are the After hooks with unfinished deliveries of this
	// conversation.
	Backlog []string
}

// Tombstone reports whether the conversation was vetoed or forgotten: what is
// heard of it is dropped.
func (r *Record) Tombstone() bool { return r.Vetoed != "" || r.Forgotten }

// Pending is a conclusion that waits to settle.
type Pending struct {
	EventID string
	Due     time.Time
}

// Refused is a change that Before hooks refused until the tries were used up, or
// on which they could not decide yet: the facts are kept here instead of in the
// conversation.
type Refused struct {
	Facts *conversation.Conversation // the join of everything said since
	Failure

	// Since is when the first of the facts was kept here, Next when the hooks are
	// asked again by themselves: zero, when somebody has to decide.
	Since, Next time.Time
	// Overruled says that somebody wants the conversation tracked that a hook has
	// vetoed: no hook can veto it again.
	Overruled bool
	// Skipped is what somebody has decided not to ask: another hook has refused the
	// change since.
	Skipped []Skipped
}

// Skipped is a Before hook that is left out at an event. About what is heard later it is
// asked.
type Skipped struct{ Hook, EventID string }

// Undecided reports whether no hook has failed: one could not decide yet (its
// reason is the Error), or a veto was overruled and nothing has been heard since.
// Failed does not list it, and its At does not matter.
func (r *Refused) Undecided() bool { return r.Attempts == 0 }

// Failure says how a hook failed last.
type Failure struct {
	Hook     string
	EventID  string
	Type     string // of the event
	Attempts int
	Error    string
	Stack    string // empty when the hook returned an error
	At       time.Time
}

// Batch is what one transaction writes.
type Batch struct {
	// Owner and Lease claim the deliveries that say so.
	Owner string
	Lease time.Duration

	// Changes are of one conversation each. Of several of the same one all but the
	// first are conflicts, whatever becomes of that.
	Changes  []*Change
	Outcomes []Outcome
	// Taken are removed from the inbox, whatever becomes of the changes.
	Taken []EntryKey
}

// Change is the next version of one conversation.
type Change struct {
	ID      string
	Version int64 // the version it is based on; 0 for a new conversation

	// From and To are the conversation before and after; From is nil for a
	// new one. A store writes Delta. To is nil when there is nothing but a
	// tombstone or a refused change to store.
	From, To *conversation.Conversation
	// Vetoed stores a tombstone instead of the conversation.
	Vetoed string
	// Events are the new events, in order, to append to the log.
	Events []NewEvent
	// Pending replaces the conclusions that wait to settle.
	Pending []Pending
	// Refused replaces the refused change; nil removes it.
	Refused *Refused

	// InTx runs inside the transaction, after the version was checked and
	// before anything of this change is written; it may alter all of the
	// above but ID and Version. Its ctx carries the store's transaction. When
	// it fails, this change and what it wrote itself are rolled back, the
	// others are not. A store may roll back and run it again within one Commit,
	// with the change as it was, as after a deadlock.
	InTx func(ctx context.Context, c *Change) error

	delta    conversation.Delta // between these two:
	from, to *conversation.Conversation
}

// Restate prepares To to be stored, as [conversation.Restate] does: To must
// still be its caller's alone.
func (c *Change) Restate() {
	from := c.before()
	c.delta, c.from, c.to = conversation.Restate(from, c.To), from, c.To
}

// before is the conversation that the store has; nil when it has none.
func (c *Change) before() *conversation.Conversation {
	if c.Version == 0 {
		return nil
	}
	return c.From
}

// Delta returns what has to be written to get from From to To; all of To for a
// new conversation. It is worked out once, so a change is for one goroutine at
// a time. It must not be changed.
func (c *Change) Delta() conversation.Delta {
	from := c.before()
	if c.to == nil || c.from != from || c.to != c.To {
		c.delta, c.from, c.to = conversation.Diff(from, c.To), from, c.To
	}
	return c.delta
}

// Event is an entry of the log.
type Event struct {
	ID             string
	ConversationID string
	Seq            int64 // from 1, without gaps within a conversation
	Type           string
	Time           time.Time // when it happened
	Rule           string
	Data           []byte // JSON, kept byte by byte
	Vetoed         bool   // by a Before hook: logged, but not delivered
}

// NewEvent is an event with the deliveries that it begins with.
type NewEvent struct {
	Event
	Deliveries []NewDelivery
	// Trace is kept with the deliveries; see Delivery.
	Trace string
}

// NewDelivery is the delivery of an event to an After hook.
type NewDelivery struct {
	Hook string
	// Claimed gives it to the batch's owner from the start. The caller knows
	// that no earlier delivery of the hook is unfinished in the conversation,
	// or that it holds them all itself.
	Claimed bool
}

// Committed says what became of a batch.
type Committed struct {
	Results []Result // one for each change, in order
	// Ready says that the outcomes made way for deliveries that wait, or that are
	// left of an owner whose lease has ended: Claim gives them, or says when they
	// are due. It may also be said where another owner still holds the first
	// delivery; asking then is in vain and does no harm.
	Ready bool
}

// Result is the fate of one change.
type Result struct {
	Version int64 // the new version
	// Err is ErrConflict, or what InTx returned, wrapped; the change was not
	// written then.
	Err error
}

// Claim asks for deliveries.
type Claim struct {
	Owner string
	Lease time.Duration
	Hooks []string // of these hooks only
	Limit int
}

// Delivery is an event on its way to a hook.
type Delivery struct {
	Event
	Hook     string
	Attempts int // failed ones
	// Trace is the trace that the event was committed in, as a traceparent of W3C
	// Trace Context: up to 55 bytes of ASCII. Empty: in none.
	Trace string
}

// DeliveryKey names a delivery: the event by its place in the log, and the hook.
type DeliveryKey struct {
	ConversationID string
	Seq            int64
	Hook           string
}

// Key returns the name of the delivery.
func (d *Delivery) Key() DeliveryKey { return DeliveryKey{d.ConversationID, d.Seq, d.Hook} }

// Key returns the name of the delivery.
func (o *Outcome) Key() DeliveryKey { return DeliveryKey{o.ConversationID, o.Seq, o.Hook} }

// Outcome is what became of a delivery that its owner holds. It is ignored
// when somebody else holds the delivery by now, or could since the owner's lease
// ended, because somebody has claimed; and so is all but the first one of a delivery
// in a batch. A batch may have ten thousand.
type Outcome struct {
	Owner string
	// The event of the delivery, and its place in the log.
	EventID        string
	ConversationID string
	Seq            int64
	Hook           string

	Did Did
	// Wait is how long a failed delivery waits for its next try.
	Wait time.Duration
	// Failure is the last failure, for WillRetry and Failed; its Attempts counts
	// all failed tries.
	Failure Failure

	// InTx, of an outcome that is Done, runs inside the transaction, when it is
	// certain that the owner holds the delivery, and keeps others from taking
	// it meanwhile. Its ctx carries the store's transaction. When it fails, the
	// batch fails with its error, and nothing is written. It does not run when
	// somebody else holds the delivery by now.
	InTx func(ctx context.Context) error
}

// Outcome returns what became of the delivery, which the owner holds.
func (d *Delivery) Outcome(owner string, did Did) Outcome {
	return Outcome{Owner: owner, EventID: d.ID, ConversationID: d.ConversationID, Seq: d.Seq, Hook: d.Hook, Did: did}
}

// Did is the kind of an outcome.
type Did uint8

// The outcomes of a delivery.
const (
	Done      Did = iota // it is finished
	WillRetry            // it waits for its next try
	Failed               // its tries are used up
	Released             // it was not tried
)

// A Decision is what to do with a failed delivery.
type Decision uint8

// What to do with a failed delivery.
const (
	Retry Decision = iota // begin again, with all tries
	Skip                  // treat it as done
)

// DeliveryState is the state of an unfinished delivery.
type DeliveryState string

// The states of an unfinished delivery.
const (
	StateWaiting DeliveryState = "waiting" // for its turn or its next try
	StateClaimed DeliveryState = "claimed" // a process has it
	StateFailed  DeliveryState = "failed"
	StateSkipped DeliveryState = "skipped" // finished, by hand
)

// LoggedEvent is an event with the deliveries that are not done, and those
// that were skipped.
type LoggedEvent struct {
	Event
	Deliveries []LoggedDelivery
}

// LoggedDelivery is the state of a delivery, and how it failed last.
type LoggedDelivery struct {
	Hook     string
	State    DeliveryState
	Attempts int
	Error    string
	Stack    string // empty when the hook returned an error
}
