package diagnosis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/store"
)

// countWaiting counts what waits in the store, each thing as far as it can be read.
func (d *Diagnosis) countWaiting(ctx context.Context, h *State) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var failed error
	counted := func(what string, err error) bool {
		if err != nil {
			h.Uncounted = append(h.Uncounted, what)
			failed = err
		}
		return err == nil
	}
	var ids []string
	err := d.Access.Guard(ctx, func(ctx context.Context) (err error) {
		ids, _, err = d.Store.Due(ctx, time.Now().Add(-overdue), store.MostLimit)
		return err
	})
	if counted(Overdue, err) {
		h.Overdue = len(ids)
	}
	members, err := d.Members.Members(ctx)
	counted(Processes, err)
	has := d.owners(members)
	h.Processes, h.Undefined = has.processes, membership.Undefined(members)
	lags, err := d.lags(ctx)
	if counted(Deliveries, err) {
		h.countDeliveries(lags, has)
	}
	counted(FailedItems, d.countFailed(ctx, h, has))
	if failed != nil {
		h.Problems = append(h.Problems, fmt.Sprintf("what waits in the store could not be counted (%s): the store is %s", strings.Join(h.Uncounted, ", "), access.TroubleOf(failed)))
	}
}

// owners are the processes, and the hooks that they have.
type owners struct {
	processes []Process
	known     bool                 // of each process it is known which it has
	hooks     map[string]bool      // that any has
	since     map[string]time.Time // since when the oldest delivery of each is held
}

// orphaned reports whether it is known that no process has the hook.
func (o *owners) orphaned(hook string) bool { return o.known && !o.hooks[hook] }

func (d *Diagnosis) owners(members []membership.Member) owners {
	has := owners{nil, len(members) > 0, map[string]bool{}, map[string]time.Time{}}
	for _, m := range members {
		p := d.process(m)
		has.processes = append(has.processes, p.Process)
		has.known = has.known && p.known
		for _, hook := range p.Hooks {
			has.hooks[hook] = true
		}
		for hook, since := range p.since {
			if is, found := has.since[hook]; !found || since.Before(is) {
				has.since[hook] = since
			}
		}
	}
	for _, hook := range d.Hooks() {
		has.hooks[hook] = true
	}
	return has
}

// countDeliveries tells what After hooks have to do.
func (h *State) countDeliveries(lags map[string]store.Lag, has owners) {
	for hook, lag := range lags {
		is := Delivery{Unfinished: lag.Unfinished, Counted: !lag.More, Attempts: lag.Attempts, DueSince: has.since[hook].UTC(), Orphaned: has.orphaned(hook)}
		switch due := lag.Due.UTC(); {
		case lag.Due.IsZero():
		case !due.After(h.At) && (is.DueSince.IsZero() || due.Before(is.DueSince)):
			is.DueSince = due
		case due.After(h.At) && is.DueSince.IsZero():
			is.NextTry = due
		}
		h.Deliveries[hook] = is
	}
}

// lags returns how far hooks are behind.
func (d *Diagnosis) lags(ctx context.Context) (lags map[string]store.Lag, err error) {
	err = d.Access.Guard(ctx, func(ctx context.Context) (err error) {
		if reporter, reports := store.As[store.LagReporter](d.Store); reports {
			lags, err = reporter.Lag(ctx, store.MostLimit)
			return err
		}
		backlog, err := d.Store.Backlog(ctx)
		lags = make(map[string]store.Lag, len(backlog))
		for hook, n := range backlog {
			lags[hook] = store.Lag{Unfinished: n}
		}
		return err
	})
	return lags, err
}

// process is a process with what is needed beside.
type process struct {
	Process
	known bool                 // it says what it holds
	since map[string]time.Time // since when it holds the oldest delivery, by hook
}

// process is what a process has told of itself; of this one, what it is now.
func (d *Diagnosis) process(m membership.Member) process {
	p := process{Process: Process{Name: m.Name, Seen: m.At, Sources: map[string]membership.Share{}, Hooks: []string{}, Types: []string{}}}
	for _, name := range m.Sources {
		if !strings.HasPrefix(name, membership.Task) {
			p.Sources[name] = membership.Share{}
		}
	}
	is := m.Holding
	if m.Name == d.Instance {
		now := d.Holding()
		is = &now
	}
	if is == nil {
		return p
	}
	p.known, p.since = true, is.Since
	p.Conversations, p.Facts, p.Deliveries = is.Conversations, is.Facts, is.Deliveries
	p.Hooks, p.Types = append(p.Hooks, is.Hooks...), append(p.Types, is.Types...)
	maps.Copy(p.Sources, is.Shares)
	return p
}

// countFailed counts what failed: all at once, or where that is too much each
// hook for itself, so that none hides another.
func (d *Diagnosis) countFailed(ctx context.Context, h *State, has owners) error {
	failed := func(hook string) (page store.FailedPage, err error) {
		err = d.Access.Guard(ctx, func(ctx context.Context) (err error) {
			page, err = d.Store.Failed(ctx, store.FailedQuery{Hook: hook, Limit: store.MostLimit})
			return err
		})
		return page, err
	}
	page, err := failed("")
	if h.addFailed(page); err != nil || page.Next == "" {
		return err
	}
	hooks := map[string]bool{}
	for _, hook := range d.AllHooks() {
		hooks[hook] = true
	}
	maps.Copy(hooks, has.hooks)
	for hook := range h.Deliveries {
		hooks[hook] = true
	}
	for _, f := range h.Failed {
		hooks[f.Hook] = true
	}
	all := *h
	all.Failed = nil
	for _, hook := range slices.Sorted(maps.Keys(hooks)) {
		page, err := failed(hook)
		if all.addFailed(page); err != nil {
			return err
		}
	}
	h.Failed = all.Failed
	return nil
}

// addFailed counts what is on a page.
func (h *State) addFailed(page store.FailedPage) {
	for _, item := range page.Items {
		since := item.At.UTC()
		if !item.Since.IsZero() { // a change, which was tried again
			since = item.Since.UTC()
		}
		i := slices.IndexFunc(h.Failed, func(f Failed) bool { return f.Hook == item.Hook && f.Kind == item.Kind })
		if i < 0 {
			i = len(h.Failed)
			h.Failed = append(h.Failed, Failed{Hook: item.Hook, Kind: item.Kind, Counted: page.Next == "", Oldest: since})
		}
		if since.Before(h.Failed[i].Oldest) {
			h.Failed[i].Oldest = since
		}
		h.Failed[i].N++
	}
}
