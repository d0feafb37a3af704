package conversation

import "time"

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

	// WrapUp says whether the leg still owes after-call work.
	WrapUp WrapUp
	// WrapUpEnd is when the after-call work ended; zero when there was none or
	// it is not known.
	WrapUpEnd      time.Time
	wrapUpSupposed bool // pending because nobody says otherwise
}

// WrapUp is the state of a leg's after-call work.
type WrapUp uint8

// The states of after-call work.
const (
	WrapUpNone    WrapUp = iota // none, or none owed
	WrapUpPending               // owed or under way
	WrapUpDone
)

// SingleFact reports whether a message of this source shows only a part of
// the conversation, so that a conclusion from it can be premature.
func (s Source) SingleFact() bool { return s.singleFact() }

// Legs returns the legs of the conversation in the order of its participants.
// The slice must not be changed.
func (c *Conversation) Legs() []Leg { return c.legs }

func (c *Conversation) findLegs() []Leg {
	n := 0
	for _, p := range c.Participants {
		n += len(p.Sessions)
	}
	legs := make([]Leg, 0, n)
	for _, p := range c.Participants {
		side, person, supervises := p.Purpose.Side(), p.Person(), p.supervises()
		for _, s := range p.Sessions {
			l := Leg{Participant: p, Session: s, Side: side, Person: person, KnownBy: s.owner.sourceLeading(), Flattened: s.shadow,
				Supervises: supervises || s.supervises(), Start: s.Start}
			l.findAnswer()
			l.findEnd(c)
			l.findWrapUp()
			legs = append(legs, l)
		}
		settleWrapUp(legs[len(legs)-len(p.Sessions):])
	}
	return legs
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

// findAnswer: a leg was answered when it has a connected time or is in the
// connected state (protocol 7.3). After-call work proves nothing.
func (l *Leg) findAnswer() {
	s := l.Session
	connected := s.State.phase() == phaseConnected
	l.Answered = connected || !s.ConnectedTime.IsZero()
	if !l.Answered {
		return
	}
	l.Connected = s.ConnectedTime
	by := s.stated(fieldSessionConnected)
	if by == 0 && connected {
		by = s.stated(fieldSessionState)
	}
	l.AnsweredBy = max(by, SourceHint)
}

// findEnd: the hang-up is the disconnected time, whatever the state says (the
// first message of after-call work still says connected, trap 10). A
// participant that is completely done is off all its legs, and a record that
// says the conversation is over ends every leg it knows.
func (l *Leg) findEnd(c *Conversation) {
	s, p := l.Session, l.Participant
	switch over := s.State.phase() == phaseOver; {
	case !s.DisconnectedTime.IsZero():
		l.Over, l.End = true, s.DisconnectedTime
		l.OverBy = s.stated(fieldSessionDisconnected)
	case over:
		l.Over, l.End = true, p.End
		l.OverBy = s.stated(fieldSessionState)
	case !p.End.IsZero():
		l.Over, l.End = true, p.End
		l.OverBy = participantFields.source(p, fieldParticipantEnd)
	case !c.RecordedEnd.IsZero() && l.begunBy(c.RecordedEnd):
		l.Over, l.End, l.OverBy = true, c.RecordedEnd, SourceREST
	}
	if l.Over {
		l.OverBy = max(l.OverBy, SourceHint)
	}
}

// begunBy reports whether the leg had begun by t. A leg whose times nobody
// knows is old when a record lists it.
func (l *Leg) begunBy(t time.Time) bool {
	if began := earliest(l.Start, l.Session.ConnectedTime); !began.IsZero() {
		return !began.After(t)
	}
	return l.KnownBy >= SourceMediaREST
}

// findWrapUp: protocol 7.9. Only an agent's leg that is over can owe
// after-call work, and one that was never answered owes none, although it may
// do some.
func (l *Leg) findWrapUp() {
	s, p := l.Session, l.Participant
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
	switch {
	case s.ACWState == ACWNotApplicable:
		l.WrapUp = WrapUpNone
	case s.ACWState.done(), !s.ACWEnd.IsZero(), s.ACWSkipped, handled, wrapups > 0 && !open, !p.End.IsZero():
		l.WrapUp = WrapUpDone
	case s.ACWState == ACWPending, open, !s.ACWStart.IsZero():
		l.WrapUp = WrapUpPending
	case s.WrapUpCode != "":
		l.WrapUp = WrapUpDone
	case l.owesWrapUp():
		l.WrapUp, l.wrapUpSupposed = WrapUpPending, true
	}
}

// owesWrapUp decides for an agent's leg of whose after-call work nobody says
// anything: the live API says whether it is required; an analytics record that
// has the talk but not yet the handle time was read during after-call work
// (protocol 6.7); detail events say nothing, so ACD work is taken to owe it.
func (l *Leg) owesWrapUp() bool {
	if !l.Answered || l.Supervises {
		return false
	}
	s, p := l.Session, l.Participant
	switch {
	case s.ACWRequired || p.WrapUpRequired:
		return true
	case s.stated(fieldSessionHeld) != 0 || len(p.shadows) > 0:
		return false // a snapshot shows the leg, and no after-call work
	case l.KnownBy == SourceAnalytics:
		_, answered := s.metric("tAnswered")
		_, talked := s.metric("tTalk")
		return answered || talked
	}
	return s.QueueID != ""
}

// onHold reports whether the leg is on hold or holds the other side.
func (l *Leg) onHold() bool {
	if l.Session.Held {
		return true
	}
	for _, g := range l.Session.Segments {
		if g.Type == SegmentHold && g.Open() {
			return true
		}
	}
	return false
}

// routedOn reports whether the leg, the last one to end, was left by a
// transfer of which no message has shown the target yet.
func (l *Leg) routedOn() bool {
	return l.Side != CustomerSide && l.Session.DisconnectType.ByTransfer() && l.OverBy.singleFact()
}
