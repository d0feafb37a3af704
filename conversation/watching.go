package conversation

import (
	"slices"
	"strings"
)

// Who watches, listens in, coaches or barges was not assigned the
// conversation. Genesys says so by the medium, by the id of who is watched, by
// the segments and by the metrics, and keeps adding forms of it (C9): what
// looks alike counts.

// supervises reports whether the participant only watches.
func (p *Participant) supervises() bool {
	return p.Supervises || p.MonitoredParticipantID != "" || p.CoachedParticipantID != "" || p.BargedParticipantID != ""
}

// supervises reports whether the participant in which the live API shows the leg
// only watches. A record gathers the legs of a user in one participant: who watched
// on one of them may talk on another.
func (c *Conversation) supervises(p *Participant, s *Session) bool {
	live := c.live(p, s)
	if !live.supervises() {
		return false
	}
	if s.LiveParticipantID != "" || s.shadow || len(live.Sessions) == 1 {
		return true
	}
	if !live.shadows.IsZero() {
		return live.shadowOf(s) != nil
	}
	return !slices.ContainsFunc(live.Sessions, func(other *Session) bool { return other.LiveParticipantID == live.ID })
}

// supervises reports whether the leg is only for watching.
func (s *Session) supervises() bool {
	if s.Supervises || s.MonitoredParticipantID != "" || s.CoachedParticipantID != "" || s.BargedParticipantID != "" || s.MediaType.watches() {
		return true
	}
	watches, talks := s.bySegments()
	if !watches {
		watches, talks = s.byMetrics()
	}
	return watches && !talks
}

// bySegments reports whether the segments are of watching, and of talking.
func (s *Session) bySegments() (watches, talks bool) {
	for _, g := range s.Segments {
		switch {
		case g.Type == SegmentInteract || g.Type == SegmentHold:
			talks = true
		case g.Type.watches():
			watches = true
		}
	}
	return watches, talks
}

// byMetrics reports whether the metrics are of watching, and of talking. A leg
// has those of its own segments (protocol 6.7). Should Genesys count watching
// on the leg that is watched, too, that one has talked.
func (s *Session) byMetrics() (watches, talks bool) {
	for i := range s.Metrics {
		switch name := s.Metrics[i].Name; name {
		case "tTalk", "tTalkComplete", "tHeld", "tHeldComplete":
			talks = true
		default:
			watches = watches || metricOfWatching(name)
		}
	}
	return watches, talks
}

func (m MediaType) watches() bool {
	switch m {
	case "", MediaVoice, MediaMessage, MediaEmail, MediaCallback, MediaChat:
		return false
	}
	return tellsWatching(string(m))
}

func (t SegmentType) watches() bool {
	switch t {
	case SegmentAlert, SegmentInteract, SegmentHold, SegmentWrapup, SegmentDialing, SegmentIVR, SegmentDelay:
		return false
	}
	return tellsWatching(string(t))
}

// metricOfWatching reports whether a metric is of somebody who watches:
// tMonitoring, tCoachingComplete, tScreenMonitoring and what looks alike. One of
// being watched is not.
func metricOfWatching(name string) bool {
	name = strings.TrimSuffix(name, "Complete")
	return strings.HasSuffix(name, "Monitoring") || strings.HasSuffix(name, "Coaching") ||
		strings.HasSuffix(name, "Barging") || strings.HasSuffix(name, "Whispering")
}

func tellsWatching(word string) bool {
	word = strings.ToLower(word)
	for _, part := range []string{"monitor", "coach", "barg", "whisper"} {
		if strings.Contains(word, part) {
			return true
		}
	}
	return false
}
