package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store"
)

// health looks at what the store shows of all that share it, as a tracker does that
// does not run.
func (d *diagnosis) health(ctx context.Context, s store.Store) {
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: slog.New(slog.DiscardHandler)})
	if d.failed("health", err, "") {
		return
	}
	is := tracker.Health(ctx)
	if ctx.Err() != nil {
		return
	}
	if is.Store.Trouble != "" {
		d.find(finding{"writing", levelProblem, "the store is " + is.Store.Trouble + ", so what waits in it is not known", strings.Join(is.Problems, "; ")})
	} else {
		d.ok("writing", fmt.Sprintf("a small value was written in %v", time.Duration(is.Store.Latency).Round(time.Microsecond)))
	}
	counts := []struct {
		of, check string
		look      func(convtrack.Health)
	}{{"processes", "processes", d.processes}, {"deliveries", "deliveries", d.deliveries}, {"failed", "failed", d.haveFailed}, {"overdue", "conclusions", d.overdue}}
	for _, count := range counts {
		if slices.Contains(is.Uncounted, count.of) {
			d.unread(count.check)
		} else {
			count.look(is)
		}
	}
}

// unread says that a check could not read the store.
func (d *diagnosis) unread(check string) {
	d.unreadable = true
	d.find(finding{check, levelUnknown, "it could not be read from the store within two seconds, or not at all",
		"see tables above for what the role may not read, and who holds locks (pg_locks), then run doctor again"})
}

func (d *diagnosis) overdue(is convtrack.Health) {
	if is.Overdue > 0 {
		d.find(finding{"conclusions", levelWarning, fmt.Sprintf("those of %d conversations are overdue", is.Overdue), "see that a process runs, and what its log says"})
	}
}

func (d *diagnosis) processes(is convtrack.Health) {
	if len(is.Processes) == 0 {
		d.find(finding{"processes", levelUnknown, "none runs with this store now", ""})
		return
	}
	var names []string
	for _, p := range is.Processes {
		names = append(names, fmt.Sprintf("%s (%d deliveries, sources: %s)", p.Name, p.Deliveries, strings.Join(slices.Sorted(maps.Keys(p.Sources)), ", ")))
	}
	d.ok("processes", fmt.Sprintf("%d run: %s", len(names), strings.Join(names, "; ")))
	for _, of := range slices.Sorted(maps.Keys(is.Undefined)) {
		d.find(finding{"processes", levelProblem, "events of the type " + of + " are not defined in " + strings.Join(is.Undefined[of], ", "), "register it with events.Define in every process"})
	}
}

// deliveries looks at what waits for hooks.
func (d *diagnosis) deliveries(is convtrack.Health) {
	if len(is.Deliveries) == 0 {
		d.ok("deliveries", "none is unfinished")
	}
	for _, hook := range slices.Sorted(maps.Keys(is.Deliveries)) {
		lag := is.Deliveries[hook]
		says := fmt.Sprintf("%d to the hook %s are unfinished", lag.Unfinished, hook)
		if !lag.Counted {
			says = "more than " + says
		}
		if !lag.DueSince.IsZero() {
			says += ", the oldest is due since " + lag.DueSince.Format(time.RFC3339)
		}
		switch {
		case lag.Orphaned:
			d.find(finding{"deliveries", levelProblem, says + ", and no running process has that hook",
				"was it renamed or removed? Register it again under this name to give them up, with a function that does nothing, on *events.ConversationCreated: what a hook does not take counts as done"})
		case slices.Contains(is.Uncounted, "processes"):
			d.find(finding{"deliveries", levelUnknown, says + "; whether a running process has that hook is not known", "see processes above"})
		case len(is.Processes) == 0:
			d.find(finding{"deliveries", levelUnknown, says + "; whether a program still registers that hook cannot be known while none runs",
				"compare it with the hooks of your programs: a hook that was renamed or removed leaves its deliveries"})
		case !lag.DueSince.IsZero() && is.At.Sub(lag.DueSince) > mostLag:
			d.find(finding{"deliveries", levelWarning, says, "see in the log how long the hook takes, and what it fails with"})
		default:
			d.ok("deliveries", says)
		}
	}
}

// mostLag is how long a delivery may be due.
const mostLag = time.Minute

func (d *diagnosis) haveFailed(is convtrack.Health) {
	n, counted := 0, true
	for _, f := range is.Failed {
		n += f.N
		counted = counted && f.Counted
	}
	if n == 0 {
		d.ok("failed", "nothing has")
		return
	}
	number := fmt.Sprint(n)
	if !counted {
		number += " or more"
	}
	d.find(finding{"failed", levelProblem, number + " deliveries or changes have failed; later events of the hook and conversation wait behind a delivery, all later changes of the conversation behind a change",
		"see convtrackctl failed list and mend the cause. Deliveries: failed retry or failed skip. Changes are tried again by themselves; " +
			"to decide at once use Tracker.Retry or Tracker.Skip, or the pages of store/inspector, where the tracker runs"})
}
