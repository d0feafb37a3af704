package conversation

import (
	"slices"
	"strings"
	"time"
)

// AgentTime is how long one agent worked on a conversation: DCM's report. It
// sums all sessions of the user, who may leave and come back; alerting does
// not count, nor does a parked e-mail or listening in as a supervisor.
type AgentTime struct {
	UserID string
	// Connected is the talking time, without hold.
	Connected time.Duration
	Hold      time.Duration
	WrapUp    time.Duration
	// Handle is Connected + Hold + WrapUp + dialing and contacting, as in
	// Genesys's tHandle.
	Handle time.Duration
	// Sessions is how many sessions the user had, answered or not.
	Sessions int
}

// AgentTimes returns the time that each user of the agents' side worked on the
// conversation, by user id. What is still under way does not count yet.
func (c *Conversation) AgentTimes() []AgentTime {
	var times []AgentTime
	for i := range c.legs {
		l := &c.legs[i]
		if l.Side != AgentSide || l.Participant.UserID == "" || l.Supervises {
			continue
		}
		id := l.Participant.UserID
		at, found := slices.BinarySearchFunc(times, id, func(t AgentTime, id string) int { return strings.Compare(t.UserID, id) })
		if !found {
			times = slices.Insert(times, at, AgentTime{UserID: id})
		}
		times[at].add(l)
	}
	return times
}

func (t *AgentTime) add(l *Leg) {
	t.Sessions++
	talk, hold, wrapUp, dialing := l.work()
	t.Connected += talk
	t.Hold += hold
	t.WrapUp += wrapUp
	t.Handle += talk + hold + wrapUp + dialing
}

// work splits the time of the leg. Segments know it best; without them it
// follows from the times and durations of the leg.
func (l *Leg) work() (talk, hold, wrapUp, dialing time.Duration) {
	if len(l.Session.Segments) > 0 {
		return l.workBySegments()
	}
	s := l.Session
	wrapUp = l.wrapUpByTimes()
	dialing = ms(s.DialingDurationMs) + ms(s.ContactingDurationMs)
	if l.Answered && !l.Connected.IsZero() && l.End.After(l.Connected) {
		hold = min(ms(s.HeldDurationMs), l.End.Sub(l.Connected))
		talk = l.End.Sub(l.Connected) - hold
	}
	return talk, hold, wrapUp, dialing
}

func (l *Leg) workBySegments() (talk, hold, wrapUp, dialing time.Duration) {
	wrapups := false
	for _, g := range l.Session.Segments {
		length := max(l.segmentEnd(g).Sub(g.Start), 0)
		switch g.Type {
		case SegmentInteract, SegmentCallback, SegmentSharing, SegmentTransmitting:
			talk += length
		case SegmentHold:
			hold += length
		case SegmentWrapup:
			wrapups = true
			wrapUp += length
		case SegmentDialing, SegmentContacting:
			dialing += length
		}
	}
	if !wrapups {
		wrapUp = l.wrapUpByTimes()
	}
	return talk, hold, wrapUp, dialing
}

// segmentEnd returns when a segment ended. A record that was read while it ran
// does not say: then it ended with the leg, or with the after-call work.
func (l *Leg) segmentEnd(g *Segment) time.Time {
	switch {
	case !g.End.IsZero():
		return g.End
	case g.Type == SegmentWrapup && l.WrapUp == WrapUpDone:
		return l.WrapUpEnd
	case g.Type != SegmentWrapup && l.Over:
		return l.End
	}
	return g.Start
}

func (l *Leg) wrapUpByTimes() time.Duration {
	s := l.Session
	if s.ACWEnd.After(s.ACWStart) && !s.ACWStart.IsZero() {
		return s.ACWEnd.Sub(s.ACWStart)
	}
	return ms(s.WrapUpDurationMs)
}
