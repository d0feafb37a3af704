package notifications

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/dcmkit/convtrack/internal/host"
)

// refusedTopics are the topics that the platform refused. It is safe for
// concurrent use.
type refusedTopics struct {
	log       *slog.Logger
	onRefused func(Refusal) // may be nil

	mu    sync.Mutex
	known map[string]bool // those that were reported
	fatal map[string]bool // those of them that make the platform refuse a whole list
	list  []Refusal       // of the known ones, the earliest first
}

func newRefusedTopics(log *slog.Logger, onRefused func(Refusal)) *refusedTopics {
	return &refusedTopics{log: log, onRefused: onRefused, known: map[string]bool{}, fatal: map[string]bool{}}
}

// mostRefused is how many refused topics are remembered: detail topics come and
// go without end.
const mostRefused = MostChannels * MostTopics

// report logs refused topics and calls onRefused, once for each.
func (t *refusedTopics) report(list []Refusal) {
	for _, r := range list {
		if !t.remember(r) {
			continue
		}
		t.log.Warn("a topic is refused", "topic", r.Topic, "reason", r.Reason, "missing_permissions", r.MissingPermissions)
		if t.onRefused != nil {
			host.Call(t.log, "Config.OnRefused", func() { t.onRefused(r) })
		}
	}
}

// remember reports whether the refusal is new.
func (t *refusedTopics) remember(r Refusal) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[r.Topic] || len(t.known) >= mostRefused {
		return false
	}
	t.known[r.Topic] = true
	if r.fatal {
		t.fatal[r.Topic] = true
	}
	t.list = append(t.list, r)
	return true
}

// permitted notes which of the topics that were asked for are not refused any more.
func (t *refusedTopics) permitted(asked []string, refused []Refusal) {
	still := map[string]bool{}
	for _, r := range refused {
		still[r.Topic] = true
	}
	t.forget(slices.DeleteFunc(slices.Clone(asked), func(name string) bool { return still[name] })...)
}

// forget forgets topics that are not refused or not wanted any more.
func (t *refusedTopics) forget(topics ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	gone := map[string]bool{}
	for _, name := range topics {
		if t.known[name] {
			gone[name] = true
			delete(t.known, name)
			delete(t.fatal, name)
		}
	}
	if len(gone) > 0 {
		t.list = slices.DeleteFunc(t.list, func(r Refusal) bool { return gone[r.Topic] })
	}
}

// mostRetried is how many topics that make the platform refuse a whole list are tried
// again at a time: each costs some calls until it is found.
const mostRetried = 10

// without leaves out the topics that make the platform refuse a whole list, but for some
// of them, chosen at random, when they are to be retried.
func (t *refusedTopics) without(topics []string, retry bool) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.DeleteFunc(slices.Clone(topics), func(name string) bool { return !t.fatal[name] })
	if retry {
		rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		out = out[min(len(out), mostRetried):]
	}
	is := set(out)
	return slices.DeleteFunc(topics, func(name string) bool { return is[name] })
}

// all returns the refusals, the earliest first, at most MostTopics of them.
func (t *refusedTopics) all() []Refusal {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.list[:min(len(t.list), MostTopics)])
}
