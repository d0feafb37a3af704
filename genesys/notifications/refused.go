package notifications

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/host"
)

// refusedTopics are the topics that the platform refused. It is safe for
// concurrent use.
type refusedTopics struct {
	log       *slog.Logger
	onRefused func(Refusal) // may be nil

	mu    sync.Mutex
	known map[string]time.Time // those that were reported, and since when they are refused
	fatal map[string]bool      // those of them that make the platform refuse a whole list
	list  []Refusal            // of the known ones, the earliest first
}

func newRefusedTopics(log *slog.Logger, onRefused func(Refusal)) *refusedTopics {
	return &refusedTopics{log: log, onRefused: onRefused, known: map[string]time.Time{}, fatal: map[string]bool{}}
}

// mostRefused is how many refused topics are remembered: detail topics come and
// go without end.
const mostRefused = MostChannels * MostTopics

// report logs topics that are refused since then and calls onRefused, once for each. Those that are not
// wanted any more, as gone tells, are left out: nobody would forget them.
func (t *refusedTopics) report(list []Refusal, since time.Time, gone func(topic string) bool) {
	for _, r := range list {
		if !t.remember(r, since, gone) {
			continue
		}
		t.log.Warn("a topic is refused", "topic", r.Topic, "reason", r.Reason, "missing_permissions", r.MissingPermissions)
		if t.onRefused != nil {
			host.Call(t.log, "Config.OnRefused", func() { t.onRefused(r) })
		}
	}
}

// remember reports whether the refusal is new. Whether its topic is gone is asked under
// the lock: one that goes later is forgotten later.
func (t *refusedTopics) remember(r Refusal, since time.Time, gone func(topic string) bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.known[r.Topic]; known || len(t.known) >= mostRefused || gone(r.Topic) {
		return false
	}
	t.known[r.Topic] = since
	if r.fatal {
		t.fatal[r.Topic] = true
	}
	t.list = append(t.list, r)
	return true
}

// is reports whether the platform has refused a topic, so that nothing comes on it.
func (t *refusedTopics) is(topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.known[topic]
	return known
}

// permitted notes which of the topics that were asked for are not refused any more, and
// returns what was missed of those without which something is.
func (t *refusedTopics) permitted(asked []string, refused []Refusal, misses func(topic string) bool) (missed blindness) {
	t.forgetBut(refusedNames(refused), asked, func(name string, since time.Time) {
		if misses(name) {
			missed = missed.and(blindness{true, since})
		}
	})
	return missed
}

// forget forgets topics that are not wanted any more.
func (t *refusedTopics) forget(topics ...string) {
	t.forgetBut(nil, topics, func(string, time.Time) {})
}

// forgetBut forgets topics, and those that they join, except for some. It calls each
// with every one of the topics that was refused, and since when it, or the earliest of
// those that it joins, was.
func (t *refusedTopics) forgetBut(still map[string]bool, topics []string, each func(topic string, since time.Time)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	gone := map[string]bool{}
	for _, asked := range topics {
		var first time.Time
		for _, name := range withSingles(asked) {
			since, known := t.known[name]
			if !known || still[name] {
				continue
			}
			if first.IsZero() || since.Before(first) {
				first = since
			}
			gone[name] = true
			delete(t.known, name)
			delete(t.fatal, name)
		}
		if !first.IsZero() {
			each(asked, first)
		}
	}
	if len(gone) > 0 {
		t.list = slices.DeleteFunc(t.list, func(r Refusal) bool { return gone[r.Topic] })
	}
}

// withSingles returns a topic and, if it is combined, those that it joins: the platform
// refuses the one or the others.
func withSingles(name string) []string {
	if of := singles(name); of[0] != name {
		return append(of, name)
	}
	return []string{name}
}

func refusedNames(refused []Refusal) map[string]bool {
	is := make(map[string]bool, len(refused))
	for _, r := range refused {
		is[r.Topic] = true
	}
	return is
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
