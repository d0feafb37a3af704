package notifications

import (
	"log/slog"
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
	fatal map[string]bool // those that make the platform refuse a whole list
	list  []Refusal
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
	if r.fatal {
		t.fatal[r.Topic] = true
	}
	if t.known[r.Topic] || len(t.known) >= mostRefused {
		return false
	}
	t.known[r.Topic] = true
	if len(t.list) < MostTopics {
		t.list = append(t.list, r)
	}
	return true
}

// without leaves out the topics that make the platform refuse a whole list.
func (t *refusedTopics) without(topics []string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(topics, func(name string) bool { return t.fatal[name] })
}

// all returns the refusals, the earliest first, at most MostTopics of them.
func (t *refusedTopics) all() []Refusal {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.list)
}
