package convtrack

import (
	"maps"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// heard is what is known of the sources, by their names.
type heard struct {
	mu        sync.Mutex
	sources   map[string]SourceHealth
	reporters map[string]HealthReporter
}

// begin is for a source that begins to run.
func (h *heard) begin(name string, s Source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sources == nil {
		h.sources, h.reporters = map[string]SourceHealth{}, map[string]HealthReporter{}
	}
	h.sources[name] = SourceHealth{}
	if r, ok := s.(HealthReporter); ok {
		h.reporters[name] = r
	}
}

// change changes what is known of a source.
func (h *heard) change(name string, do func(s *SourceHealth)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sources == nil {
		h.sources = map[string]SourceHealth{}
	}
	s := h.sources[name]
	do(&s)
	h.sources[name] = s
}

// gap notes when a source is blind, and that it hears again.
func (h *heard) gap(g conversation.Gap, now time.Time) {
	if g.Lost {
		return // that is about what was said, not about the source
	}
	h.change(g.Source, func(s *SourceHealth) {
		switch {
		case !g.To.IsZero():
			s.HeardSince, s.BlindSince, s.Reason = g.To, time.Time{}, ""
		case s.BlindSince.IsZero():
			s.HeardSince, s.BlindSince, s.Reason = time.Time{}, g.From, g.Reason
			if g.From.IsZero() {
				s.BlindSince = now // it has never heard
			}
		default:
			s.Reason = g.Reason
		}
	})
}

// fail notes that a source has ended for good.
func (h *heard) fail(name string, err error, now time.Time) {
	h.change(name, func(s *SourceHealth) {
		s.Failed = err.Error()
		if s.BlindSince.IsZero() {
			s.HeardSince, s.BlindSince, s.Reason = time.Time{}, now, "it has failed for good"
		}
	})
}

// health returns what is known, with what the sources say themselves.
func (h *heard) health() map[string]SourceHealth {
	h.mu.Lock()
	all, reporters := maps.Clone(h.sources), maps.Clone(h.reporters)
	h.mu.Unlock()
	if all == nil {
		all = map[string]SourceHealth{}
	}
	for name, r := range reporters {
		s := all[name]
		s.SourceHealth = r.Health()
		all[name] = s
	}
	return all
}

// trouble is what is wrong with the store, and since when.
type trouble struct {
	mu    sync.Mutex
	is    string
	since time.Time
}

// note notes what was found and returns since when that is so; changed is told
// of what was before.
func (t *trouble) note(is string, now time.Time, changed func(was string, since time.Time)) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if is != t.is {
		was, since := t.is, t.since
		if t.is = is; was == "" {
			t.since = now
		}
		if is == "" {
			t.since = time.Time{}
		}
		changed(was, since)
	}
	return t.since
}
