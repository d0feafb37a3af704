package inspector

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
)

// health asks the tracker how it does, once for all who look, and keeps some of
// it for a while. It is safe for concurrent use.
type health struct {
	tracker *convtrack.Tracker

	mu      sync.Mutex
	asked   time.Time
	last    convtrack.Health
	samples []sample
}

// sample is what the gauges showed at a time.
type sample struct {
	at     time.Time
	values []float64
}

const (
	fresh       = time.Second
	historyTime = 15 * time.Minute
	mostSamples = 300
)

// now is how the tracker does, at most a second ago.
func (h *health) now(ctx context.Context) convtrack.Health {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) < fresh {
		return h.last
	}
	h.last = h.tracker.Health(context.WithoutCancel(ctx)) // the answer is for others, too, and comes in time
	h.asked = time.Now()
	values := make([]float64, len(gauges))
	for i, g := range gauges {
		values[i] = g.of(&h.last)
	}
	h.samples = append(h.samples, sample{h.asked, values})
	old := 0
	for old < len(h.samples) && (len(h.samples)-old > mostSamples || h.asked.Sub(h.samples[old].at) > historyTime) {
		old++
	}
	h.samples = slices.Delete(h.samples, 0, old)
	return h.last
}

// forget has the next one who looks ask anew.
func (h *health) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = time.Time{}
}

func isHookError(err error) bool {
	var of *events.HookError
	return errors.As(err, &of)
}

// gauge is a number that says how the tracker does.
type gauge struct {
	name, unit string
	of         func(*convtrack.Health) float64
	// bad says from which value on somebody should look; 0: never.
	bad float64
}

// gauges are all of them. A new field of Health is a line here.
var gauges = []gauge{
	{"Store latency", "ms", func(h *convtrack.Health) float64 { return milliseconds(h.Store.Latency) }, 1000},
	{"Commit time", "ms", func(h *convtrack.Health) float64 { return milliseconds(h.Store.CommitTime) }, 1000},
	{"Facts not stored yet", "", func(h *convtrack.Health) float64 { return float64(h.Facts) }, 0},
	{"Conclusions overdue", "", func(h *convtrack.Health) float64 { return float64(h.Overdue) }, 1},
	{"Deliveries unfinished", "", func(h *convtrack.Health) (n float64) {
		for _, d := range h.Deliveries {
			n += float64(d.Unfinished)
		}
		return n
	}, 0},
	{"Oldest due delivery", "s", func(h *convtrack.Health) (oldest float64) {
		for _, d := range h.Deliveries {
			oldest = max(oldest, since(h.At, d.DueSince))
		}
		return oldest
	}, 60},
	{"Lag of queues", "s", func(h *convtrack.Health) (lag float64) {
		for _, s := range h.Sources {
			if s.Queue != nil {
				lag = max(lag, since(h.At, s.Queue.OldestSent))
			}
		}
		return lag
	}, 60},
	{"Failed", "", func(h *convtrack.Health) (n float64) {
		for _, f := range h.Failed {
			n += float64(f.N)
		}
		return n
	}, 1},
}

func milliseconds(d convtrack.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// since is how many seconds ago t was; 0 when it is not known.
func since(now, t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(now.Sub(t).Round(100*time.Millisecond).Seconds(), 0)
}

// healthPage is how the tracker does.
type healthPage struct {
	convtrack.Health

	Gauges []reading `json:"-"`
	Hooks  []waiting `json:"-"`
}

// Unread reports whether that could not be read from the store.
func (p healthPage) Unread(what string) bool { return slices.Contains(p.Uncounted, what) }

func (healthPage) moves() time.Duration { return 0 }

// reading is a gauge with its course over the last minutes.
type reading struct {
	Name, Value, Unit string
	Bad               bool
	Line              string // the points of a line in a box of 100 by 24
	Course            string // the same, in words
}

// waiting are the deliveries of a hook.
type waiting struct {
	Hook   string
	Failed int
	convtrack.DeliveryHealth
}

func (h *Handler) showHealth(ctx context.Context, _ viewer, _ url.Values) (shown, error) {
	p := healthPage{Health: h.health.now(ctx)}
	p.Gauges = h.health.readings()
	hooks := map[string]*waiting{}
	of := func(hook string) *waiting {
		if hooks[hook] == nil {
			hooks[hook] = &waiting{Hook: hook}
		}
		return hooks[hook]
	}
	for hook, d := range p.Deliveries {
		of(hook).DeliveryHealth = d
	}
	for _, f := range p.Failed {
		of(f.Hook).Failed += f.N
	}
	for _, hook := range slices.Sorted(maps.Keys(hooks)) {
		p.Hooks = append(p.Hooks, *hooks[hook])
	}
	return p, nil
}

func (h *health) readings() (all []reading) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, g := range gauges {
		value := g.of(&h.last)
		r := reading{Name: g.name, Unit: g.unit, Value: number(value), Bad: g.bad > 0 && value >= g.bad}
		r.Line, r.Course = h.course(i)
		all = append(all, r)
	}
	return all
}

// course draws the values of a gauge.
func (h *health) course(i int) (points, words string) {
	if len(h.samples) < 2 {
		return "", "no course yet"
	}
	low, high := h.samples[0].values[i], h.samples[0].values[i]
	for _, s := range h.samples {
		low, high = min(low, s.values[i]), max(high, s.values[i])
	}
	first, last := h.samples[0].at, h.samples[len(h.samples)-1].at
	var b strings.Builder
	for _, s := range h.samples {
		x := 100 * float64(s.at.Sub(first)) / float64(max(last.Sub(first), 1))
		y := 22 - 20*(s.values[i]-min(low, 0))/max(high-min(low, 0), 1)
		b.WriteString(strconv.FormatFloat(x, 'f', 1, 64) + "," + strconv.FormatFloat(y, 'f', 1, 64) + " ")
	}
	return strings.TrimSpace(b.String()), "from " + number(low) + " to " + number(high) + " within " + duration(last.Sub(first))
}

func number(v float64) string {
	switch {
	case v == float64(int64(v)):
		return strconv.FormatInt(int64(v), 10)
	case v < 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// processesPage are the processes that share the store.
type processesPage struct {
	Processes []process `json:"processes"`
	// Unread: they could not be read from the store.
	Unread bool `json:"unread,omitzero"`
}

func (processesPage) moves() time.Duration { return 0 }

type process struct {
	This bool `json:"this"` // the one that serves the page
	convtrack.ProcessHealth
}

func (h *Handler) showProcesses(ctx context.Context, _ viewer, _ url.Values) (shown, error) {
	now := h.health.now(ctx)
	p := processesPage{Processes: []process{}, Unread: slices.Contains(now.Uncounted, "processes")}
	for _, is := range now.Processes {
		p.Processes = append(p.Processes, process{is.Name == h.tracker.Instance(), is})
	}
	return p, nil
}
