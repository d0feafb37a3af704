// Package heard knows how the sources do: since when each hears or is blind, from
// the gaps that it announces, and what it says itself.
package heard

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Source is how a source does.
type Source struct {
	Failed       string // the error with which it has ended for good
	Gaps, Losses int64
	Lost         conversation.Gap // the latest loss
	LostAt       time.Time        // when it was found out
	conversation.SourceHealth
}

// Sources is what is known of the sources, by their names. It is safe for
// concurrent use.
type Sources struct {
	mu    sync.Mutex
	known map[string]*source
}

// source is what is known of one.
type source struct {
	failed       string
	gaps, losses int64
	lost         conversation.Gap
	lostAt       time.Time
	parts        map[string]part // by the names that its gaps have
	report       *report         // nil: it says nothing of itself
}

// part is a part of a source that can be blind by itself, as one of several
// sockets. One of the times is zero.
type part struct {
	heardSince, blindSince time.Time
	reason                 string
}

// Begin is for a source that begins to run, or something else that says how it
// does; r is nil where it says nothing of itself.
func (h *Sources) Begin(name string, r Reporter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.of(name)
	*s = source{parts: map[string]part{}}
	if r != nil {
		s.report = &report{of: r}
	}
}

// of returns the source of that name. The caller holds the lock.
func (h *Sources) of(name string) *source {
	if h.known == nil {
		h.known = map[string]*source{}
	}
	if h.known[name] == nil {
		h.known[name] = &source{parts: map[string]part{}}
	}
	return h.known[name]
}

// owner returns the source that has announced a gap: the name of a part of it is
// its own and a slash before that of the part.
func (h *Sources) owner(name string) *source {
	for whole := name; h.known[name] == nil; {
		i := strings.LastIndexByte(whole, '/')
		if i < 0 {
			break
		}
		whole = whole[:i]
		if s := h.known[whole]; s != nil {
			return s
		}
	}
	return h.of(name)
}

// Gap notes when a source is blind, and that it hears again. It reports whether that
// is a blindness which was not known yet.
func (h *Sources) Gap(g conversation.Gap, now time.Time) (counted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.owner(g.Source)
	if g.Lost { // that is about what was said, not about the source
		s.losses++
		s.lost, s.lostAt = g, now
		return false
	}
	is := s.parts[g.Source]
	if counted = is.blindSince.IsZero(); counted { // else it is the end of one that was counted
		s.gaps++
	}
	switch {
	case !g.To.IsZero():
		is = part{heardSince: g.To.UTC()}
	case !is.blindSince.IsZero():
		is.reason = g.Reason
	case g.From.IsZero(): // it has never heard
		is = part{blindSince: now.UTC(), reason: g.Reason}
	default:
		is = part{blindSince: g.From.UTC(), reason: g.Reason}
	}
	s.parts[g.Source] = is
	return counted
}

// Fail notes that a source has ended for good, and reports whether it has become blind
// by that.
func (h *Sources) Fail(name string, err error, now time.Time) (counted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.of(name)
	s.failed = fmt.Sprint(err) // which an error of the host's that panics does not end
	if counted = s.parts[name].blindSince.IsZero(); counted {
		s.gaps++
		s.parts[name] = part{blindSince: now.UTC(), reason: "it has failed for good"}
	}
	return counted
}

// All returns what is known, with what the sources say themselves.
func (h *Sources) All() map[string]Source {
	h.mu.Lock()
	all, reports := map[string]Source{}, map[string]*report{}
	for name, s := range h.known {
		all[name] = Source{Failed: s.failed, Gaps: s.gaps, Losses: s.losses, Lost: s.lost, LostAt: s.lostAt, SourceHealth: s.heard()}
		if s.report != nil {
			reports[name] = s.report
		}
	}
	h.mu.Unlock()
	says := ask(reports)
	for name := range reports {
		all[name] = join(all[name], says[name])
	}
	return all
}

// heard is what the gaps of a source show: it is blind while one of its parts is.
func (s *source) heard() (is conversation.SourceHealth) {
	for _, p := range s.parts {
		switch {
		case !p.blindSince.IsZero() && (is.BlindSince.IsZero() || p.blindSince.Before(is.BlindSince)):
			is.BlindSince, is.Reason = p.blindSince, p.reason
		case p.heardSince.After(is.HeardSince):
			is.HeardSince = p.heardSince
		}
	}
	if !is.BlindSince.IsZero() {
		is.HeardSince = time.Time{}
	}
	return is
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
