package conversation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// AgentTime is how long one agent worked on a conversation: DCM's report. It
// sums all sessions of the user, who may leave and come back; alerting does
// not count, nor does a parked e-mail or listening in as a supervisor. It is as
// good as what is known: how long somebody was on hold tell records and detail
// events, how long an e-mail was parked only records. Until one has been read, both
// are part of Connected, also in the end of a conversation that topics tell. As JSON
// it has Genesys's names: userId, and tTalk, tHeld, tAcw and tHandle in
// milliseconds.
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

// agentTime is an AgentTime as JSON.
type agentTime struct {
	UserID   string `json:"userId"`
	Talk     int64  `json:"tTalk"`
	Held     int64  `json:"tHeld"`
	ACW      int64  `json:"tAcw"`
	Handle   int64  `json:"tHandle"`
	Sessions int    `json:"sessions,omitzero"`
}

// MarshalJSON implements json.Marshaler.
func (t AgentTime) MarshalJSON() ([]byte, error) {
	return json.Marshal(agentTime{t.UserID, t.Connected.Milliseconds(), t.Hold.Milliseconds(), t.WrapUp.Milliseconds(), t.Handle.Milliseconds(), t.Sessions})
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *AgentTime) UnmarshalJSON(data []byte) error {
	var a agentTime
	if err := json.Unmarshal(data, &a); err != nil {
		return err
	}
	of := func(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
	*t = AgentTime{a.UserID, of(a.Talk), of(a.Held), of(a.ACW), of(a.Handle), a.Sessions}
	return nil
}

// AgentTimes returns the time that each user of the agents' side worked on the
// conversation, by user id. What a user does at the same time in several
// sessions (a callback and the calls that it dials) counts once: as hold before
// talk, then dialing, then after-call work. Work of which only the length is
// known, not when it was, may be part of other work of its kind: it counts as
// far as it is longer than that. What is still under way does not count yet.
func (c *Conversation) AgentTimes() []AgentTime {
	var all []work
	for i := range c.legs {
		l := &c.legs[i]
		if l.Side != AgentSide || l.Participant.UserID == "" || l.Supervises {
			continue
		}
		id := l.Participant.UserID
		at, found := slices.BinarySearchFunc(all, id, func(w work, id string) int { return strings.Compare(w.userID, id) })
		if !found {
			all = slices.Insert(all, at, work{userID: id})
		}
		all[at].add(l, c.shownHeld(l))
	}
	var times []AgentTime
	for i := range all {
		times = append(times, all[i].sum())
	}
	return times
}

// work is what one user did, when.
type work struct {
	userID                      string
	sessions                    int
	talk, hold, wrapUp, dialing spans
	// Of some work only its length is known, and it may be part of the other:
	// the longest of each kind is kept.
	someWrapUp, someDialing time.Duration
}

func (w *work) sum() AgentTime {
	t := AgentTime{UserID: w.userID, Sessions: w.sessions}
	var all spans
	var dialing time.Duration
	t.Hold, all = w.hold.beside(nil)
	t.Connected, all = w.talk.beside(all)
	dialing, all = w.dialing.beside(all)
	dialing = max(dialing, w.someDialing)
	t.WrapUp, _ = w.wrapUp.beside(all)
	t.WrapUp = max(t.WrapUp, w.someWrapUp)
	t.Handle = t.Connected + t.Hold + t.WrapUp + dialing
	return t
}

// shownHeld returns when the last snapshot was read that shows somebody on hold, of the
// leg and those that ended with it: on which one that is, mostly the customer's, makes no
// difference.
func (c *Conversation) shownHeld(leg *Leg) (at time.Time) {
	for i := range c.legs {
		l := &c.legs[i]
		if l.Session.Held && (l.Session == leg.Session || l.Over && l.End.Sub(leg.End).Abs() <= skew) {
			at = latest(at, l.shownLive())
		}
	}
	return at
}

// add adds what was done on the leg. Segments know it best; without them it
// follows from the times and durations of the leg. held is when somebody was last
// shown on hold.
func (w *work) add(l *Leg, held time.Time) {
	w.sessions++
	if len(l.Session.Segments) > 0 {
		w.addSegments(l, held)
		return
	}
	s := l.Session
	w.addWrapUp(l)
	w.addDialing(l)
	if l.Answered && !l.Connected.IsZero() && l.End.After(l.Connected) {
		held := l.End.Add(-min(ms(s.HeldDurationMs), l.End.Sub(l.Connected))) // when is not known
		w.talk.add(l.Connected, held)
		w.hold.add(held, l.End)
	}
}

// addSegments adds what the segments tell. They were read at some time in the
// life of the leg: what they do not reach is talk, but for what its end tells of hold.
func (w *work) addSegments(l *Leg, held time.Time) {
	wrapups, midway := false, false
	var reach time.Time
	var onHold time.Duration
	for _, g := range l.Session.Segments {
		end := l.segmentEnd(g, held)
		if g.Type != SegmentWrapup {
			reach, midway = latest(reach, end), midway || g.Open()
		}
		switch g.Type {
		case SegmentInteract, SegmentCallback, SegmentSharing, SegmentTransmitting:
			w.talk.add(g.Start, end)
		case SegmentHold:
			w.hold.add(g.Start, end)
			onHold += max(end.Sub(g.Start), 0)
		case SegmentWrapup:
			wrapups = true
			w.wrapUp.add(g.Start, end)
		case SegmentDialing, SegmentContacting:
			w.dialing.add(g.Start, end)
		}
	}
	if l.Over && l.Answered {
		w.talk.add(latest(reach, l.Connected), l.End)
		if more := ms(l.Session.HeldDurationMs) - onHold; more > skew && !l.Connected.IsZero() && (midway || reach.Before(l.End)) {
			w.hold.add(l.End.Add(-min(more, l.End.Sub(l.Connected))), l.End) // when is not known; hold counts before talk
		}
	}
	if !wrapups {
		w.addWrapUp(l)
	}
}

// segmentEnd returns when a segment ended. What was read while it ran does not
// say: then it ended with the after-call work, with what the leg itself says of
// the answer or of parking, or with the leg. Of holding that has ended nobody says
// when: then it is none.
func (l *Leg) segmentEnd(g *Segment, held time.Time) time.Time {
	s := l.Session
	switch {
	case !g.End.IsZero():
		return g.End
	case g.Type == SegmentWrapup && l.WrapUp == WrapUpDone:
		return l.WrapUpEnd
	case g.Type == SegmentWrapup || !l.Over:
	case g.beforeAnswer() && l.Answered && !l.Connected.Before(g.Start):
		return l.Connected
	case g.Type == SegmentHold && !held.After(g.Start.Add(-skew)) && l.shownLive().After(g.Start.Add(skew)):
	case g.Type == SegmentParked && s.ResumeTime.After(g.Start):
		return s.ResumeTime
	default:
		return l.End
	}
	return g.Start
}

// addDialing adds the dialing before the leg was connected, or before it ended
// when nobody answered.
func (w *work) addDialing(l *Leg) {
	s := l.Session
	d := ms(s.DialingDurationMs) + ms(s.ContactingDurationMs)
	switch n := len(s.Ends); {
	case !l.Connected.IsZero():
		w.dialing.add(l.Connected.Add(-d), l.Connected)
	case !l.End.IsZero():
		w.dialing.add(l.End.Add(-d), l.End)
	case n > 0:
		w.dialing.add(s.Ends[n-1].Add(-d), s.Ends[n-1])
	default:
		w.someDialing = max(w.someDialing, d)
	}
}

// addWrapUp adds the after-call work that the leg's own fields tell.
func (w *work) addWrapUp(l *Leg) {
	s := l.Session
	switch d := ms(s.WrapUpDurationMs); {
	case s.ACWEnd.After(s.ACWStart) && !s.ACWStart.IsZero():
		w.wrapUp.add(s.ACWStart, s.ACWEnd)
	case !l.End.IsZero():
		w.wrapUp.add(l.End, l.End.Add(d))
	case !s.WrapUpEnd.IsZero():
		w.wrapUp.add(s.WrapUpEnd.Add(-d), s.WrapUpEnd)
	default:
		w.someWrapUp = max(w.someWrapUp, d)
	}
}
