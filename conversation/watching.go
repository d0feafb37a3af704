package conversation

import "strings"

// Who watches, listens in, coaches or barges was not assigned the
// conversation. Genesys says so by the medium, by the id of who is watched and
// by the segments, and keeps adding forms of it (C9): what looks alike counts.

// supervises reports whether the participant only watches.
func (p *Participant) supervises() bool {
	return p.Supervises || p.MonitoredParticipantID != "" || p.CoachedParticipantID != "" || p.BargedParticipantID != ""
}

// supervises reports whether the leg is only for watching.
func (s *Session) supervises() bool {
	if s.Supervises || s.MonitoredParticipantID != "" || s.CoachedParticipantID != "" || s.BargedParticipantID != "" || s.MediaType.watches() {
		return true
	}
	watches := false
	for _, g := range s.Segments {
		switch {
		case g.Type == SegmentInteract || g.Type == SegmentHold:
			return false
		case g.Type.watches():
			watches = true
		}
	}
	return watches
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

func tellsWatching(word string) bool {
	word = strings.ToLower(word)
	for _, part := range []string{"monitor", "coach", "barg", "whisper"} {
		if strings.Contains(word, part) {
			return true
		}
	}
	return false
}
