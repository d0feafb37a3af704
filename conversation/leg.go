package conversation

import (
	"slices"
	"time"
)

// Leg is a session as the rules look at it: what of its life is known, and
// from whom.
type Leg struct {
	Participant *Participant
	Session     *Session
	Side        Side
	// Person is the key of who is on the leg; see [Participant.Person].
	Person string
	// KnownBy is the highest source that has shown the leg. Snapshots and
	// records show all legs there are, so one that they show is not alone.
	KnownBy Source
	// Flattened marks a leg that only media topics have shown: its session id
	// is not Genesys's.
	Flattened bool
	// Supervises marks a leg that only listens in, coaches or barges. It was
	// not assigned to anybody and is nobody's work.
	Supervises bool

	Start time.Time
	// Alerted says that the leg has alerted its person, answered or not. Detail
	// events tell it with the end of the leg.
	Alerted bool
	// Answered says that the leg was connected; Connected is since when, zero
	// when that is not known.
	Answered  bool
	Connected time.Time
	// Over says that the leg is disconnected; End is since when, zero when
	// that is not known.
	Over bool
	End  time.Time

	// AnsweredBy and OverBy are who says so. A conclusion from a source that
	// shows single facts can be premature while others are on their way.
	AnsweredBy, OverBy Source

	// SureFrom is since when the end is sure: a time after it when it is only
	// concluded from a record that has no next segment, which may not be written
	// yet. It is zero when somebody says that the leg is over.
	SureFrom time.Time

	// ConsultTransferred says that the agent left the leg by completing a
	// consult: by its disconnect type, or by the metric of it (protocol 7.6).
	ConsultTransferred bool

	// WrapUp says whether the leg still owes after-call work.
	WrapUp WrapUp
	// WrapUpEnd is when the after-call work ended; zero when there was none or
	// it is not known.
	WrapUpEnd      time.Time
	wrapUpSupposed bool // pending because nobody says otherwise

	// Shadow is the id under which media topics know the leg; empty when they
	// have not shown it.
	Shadow string

	live *Participant // in which the live API put it
}

// WrapUp is the state of a leg's after-call work.
type WrapUp uint8

// The states of after-call work.
const (
	WrapUpNone    WrapUp = iota // none, or none owed
	WrapUpPending               // owed or under way
	WrapUpDone
)

// Legs returns the legs of the conversation in the order of its participants.
// The slice must not be changed.
func (c *Conversation) Legs() []Leg { return c.legs }

func (c *Conversation) findLegs() []Leg {
	n := 0
	for _, p := range c.Participants {
		n += len(p.Sessions)
	}
	handedOver := c.handedOver()
	legs := make([]Leg, 0, n)
	for _, p := range c.Participants {
		side, person := p.Purpose.Side(), p.Person()
		for _, s := range p.Sessions {
			l := Leg{Participant: p, Session: s, Side: side, Person: person, KnownBy: s.owner, Flattened: s.shadow,
				Supervises: s.supervises() || c.supervises(p, s), Start: s.Start, Alerted: side == AgentSide && c.alerted(p, s), live: c.live(p, s)}
			for _, shadow := range p.shadows.All() {
				if shadow.MediaType == s.MediaType {
					l.Shadow = shadow.ID
				}
			}
			l.findAnswer()
			l.findEnd(c)
			l.findWrapUp(handedOver)
			l.ConsultTransferred = side == AgentSide && l.Over && s.consultTransferred()
			legs = append(legs, l)
		}
		settleWrapUp(legs[len(legs)-len(p.Sessions):])
	}
	return legs
}

// handedOver returns when agents transferred ACD work blindly.
func (c *Conversation) handedOver() []time.Time {
	var times []time.Time
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			if s.QueueID == "" || s.DisconnectedTime.IsZero() || p.Purpose.Side() != AgentSide {
				continue
			}
			if how := s.DisconnectType; how.ByTransfer() && !how.ByConsultTransfer() {
				times = append(times, s.DisconnectedTime)
			}
		}
	}
	return times
}

// QueueID returns the id of the queue through which the leg has come, as
// [Participant.QueueOf] does for the participant in which the live API put it.
func (l *Leg) QueueID() string { return l.live.QueueOf(l.Session) }

// QueueOf returns the id of the queue through which a leg of the participant has
// come; empty when it came through none, or that is not known. It is what the
// session says, else what the participant says. A record gathers all sessions of a
// user in one participant, which has the queue of the first: where another session
// says its queue that speaks of no other one.
func (p *Participant) QueueOf(s *Session) string {
	if s.QueueID != "" || p.QueueID == "" {
		return s.QueueID
	}
	for _, other := range p.Sessions {
		if other != s && other.QueueID != "" {
			return ""
		}
	}
	return p.QueueID
}

// live returns the participant in which the live API put the session.
func (c *Conversation) live(p *Participant, s *Session) *Participant {
	if s.LiveParticipantID == "" || s.LiveParticipantID == p.ID {
		return p
	}
	if live := c.Participant(s.LiveParticipantID); live != nil {
		return live
	}
	return p
}

// settleWrapUp: a participant does after-call work once. A leg that is only
// supposed to owe some owes none when the work was done on another leg of the
// participant after it ended.
func settleWrapUp(legs []Leg) {
	var done time.Time
	for i := range legs {
		if legs[i].WrapUp == WrapUpDone {
			done = latest(done, legs[i].WrapUpEnd)
		}
	}
	for i := range legs {
		if l := &legs[i]; l.wrapUpSupposed && !done.Before(l.End) {
			l.WrapUp = WrapUpNone
		}
	}
}

// alerted reports whether anybody has said that the session alerts or has
// alerted.
func (c *Conversation) alerted(p *Participant, s *Session) bool {
	if len(c.Alerted) == 0 {
		return false
	}
	has := func(id string) bool { _, found := slices.BinarySearch(c.Alerted, id); return found }
	if has(s.ID) {
		return true
	}
	shadow := p.shadowOf(s)
	return shadow != nil && has(shadow.ID)
}

// alerted reports whether what is stated of the session says that it alerts or
// has alerted.
func (s *Session) alerted() bool {
	if s.State == StateAlerting || ms(s.AlertingDurationMs) > 0 {
		return true
	}
	for _, g := range s.Segments {
		if g.Type == SegmentAlert && (g.Open() || g.End.After(g.Start)) {
			return true
		}
	}
	return false
}

// findAnswer: a leg was answered when it has a connected time or was seen
// connected (protocol 7.3). After-call work proves nothing.
func (l *Leg) findAnswer() {
	s := l.Session
	l.Answered = s.WasConnected || s.State.phase() == phaseConnected || !s.ConnectedTime.IsZero()
	if !l.Answered {
		return
	}
	l.Connected = s.ConnectedTime
	by := s.stated(fieldSessionConnected)
	if by == 0 && s.WasConnected {
		by = s.stated(fieldSessionWasConnected)
	}
	l.AnsweredBy = max(by, SourceHint)
}

// findEnd: the hang-up is the disconnected time, whatever the state says (the
// first message of after-call work still says connected, trap 10). A
// participant that is completely done is off the legs that it had by then, and
// a record that says the conversation is over ends every leg it knows.
func (l *Leg) findEnd(c *Conversation) {
	s, p := l.Session, l.live
	done := !p.End.IsZero() && !l.begin().IsZero() && !l.begin().After(p.End)
	switch over := s.State.phase() == phaseOver; {
	case s.overBySegments:
		l.Over, l.End, l.OverBy = true, s.DisconnectedTime, SourceAnalytics
		if !l.End.IsZero() && !done && !s.endIsSaid() && (c.RecordedEnd.IsZero() || !l.begunBy(c.RecordedEnd)) {
			l.SureFrom = l.End.Add(nextSegmentWithin)
		}
	case !s.DisconnectedTime.IsZero():
		l.Over, l.End = true, s.DisconnectedTime
		if l.OverBy = s.stated(fieldSessionDisconnected); l.OverBy == 0 && over && s.SegmentsEnded {
			l.OverBy = s.stated(fieldSessionState)
		}
	case over:
		l.Over, l.OverBy = true, s.stated(fieldSessionState)
		if done {
			l.End = p.End
		}
	case done:
		l.Over, l.End = true, p.End
		l.OverBy = participantFields.source(p, fieldParticipantEnd)
	case !c.RecordedEnd.IsZero() && l.begunBy(c.RecordedEnd):
		l.Over, l.End, l.OverBy = true, c.RecordedEnd, SourceREST
	}
	if l.Over {
		l.OverBy = max(l.OverBy, SourceHint)
	}
}

// LiveParticipant returns the participant in which the live API shows the leg: a
// record may gather the legs of a user in one. What is said of a participant, such
// as that it consults, is said of its legs in the live API.
func (l *Leg) LiveParticipant() *Participant { return l.live }

// begin is when the leg began, as far as it is known.
func (l *Leg) begin() time.Time { return earliest(l.Start, l.Session.ConnectedTime) }

// Began returns when the leg began, alerting and waiting included. Topic
// snapshots do not say it: then it is when its participant joined, or the leg was
// connected. It is zero when nobody has said that either. A callback that is scheduled
// does not wait in its queue before it is due, which is a time that may lie ahead.
func (l *Leg) Began() time.Time {
	began := earliest(l.live.Start, l.Connected)
	if !l.Start.IsZero() {
		began = l.begin()
	}
	if due := l.Session.CallbackScheduledTime; l.Side == QueueSide && due.After(began) && !(l.Over && l.End.Before(due)) {
		return due
	}
	return began
}

// scheduled reports whether the leg is a callback that is not due yet, as far as
// that was said: records show it by a segment, and say nothing of the state.
func (l *Leg) scheduled() bool {
	s := l.Session
	if s.State.phase() == phaseWaiting {
		return true
	}
	n := len(s.Segments)
	return n > 0 && s.Segments[n-1].Type == SegmentScheduled && s.Segments[n-1].Open() && s.stated(fieldSessionState) == 0
}

// begunBy reports whether the leg had begun by t. A leg whose times nobody
// knows is old when a record lists it.
func (l *Leg) begunBy(t time.Time) bool {
	if began := l.begin(); !began.IsZero() {
		return !began.After(t)
	}
	return l.KnownBy >= SourceREST && !l.live.Start.After(t) // it is as old as its participant
}

// shown reports whether anybody has shown the leg. A metric record names no
// participant, and does not say whether the leg goes on.
func (l *Leg) shown() bool {
	s := l.Session
	return l.Participant.ID != "" || len(s.Starts) > 0 ||
		s.stated(fieldSessionState) != 0 || s.stated(fieldSessionWasConnected) != 0 || s.stated(fieldSessionConnected) != 0
}

// findWrapUp: protocol 7.9. Only an agent's leg that is over can owe
// after-call work, and one that was never answered owes none, although it may
// do some.
func (l *Leg) findWrapUp(handedOver []time.Time) {
	s, p := l.Session, l.live
	if l.Side != AgentSide || !l.Over {
		return
	}
	l.WrapUpEnd = latest(s.ACWEnd, s.WrapUpEnd)
	wrapups, open := 0, false
	for _, g := range s.Segments {
		if g.Type == SegmentWrapup {
			wrapups++
			open = open || g.Open()
			l.WrapUpEnd = latest(l.WrapUpEnd, g.End)
		}
	}
	_, handled := s.metric("tHandle")
	done := !p.End.IsZero() && !p.End.Before(l.End)
	switch {
	case s.ACWState == ACWNotApplicable:
		l.WrapUp = WrapUpNone
	case s.ACWState.done(), !s.ACWEnd.IsZero(), s.ACWSkipped, handled, wrapups > 0 && !open, done:
		l.WrapUp = WrapUpDone
	case s.ACWState == ACWPending, open, !s.ACWStart.IsZero():
		l.WrapUp = WrapUpPending
	case s.WrapUpCode != "":
		l.WrapUp = WrapUpDone
	case l.owesWrapUp(handedOver):
		l.WrapUp, l.wrapUpSupposed = WrapUpPending, true
	}
}

// owesWrapUp decides for an agent's leg of whose after-call work nobody says
// anything: the live API says whether it is required; an analytics record that
// has the talk but not yet the handle time was read during after-call work
// (protocol 6.7); detail events say nothing, so ACD work is taken to owe it:
// work that came through a queue, or that an agent handed over.
func (l *Leg) owesWrapUp(handedOver []time.Time) bool {
	if !l.Answered || l.Supervises {
		return false
	}
	s := l.Session
	switch {
	case s.ACWRequired || l.live.WrapUpRequired:
		return true
	case s.stated(fieldSessionHeld) != 0 || s.filled:
		return false // a snapshot shows the leg, and no after-call work
	case l.KnownBy == SourceAnalytics:
		_, answered := s.metric("tAnswered")
		_, talked := s.metric("tTalk")
		return answered || talked
	}
	return s.QueueID != "" || slices.ContainsFunc(handedOver, func(t time.Time) bool {
		return l.Start.After(t.Add(-skew)) && l.Start.Before(t.Add(2*skew))
	})
}

// routedOn reports whether the leg, the last one to end, was left by a
// transfer of which no message has shown the target yet.
func (l *Leg) routedOn() bool {
	return l.Side != CustomerSide && l.Session.DisconnectType.ByTransfer() && l.OverBy.SingleFact()
}
