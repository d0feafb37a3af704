package convtrack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/membership"
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
		Failed: committed.Refused.Load() + delivered.ForGood.Load(),
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
	// Failed is what waits for a decision, as far as it was counted: up to 1000.
	Failed []FailedHealth `json:"failed"`
	// Processes are those that share the store, by name: this one, too, while it
	// runs.
	Processes []ProcessHealth `json:"processes"`
	// Undefined are the types of events of the host's own that some processes have
	// defined and others have not, with the names of these; see events.Define.
	Undefined map[string][]string `json:"undefined"`
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
	// Oldest is when the first of them failed.
	Oldest time.Time `json:"oldest"`
}

// A HealthReporter is a source that says how it does. Health must return soon.
type HealthReporter interface {
	Health() conversation.SourceHealth
}

const (
	// slow is how long a small write may take, and probeTime how long it is
	// waited for.
	slow      = time.Second
	probeTime = 2 * time.Second
	// overdue is how long a conclusion may be due.
	overdue = 10 * time.Second
)

// Health looks how the tracker does: it writes a small value to the store, asks
// what waits there, and the sources for theirs. It answers within about four
// seconds whatever the store does, so whoever asks once a second knows of a
// database that is full, read-only, slow or lost within five, and that it is over.
// When it begins and when it is over are lines of the log, too. It needs no Run.
func (t *Tracker) Health(ctx context.Context) Health {
	h := Health{At: time.Now().UTC(), Problems: []string{}, Sources: map[string]SourceHealth{},
		Deliveries: map[string]DeliveryHealth{}, Failed: []FailedHealth{}, Processes: []ProcessHealth{}, Undefined: map[string][]string{}}
	if err := outside(ctx); err != nil {
		h.Problems = append(h.Problems, err.Error())
		return h
	}
	h.Facts, h.FactsSince = t.engine.Lanes.Pending(), t.engine.Lanes.Oldest().UTC()
	t.probe(ctx, &h.Store)
	for name, s := range t.heard.All() {
		is := SourceHealth{Failed: s.Failed, Gaps: s.Gaps, Losses: s.Losses, SourceHealth: s.SourceHealth}
		if s.Losses > 0 {
			is.Lost = &LossHealth{s.LostAt.UTC(), s.Lost.From.UTC(), s.Lost.To.UTC(), s.Lost.Reason}
		}
		h.Sources[name] = is
	}
	if h.Store.Trouble == "" {
		t.countWaiting(ctx, &h)
	}
	h.judge()
	return h
}

// probe writes a small value.
func (t *Tracker) probe(ctx context.Context, h *StoreHealth) {
	h.CommitTime = Duration(t.engine.Store.CommitTime())
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	began := time.Now()
	err := t.write(ctx)
	took := time.Since(began)
	h.Latency = Duration(took)
	var is access.Trouble
	switch {
	case errors.Is(err, context.DeadlineExceeded) || err == nil && took > slow:
		is = access.Slow
	case err != nil:
		is = access.TroubleOf(err)
	default:
		is = t.engine.Store.Refused(time.Now())
	}
	h.Trouble = string(is)
	h.TroubleSince = t.condition.Note(is, began, func(was access.Trouble, since time.Time) {
		if is == "" {
			t.log.Info("the store takes writes again", "trouble", string(was), "after", time.Since(since).Round(time.Millisecond))
			return
		}
		t.log.Warn("the store does not take writes as it should", "trouble", h.Trouble, "error", err)
	})
}

// write writes the value of this process. That somebody else was faster is an
// answer, too.
func (t *Tracker) write(ctx context.Context) error {
	const name = "convtrack/health"
	_, version, err := t.store.Value(ctx, name)
	if err == nil {
		_, err = t.store.SetValue(ctx, name, []byte{}, version)
	}
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// countWaiting counts what waits in the store.
func (t *Tracker) countWaiting(ctx context.Context, h *Health) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	ids, _, err := t.store.Due(ctx, time.Now().Add(-overdue), store.MostLimit)
	h.Overdue = len(ids)
	var members []membership.Member
	if err == nil {
		members, err = t.engine.Membership.Members(ctx)
	}
	if err == nil {
		err = t.countDeliveries(ctx, h, members)
	}
	var page store.FailedPage
	if err == nil {
		page, err = t.store.Failed(ctx, store.FailedQuery{Limit: store.MostLimit})
	}
	for _, item := range page.Items {
		h.addFailed(item)
	}
	if err != nil {
		h.Problems = append(h.Problems, fmt.Sprintf("what waits in the store could not be counted: the store is %s", access.TroubleOf(err)))
	}
}

// countDeliveries counts what After hooks have to do, and tells who has them.
func (t *Tracker) countDeliveries(ctx context.Context, h *Health, members []membership.Member) error {
	lags, err := t.lags(ctx)
	if err != nil {
		return err
	}
	hooks, known := map[string]bool{}, len(members) > 0
	held := map[string]time.Time{}
	for _, m := range members {
		p := t.process(m)
		h.Processes = append(h.Processes, p.ProcessHealth)
		known = known && p.known
		for _, hook := range p.Hooks {
			hooks[hook] = true
		}
		for hook, since := range p.since {
			if is, found := held[hook]; !found || since.Before(is) {
				held[hook] = since
			}
		}
	}
	for _, hook := range t.config.Hooks.AfterNames() {
		hooks[hook] = true
	}
	for hook, lag := range lags {
		is := DeliveryHealth{Unfinished: lag.Unfinished, Counted: !lag.More, Attempts: lag.Attempts, DueSince: held[hook].UTC(), Orphaned: known && !hooks[hook]}
		switch due := lag.Due.UTC(); {
		case lag.Due.IsZero():
		case !due.After(h.At) && (is.DueSince.IsZero() || due.Before(is.DueSince)):
			is.DueSince = due
		case due.After(h.At) && is.DueSince.IsZero():
			is.NextTry = due
		}
		h.Deliveries[hook] = is
	}
	h.Undefined = membership.Undefined(members)
	return nil
}

// lags returns how far hooks are behind.
func (t *Tracker) lags(ctx context.Context) (map[string]store.Lag, error) {
	if reporter, reports := store.As[store.LagReporter](t.store); reports {
		return reporter.Lag(ctx, store.MostLimit)
	}
	backlog, err := t.store.Backlog(ctx)
	lags := make(map[string]store.Lag, len(backlog))
	for hook, n := range backlog {
		lags[hook] = store.Lag{Unfinished: n}
	}
	return lags, err
}

// process is a process with what Health needs beside.
type process struct {
	ProcessHealth
	known bool                 // it says what it holds
	since map[string]time.Time // since when it holds the oldest delivery, by hook
}

// process is what a process has told of itself; of this one, what it is now.
func (t *Tracker) process(m membership.Member) process {
	p := process{ProcessHealth: ProcessHealth{Name: m.Name, Seen: m.At, Sources: map[string]ProcessSource{}, Hooks: []string{}, Types: []string{}}}
	for _, name := range m.Sources {
		p.Sources[name] = ProcessSource{}
	}
	is := m.Holding
	if m.Name == t.config.Instance {
		now := t.engine.Holding()
		is = &now
	}
	if is == nil {
		return p
	}
	p.known, p.since = true, is.Since
	p.Conversations, p.Facts, p.Deliveries = is.Conversations, is.Facts, is.Deliveries
	p.Hooks, p.Types = append(p.Hooks, is.Hooks...), append(p.Types, is.Types...)
	for name, share := range is.Shares {
		p.Sources[name] = ProcessSource(share)
	}
	return p
}

// shares are what this process does of its sources.
func (t *Tracker) shares() map[string]membership.Share {
	shares := map[string]membership.Share{}
	for name, s := range t.heard.All() {
		shares[name] = membership.Share{Heard: s.Heard, Followed: s.Followed, Leads: s.Leads, Blind: !s.BlindSince.IsZero()}
	}
	return shares
}

func (h *Health) addFailed(item store.FailedItem) {
	i := slices.IndexFunc(h.Failed, func(f FailedHealth) bool { return f.Hook == item.Hook && f.Kind == item.Kind })
	if i < 0 {
		i = len(h.Failed)
		h.Failed = append(h.Failed, FailedHealth{Hook: item.Hook, Kind: item.Kind, Oldest: item.At.UTC()})
	}
	h.Failed[i].N++
}
