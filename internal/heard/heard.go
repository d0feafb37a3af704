// Package heard knows how the sources do: since when each hears or is blind, from
// the gaps that it announces, and what it says itself.
package heard

import (
	"maps"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Source is how a source does. HeardSince is zero while it is blind, BlindSince
// while it hears.
type Source struct {
	HeardSince, BlindSince time.Time
	Reason                 string
	Failed                 string // the error with which it has ended for good
	Says                   conversation.SourceHealth
}

// reporter is a source that says how it does.
type reporter interface {
	Health() conversation.SourceHealth
}

// Sources is what is known of the sources, by their names. It is safe for
// concurrent use.
type Sources struct {
	mu        sync.Mutex
	sources   map[string]Source
	reporters map[string]reporter
}

// Begin is for a source that begins to run; r is nil where it says nothing of itself.
func (h *Sources) Begin(name string, r reporter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sources == nil {
		h.sources, h.reporters = map[string]Source{}, map[string]reporter{}
	}
	h.sources[name] = Source{}
	if r != nil {
		h.reporters[name] = r
	}
}

// change changes what is known of a source.
func (h *Sources) change(name string, do func(s *Source)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sources == nil {
		h.sources = map[string]Source{}
	}
	s := h.sources[name]
	do(&s)
	h.sources[name] = s
}

// Gap notes when a source is blind, and that it hears again.
func (h *Sources) Gap(g conversation.Gap, now time.Time) {
	if g.Lost {
		return // that is about what was said, not about the source
	}
	h.change(g.Source, func(s *Source) {
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

// Fail notes that a source has ended for good.
func (h *Sources) Fail(name string, err error, now time.Time) {
	h.change(name, func(s *Source) {
		s.Failed = err.Error()
		if s.BlindSince.IsZero() {
			s.HeardSince, s.BlindSince, s.Reason = time.Time{}, now, "it has failed for good"
		}
	})
}

// All returns what is known, with what the sources say themselves.
func (h *Sources) All() map[string]Source {
	h.mu.Lock()
	all, reporters := maps.Clone(h.sources), maps.Clone(h.reporters)
	h.mu.Unlock()
	if all == nil {
		all = map[string]Source{}
	}
	for name, r := range reporters {
		s := all[name]
		s.Says = r.Health()
		all[name] = s
	}
	return all
}
