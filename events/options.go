package events

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// An Option changes how a hook is run.
type Option func(*options)

type options struct {
	timeout  time.Duration
	only     []Type // of the events that the hook's type accepts; nil: all
	filters  []Filter
	optional bool
	delivery Delivery

	ownAttempts, ownBackoff bool // else those of a Before hook are the tracker's
}

func defaults(t Timing) options {
	o := options{timeout: 30 * time.Second, delivery: Delivery{Attempts: 10, Backoff: Exponential(time.Second, 5*time.Minute), Concurrency: 32}}
	if t == TimingBefore {
		o.timeout = 5 * time.Second // it holds a transaction open
	}
	return o
}

func (o *options) matches(e Event) bool {
	for _, f := range o.filters {
		if !f(e) {
			return false
		}
	}
	return true
}

// Timeout bounds one run of the hook. The default is 30 s for After hooks and
// 5 s for Before hooks, which hold a transaction open. A hook that does not
// return in time has failed; its goroutine is given up, not killed.
func Timeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// Attempts sets how often an After hook is tried before its delivery has failed,
// and a Before hook before the change of a conversation is set aside. The default
// is 10 for After hooks, and the tracker's Config.BeforeAttempts for Before hooks.
func Attempts(n int) Option {
	return func(o *options) { o.delivery.Attempts, o.ownAttempts = n, true }
}

// Backoff sets how long to wait after the nth failed attempt of the hook. The
// default is Exponential(1 s, 5 min) for After hooks, and the tracker's
// Config.BeforeBackoff for Before hooks: the source waits meanwhile.
func Backoff(wait func(attempt int) time.Duration) Option {
	return func(o *options) { o.delivery.Backoff, o.ownBackoff = wait, true }
}

// Concurrency sets for how many conversations an After hook may run at a time.
// The default is 32. Within a conversation it always runs one by one.
func Concurrency(n int) Option { return func(o *options) { o.delivery.Concurrency = n } }

// InTransaction runs an After hook inside the store's transaction that marks its
// delivery as done: what it writes through the store's Tx is committed together
// with the mark, so it has its effect exactly once. It holds a transaction open,
// and with SQLite the only one that writes, so it should be quick. Before hooks
// always run so.
func InTransaction() Option { return func(o *options) { o.delivery.InTransaction = true } }

// Optional makes a Before hook one that does not decide: when it fails, the
// failure is logged and counted, and the change is made without what the hook
// would have written. Without it, a Before hook that fails holds the change back.
func Optional() Option { return func(o *options) { o.optional = true } }

// Exponential waits first, 2·first, 4·first … but never longer than most.
func Exponential(first, most time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		wait := first
		for i := 1; i < attempt && wait < most; i++ {
			wait *= 2
		}
		return min(wait, most)
	}
}

// A Filter decides whether a hook takes an event. It must be quick and have no
// side effects: it is asked when the event is committed, and may be asked again.
// What it has let through an After hook is delivered, whatever becomes of the
// conversation until then. A filter that gave no answer, because it panicked or
// did not return, has let it through.
type Filter func(Event) bool

// OfTypes runs the hook only for events of these types, of this package or
// defined by the host. Given twice, it adds up. For a hook on [Event] it says which of
// the further ones are kept; see [Type.Further].
func OfTypes(types ...Type) Option {
	return func(o *options) { o.only = append(append([]Type{}, o.only...), types...) }
}

func (o *options) takesOnly(of Type) bool { return o.only == nil || slices.Contains(o.only, of) }

// When runs the hook only for events that all filters let through.
func When(filters ...Filter) Option {
	return func(o *options) { o.filters = append(o.filters, filters...) }
}

// ByPurpose lets events of participants with one of the purposes through, and
// events of the conversation when it has such a participant.
func ByPurpose(purposes ...conversation.Purpose) Filter {
	return by(purposes, func(p *conversation.Participant, s *conversation.Session) conversation.Purpose { return p.Purpose })
}

// ByMedia lets events of legs with one of the media through, and events of the
// conversation when it has such a leg.
func ByMedia(media ...conversation.MediaType) Filter {
	return by(media, func(_ *conversation.Participant, s *conversation.Session) conversation.MediaType {
		if s == nil {
			return ""
		}
		return s.MediaType
	})
}

// ByQueue lets events of legs that came through one of the queues through, and
// events of the conversation when it visited one.
func ByQueue(queueIDs ...string) Filter {
	return by(queueIDs, func(p *conversation.Participant, s *conversation.Session) string {
		if s == nil {
			return p.QueueID
		}
		return p.QueueOf(s)
	})
}

func by[V comparable](wanted []V, value func(*conversation.Participant, *conversation.Session) V) Filter {
	return func(e Event) bool {
		c := e.Head().Conversation
		participantID, sessionID := e.subject()
		if in, s := c.Session(sessionID); s != nil { // wherever a record gathers it
			if p := c.Participant(participantID); p != nil {
				in = p
			}
			return slices.Contains(wanted, value(in, s))
		}
		for _, p := range c.Participants {
			if participantID != "" && p.ID != participantID {
				continue
			}
			if slices.Contains(wanted, value(p, nil)) {
				return true
			}
			for _, s := range p.Sessions {
				if slices.Contains(wanted, value(p, s)) {
					return true
				}
			}
		}
		return false
	}
}
