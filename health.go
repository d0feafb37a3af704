package convtrack

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/diagnosis"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/internal/metrics"
	"github.com/dcmkit/convtrack/store"
)

// Stats are counts since the tracker was made, and present levels. Export them
// to whatever system you watch.
type Stats struct {
	Commits      int64            // transactions asked of the store
	Changes      int64            // changes of conversations that were written
	Conflicts    int64            // changes that lost a race and were made again
	Duplicates   int64            // messages that needed no copy: the process that looks after the conversation has stored the same one
	StoreErrors  int64            // calls of the store that failed and were repeated
	Events       map[string]int64 // announced, by type
	Vetoed       int64            // conversations that a Before hook did not want
	BeforeFailed int64            // failed tries of Before hooks
	Delivered    int64            // deliveries to After hooks that were done
	AfterFailed  int64            // failed tries of After hooks
	Failed       int64            // changes and deliveries that have failed for good
	Gaps         int64            // times in which a source was blind
	Losses       int64            // times that could not be read from the API: Gap.Lost

	Pending    int // partial conversations that are accepted and not yet stored
	Deliveries int // deliveries that are held in memory
}

// Stats returns the present counts.
func (t *Tracker) Stats() Stats {
	e := t.engine
	committed, delivered := &e.Committer.Counters, &e.Outbox.Counters
	return Stats{
		Commits: e.Store.Commits.Load(), StoreErrors: e.Store.Errors.Load(),
		Changes: committed.Changes.Load(), Conflicts: committed.Conflicts.Load(), BeforeFailed: committed.BeforeFailed.Load(),
		Duplicates: e.Duplicates.Found.Load(),
		Events:     e.Announced.ByType(), Vetoed: e.Announced.Vetoed.Load(),
		Delivered: delivered.Delivered.Load(), AfterFailed: delivered.Failed.Load(),
		Failed: committed.ForGood.Load() + delivered.ForGood.Load(),
		Gaps:   t.gaps.Load(), Losses: t.losses.Load(),
		Pending: e.Lanes.Pending(), Deliveries: e.Outbox.Held(),
	}
}

// Health is how a tracker does. It encodes to JSON that a person can read.
type Health struct {
	At time.Time `json:"at"`
	// Problems are sentences on what is wrong now; none when all is well.
	Problems []string `json:"problems"`

	Store   StoreHealth             `json:"store"`
	Sources map[string]SourceHealth `json:"sources"`

	// Facts are the partial conversations that are accepted and not stored yet;
	// FactsSince is since when the oldest of them waits.
	Facts      int       `json:"facts"`
	FactsSince time.Time `json:"factsSince,omitzero"`
	// Overdue are the conversations with conclusions or timers that have been due
	// for more than ten seconds, as far as they were counted: up to 1000.
	Overdue int `json:"overdue"`
	// Deliveries are the unfinished deliveries to After hooks, by hook.
	Deliveries map[string]DeliveryHealth `json:"deliveries"`
	// Failed is what has failed and nobody has decided yet, refused changes that are
	// still tried again by themselves among it. Where it is more than 1000, each hook is
	// counted for itself, up to 1000: those that processes have, that have deliveries,
	// or that are among what failed first.
	Failed []FailedHealth `json:"failed"`
	// Processes are those that share the store, by name: this one, too, while it
	// runs.
	Processes []ProcessHealth `json:"processes"`
	// Undefined are the types of events of the host's own that some processes have
	// defined and others have not, with the names of these; see events.Define.
	Undefined map[string][]string `json:"undefined"`
	// Uncounted are those of "overdue", "processes" (with them what is undefined),
	// "deliveries" and "failed" that could not be read from the store now: that
	// these show nothing then says nothing. It is empty when all were read.
	Uncounted []string `json:"uncounted"`
}

// StoreHealth is how the store does.
type StoreHealth struct {
	// Trouble is what is wrong with it: "slow" (it does not answer in time),
	// "full" (its disk), "readOnly", or "lost" (it cannot be reached, or fails
	// otherwise); empty when it takes writes.
	Trouble string `json:"trouble,omitzero"`
	// TroubleSince is when a write was first found to fail; zero when it does not.
	TroubleSince time.Time `json:"troubleSince,omitzero"`
	// Latency is how long it took to write something small now, and CommitTime
	// how long commits have taken of late.
	Latency    Duration `json:"latency"`
	CommitTime Duration `json:"commitTime"`
}

// Duration is written as "12ms" in JSON.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).Round(time.Microsecond).String()), nil
}

// SourceHealth is how a source does: what it says itself and, of when it heard and
// was blind, also what the tracker knows from the gaps that it has announced.
type SourceHealth struct {
	// Failed is the error with which it has ended for good.
	Failed string `json:"failed,omitzero"`
	// Gaps counts the times in which it was blind, and Losses those that could not
	// be read from the API either, since the tracker was made. Lost is the latest
	// of these.
	Gaps   int64       `json:"gaps"`
	Losses int64       `json:"losses"`
	Lost   *LossHealth `json:"lost,omitempty"`

	conversation.SourceHealth
}

// LossHealth is a time that nobody will tell of: conversation.Gap.Lost.
type LossHealth struct {
	At     time.Time `json:"at"` // when it was found out
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// DeliveryHealth is how far an After hook is behind.
type DeliveryHealth struct {
	// Unfinished are its deliveries that are not done, those that have failed and
	// those that wait behind them included. Counted says that these are all;
	// otherwise there are at least so many.
	Unfinished int  `json:"unfinished"`
	Counted    bool `json:"counted"`
	// DueSince is since when the oldest of those waits that could be done, or is
	// being done; NextTry is when the next one is tried that waits for its time,
	// where none could be done now. Zero: there is none, or the store cannot tell.
	DueSince time.Time `json:"dueSince,omitzero"`
	NextTry  time.Time `json:"nextTry,omitzero"`
	// Attempts is how often the one of them has failed that is due first.
	Attempts int `json:"attempts,omitzero"`
	// Orphaned says that no running process has a hook of this name.
	Orphaned bool `json:"orphaned,omitzero"`
}

// ProcessHealth is a process that shares the store, and what it holds, as it said
// itself with its last sign of life. Of one of an earlier version that is not known.
type ProcessHealth struct {
	Name string    `json:"name"`
	Seen time.Time `json:"seen"` // its last sign of life, by its own clock

	Conversations int                      `json:"conversations"` // in its memory
	Facts         int                      `json:"facts"`         // accepted and not stored yet
	Deliveries    int                      `json:"deliveries"`    // claimed, with their leases
	Sources       map[string]ProcessSource `json:"sources"`       // that it runs
	Hooks         []string                 `json:"hooks"`         // its After hooks
	Types         []string                 `json:"types"`         // of events that it has defined
}

// ProcessSource is the share that a process has of a source.
type ProcessSource struct {
	Heard    int  `json:"heard"`          // topics
	Followed int  `json:"followed"`       // open conversations that it reads
	Leads    bool `json:"leads,omitzero"` // it does what one does for all
	Blind    bool `json:"blind,omitzero"`
}

// FailedHealth is what failed of one hook, and of one kind.
type FailedHealth struct {
	Hook string           `json:"hook"`
	Kind store.FailedKind `json:"kind"`
	N    int              `json:"n"`
	// Counted says that N is all; else there may be more.
	Counted bool `json:"counted"`
	// Oldest is when the first of them failed.
	Oldest time.Time `json:"oldest"`
}

// A HealthReporter is a source that says how it does. Health must return soon.
type HealthReporter interface {
	Health() conversation.SourceHealth
}

// Health looks how the tracker does: it writes a small value to the store, asks
// what waits there, and the sources for theirs. It answers within about four
// seconds whatever the store does, so whoever asks once a second knows of a
// database that is full, read-only, slow or lost within five, and that it is over.
// When it begins and when it is over are lines of the log, too. It needs no Run.
func (t *Tracker) Health(ctx context.Context) Health {
	h := Health{At: time.Now().UTC(), Problems: []string{}, Sources: map[string]SourceHealth{},
		Deliveries: map[string]DeliveryHealth{}, Failed: []FailedHealth{}, Processes: []ProcessHealth{}, Undefined: map[string][]string{}, Uncounted: []string{}}
	if err := outside(ctx); err != nil {
		h.Problems = append(h.Problems, err.Error())
		return h
	}
	is := t.diagnosis.Look(ctx)
	h.At, h.Problems = is.At, is.Problems
	h.Store = StoreHealth{is.Store.Trouble, is.Store.TroubleSince, Duration(is.Store.Latency), Duration(is.Store.CommitTime)}
	h.Uncounted = append(h.Uncounted, is.Uncounted...)
	h.Facts, h.FactsSince, h.Overdue = is.Facts, is.FactsSince, is.Overdue
	for name, s := range is.Sources {
		h.Sources[name] = sourceHealth(s)
	}
	for hook, d := range is.Deliveries {
		h.Deliveries[hook] = DeliveryHealth(d)
	}
	for _, f := range is.Failed {
		h.Failed = append(h.Failed, FailedHealth(f))
	}
	for _, p := range is.Processes {
		h.Processes = append(h.Processes, processHealth(p))
	}
	if is.Undefined != nil {
		h.Undefined = is.Undefined
	}
	return h
}

func sourceHealth(s heard.Source) SourceHealth {
	is := SourceHealth{Failed: s.Failed, Gaps: s.Gaps, Losses: s.Losses, SourceHealth: s.SourceHealth}
	if s.Losses > 0 {
		is.Lost = &LossHealth{s.LostAt.UTC(), s.Lost.From.UTC(), s.Lost.To.UTC(), s.Lost.Reason}
	}
	return is
}

func processHealth(p diagnosis.Process) ProcessHealth {
	is := ProcessHealth{Name: p.Name, Seen: p.Seen, Conversations: p.Conversations, Facts: p.Facts, Deliveries: p.Deliveries,
		Sources: map[string]ProcessSource{}, Hooks: p.Hooks, Types: p.Types}
	for name, share := range p.Sources {
		is.Sources[name] = ProcessSource(share)
	}
	return is
}

// shares are what this process does of its sources.
func (t *Tracker) shares() map[string]membership.Share {
	shares := map[string]membership.Share{}
	for name, s := range t.heard.All() {
		shares[name] = membership.Share{Heard: s.Heard, Followed: s.Followed, Leads: s.Leads, Blind: !s.BlindSince.IsZero()}
	}
	return shares
}

// watch has the metrics read from how the tracker does.
func (t *Tracker) watch() error {
	return metrics.Watch(t.telemetry, t.diagnosis.Look, func() metrics.Counts {
		in := &t.engine.Inbox.Counters
		return metrics.Counts{Stats: metrics.Stats(t.Stats()), Cache: t.engine.Cached(),
			Deposited: in.Deposited.Load(), Taken: in.Taken.Load(), Hints: in.Hints.Load(), Rereads: in.Reads.Load()}
	}, t.over.Load)
}
