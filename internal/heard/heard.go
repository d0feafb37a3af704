// Package heard knows how the sources do: since when each hears or is blind, from
// the gaps that it announces, and what it says itself.
package heard

import (
	"maps"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Source is how a source does.
type Source struct {
	Failed       string // the error with which it has ended for good
	Gaps, Losses int64
	Lost         conversation.Gap // the latest loss
	conversation.SourceHealth
}

// Sources is what is known of the sources, by their names. It is safe for
// concurrent use.
type Sources struct {
	mu        sync.Mutex
	sources   map[string]Source
	reporters map[string]*report
}

// Begin is for a source that begins to run; r is nil where it says nothing of itself.
func (h *Sources) Begin(name string, r Reporter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sources == nil {
		h.sources, h.reporters = map[string]Source{}, map[string]*report{}
	}
	h.sources[name] = Source{}
	if r != nil {
		h.reporters[name] = &report{of: r}
	}
}

// change changes what is known of a source.
func (h *Sources) change(name string, do func(s *Source)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sources == nil {
		h.sources, h.reporters = map[string]Source{}, map[string]*report{}
	}
	s := h.sources[name]
	do(&s)
	h.sources[name] = s
}

// Gap notes when a source is blind, and that it hears again.
func (h *Sources) Gap(g conversation.Gap, now time.Time) {
	h.change(g.Source, func(s *Source) {
		if g.Lost { // that is about what was said, not about the source
			s.Losses++
			s.Lost = g
			return
		}
		if s.BlindSince.IsZero() { // else it is the end of one that was counted
			s.Gaps++
		}
		switch {
		case !g.To.IsZero():
			s.HeardSince, s.BlindSince, s.Reason = g.To.UTC(), time.Time{}, ""
		case s.BlindSince.IsZero():
			s.HeardSince, s.BlindSince, s.Reason = time.Time{}, g.From.UTC(), g.Reason
			if g.From.IsZero() {
				s.BlindSince = now.UTC() // it has never heard
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
			s.HeardSince, s.BlindSince, s.Reason = time.Time{}, now.UTC(), "it has failed for good"
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
		all[name] = join(all[name], r.ask())
	}
	return all
}

// join puts together what is known of a source and what it says. It is blind when
// either says so, since the earlier time; what it says itself of the reason is
// closer to it.
func join(s Source, says conversation.SourceHealth) Source {
	known := s.SourceHealth
	s.SourceHealth = says
	switch {
	case known.BlindSince.IsZero() && says.BlindSince.IsZero():
		if known.HeardSince.After(says.HeardSince) {
			s.HeardSince = known.HeardSince
		}
		return s
	case says.BlindSince.IsZero(), !known.BlindSince.IsZero() && known.BlindSince.Before(says.BlindSince):
		s.BlindSince = known.BlindSince
	}
	s.HeardSince = time.Time{}
	if s.Reason == "" {
		s.Reason = known.Reason
	}
	return s
}
