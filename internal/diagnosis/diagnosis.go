// Package diagnosis looks how a tracker does: what waits, in memory and in the
// store, what has failed, how the sources and the other processes do. Sentences say
// what is wrong, and what to do about it.
package diagnosis

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/store"
)

// Access is what is known of the store from its use.
type Access interface {
	CommitTime() time.Duration
	// Guard calls the store: a panic is its error.
	Guard(ctx context.Context, call func(context.Context) error) error
	// Refused is why it has refused a commit of late; empty when it has not.
	Refused(now time.Time) access.Trouble
}

// Lanes are where facts wait to be stored.
type Lanes interface {
	Pending() int
	Oldest() time.Time
}

// Members are the processes that share the store.
type Members interface {
	Members(ctx context.Context) ([]membership.Member, error)
	// Changed is closed when processes have come or gone.
	Changed() <-chan struct{}
}

// Config is what is looked at. All of it is required.
type Config struct {
	Store   store.Store
	Access  Access
	Lanes   Lanes
	Sources *heard.Sources
	Members Members
	// Hooks are the names of this process's After hooks.
	Hooks func() []string
	// AllHooks are the names of its Before hooks, too.
	AllHooks func() []string
	// Unreached are those that no event reaches.
	Unreached func() []string
	// Holding is what this process holds.
	Holding  func() membership.Holding
	Instance string
	// Lease is how often it is looked whether this process has other hooks.
	Lease time.Duration
	Log   *slog.Logger
}

// Diagnosis is safe for concurrent use.
type Diagnosis struct {
	Config
	condition access.Condition // of the store
}

// New returns a diagnosis.
func New(c Config) *Diagnosis { return &Diagnosis{Config: c} }

const (
	// slow is how long a small write may take, and probeTime how long it is
	// waited for.
	slow      = time.Second
	probeTime = 2 * time.Second
	// overdue is how long a conclusion may be due.
	overdue = 10 * time.Second
)

// Look looks how the tracker does. It takes about four seconds at the most, also when
// ctx ends before: that who asked has gone away says nothing of the store.
func (d *Diagnosis) Look(ctx context.Context) State {
	ctx = context.WithoutCancel(ctx)
	h := State{At: time.Now().UTC(), Problems: []string{}, Sources: d.Sources.All(), Deliveries: map[string]Delivery{}}
	h.Facts, h.FactsSince = d.Lanes.Pending(), d.Lanes.Oldest().UTC()
	d.probe(ctx, &h.Store)
	if h.Store.Trouble == "" {
		d.countWaiting(ctx, &h)
	} else {
		h.Uncounted = []string{Overdue, Processes, Deliveries, FailedItems}
	}
	h.judge()
	return h
}

// probe writes a small value.
func (d *Diagnosis) probe(ctx context.Context, h *Store) {
	h.CommitTime = d.Access.CommitTime()
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	began := time.Now()
	err := d.write(ctx)
	took := time.Since(began)
	h.Latency = took
	var is access.Trouble
	switch {
	case errors.Is(err, context.DeadlineExceeded) || err == nil && took > slow:
		is = access.Slow
	case err != nil:
		is = access.TroubleOf(err)
	default:
		is = d.Access.Refused(time.Now())
	}
	h.Trouble = string(is)
	h.TroubleSince = d.condition.Note(is, began, func(was access.Trouble, since time.Time) {
		if is == "" {
			d.Log.Info("the store takes writes again", "trouble", string(was), "after", time.Since(since).Round(time.Millisecond))
			return
		}
		d.Log.Warn("the store does not take writes as it should", "trouble", h.Trouble, "error", err)
	})
}

// write writes the value of this process. That somebody else was faster is an
// answer, too.
func (d *Diagnosis) write(ctx context.Context) error {
	const name = "convtrack/health"
	err := d.Access.Guard(ctx, func(ctx context.Context) error {
		_, version, err := d.Store.Value(ctx, name)
		if err == nil {
			_, err = d.Store.SetValue(ctx, name, []byte{}, version)
		}
		return err
	})
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}
