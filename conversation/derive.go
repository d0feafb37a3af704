package conversation

import (
	"cmp"
	"slices"
	"time"
)

// finish derives what the joined facts imply and nobody states, puts the
// participants and sessions in their order and returns the conversation: the
// base itself when nothing changed.
func (m *merger) finish() *Conversation {
	for i, p := range m.participants {
		if m.private != nil && m.private[i] {
			p.hideShadows() // before anything is concluded: they are no legs
		}
	}
	answered := answeredSessions(m.participants)
	for i := range m.participants {
		m.finishParticipant(i, answered)
	}
	if m.out == m.base && !m.copied && m.base.merged {
		return m.base
	}
	c := m.conversation()
	if m.copied {
		m.participants = slices.DeleteFunc(m.participants, func(p *Participant) bool {
			return p.ID == "" && len(p.Sessions) == 0
		})
		slices.SortFunc(m.participants, (*Participant).compare)
	}
	c.Participants = m.participants
	c.merged = true
	c.conclude()
	return c
}

func (m *merger) finishParticipant(i int, answered map[string]time.Time) {
	p := m.participants[i]
	if m.private != nil && m.private[i] && p.Sessions == nil {
		p.Sessions = []*Session{}
	}
	sorted := slices.IsSortedFunc(p.Sessions, (*Session).compare)
	for k, s := range p.Sessions {
		derived := s.derive(p, p.shadowOf(s), answered[s.ID])
		if derived == s {
			continue
		}
		// The shadows stay hidden: change would bring them back.
		if m.private == nil || !m.private[i] {
			p = m.change(i)
			p.hideShadows()
			k = slices.Index(p.Sessions, s)
		}
		p.Sessions[k], sorted = derived, false
	}
	if !sorted {
		p = m.change(i)
		slices.SortFunc(p.Sessions, (*Session).compare)
	}
	if start := p.derivedStart(); participantFields.source(p, fieldParticipantStart) == 0 && !start.Equal(p.Start) {
		p = m.change(i)
		p.hideShadows()
		p.Start = start
	}
}

// hideShadows moves the shadows of legs that are known properly out of Sessions.
func (p *Participant) hideShadows() {
	isShadow := func(s *Session) bool { return s.shadow }
	if p.shadows.IsZero() && !slices.ContainsFunc(p.Sessions, isShadow) {
		return
	}
	var shown, hidden []*Session
	for _, s := range slices.Concat(p.Sessions, p.shadows.All()) {
		if s.shadow && slices.ContainsFunc(p.Sessions, func(t *Session) bool { return !t.shadow && t.MediaType == s.MediaType }) {
			hidden = append(hidden, s.bare())
		} else {
			shown = append(shown, s)
		}
	}
	slices.SortFunc(hidden, func(s, t *Session) int { return cmp.Compare(s.ID, t.ID) })
	p.Sessions, p.shadows = shown, ListOf(hidden...)
}

// bare returns s without what was derived for it.
func (s *Session) bare() *Session {
	b := s.uncovered()
	own := b != s
	change := func() *Session {
		if !own {
			b, own = clone(b), true
		}
		return b
	}
	for i, f := range sessionFields.fields {
		if s.stated(i) == 0 && !f.zero(s) {
			f.erase(change())
		}
	}
	if s.filled || s.overBySegments {
		bare := change()
		bare.filled, bare.overBySegments = false, false
	}
	return b
}

// own returns s without what it shows of a shadow: which that is, is derived
// after what is concluded from it.
func (p *Participant) own(s *Session) *Session {
	if s.filled || !p.shadows.IsZero() {
		return s.bare()
	}
	return s
}

// shadowOf returns the shadow whose facts belong to s: that of its medium, when s
// is the participant's only leg in it, or the one of them that it shows.
func (p *Participant) shadowOf(s *Session) *Session {
	for _, shadow := range p.shadows.All() {
		if shadow.MediaType != s.MediaType {
			continue
		}
		var others []*Session
		for _, t := range p.Sessions {
			if t != s && t.ID != s.ID && !t.shadow && t.MediaType == s.MediaType {
				others = append(others, t)
			}
		}
		if len(others) == 0 || s.bare().shownBy(shadow, others) {
			return shadow
		}
		return nil
	}
	return nil
}

// shownBy reports whether the shadow, which a participant has one of for each
// medium, shows the leg s and none of the others: by when it was connected; or, when that
// is that of none of them and the shadow shows a leg that lives, because s does
// alone. Of a leg that ended before what the shadow shows it says nothing.
func (s *Session) shownBy(shadow *Session, others []*Session) bool {
	same := func(t *Session) bool {
		return t.stated(fieldSessionConnected) != 0 && t.ConnectedTime.Equal(shadow.ConnectedTime)
	}
	switch mine, theirs := same(s), slices.ContainsFunc(others, same); {
	case theirs:
		return false
	case mine:
		end := s.factualEnd()
		return end.IsZero() || !shadow.DisconnectedTime.After(end.Add(skew))
	}
	if s.stated(fieldSessionConnected) != 0 && !shadow.ConnectedTime.IsZero() {
		return false
	}
	over := func(t *Session) bool {
		_, ended := t.endBySegments()
		return ended || t.State.phase() == phaseOver || !t.factualEnd().IsZero()
	}
	return !over(shadow) && !over(s) && !slices.ContainsFunc(others, func(t *Session) bool { return !over(t.bare()) })
}

// compare orders participants by when they joined.
func (p *Participant) compare(q *Participant) int {
	return cmp.Or(compareTimes(p.Start, q.Start), cmp.Compare(p.ID, q.ID))
}

// compare orders sessions by when they began.
func (s *Session) compare(t *Session) int {
	return cmp.Or(compareTimes(s.Start, t.Start), cmp.Compare(s.ID, t.ID))
}

// compareTimes orders times, unknown ones last.
func compareTimes(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

func (p *Participant) derivedStart() time.Time {
	start := p.ConnectedTime
	for _, s := range p.Sessions {
		start = earliest(start, s.Start)
	}
	return start
}

// earliest returns the earliest of the times that are known.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// latest returns the latest of the times.
func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// skew is how far the clocks of two legs of one moment lie apart in real
// records: the queue's leg ends some 10 ms before or after the agent's begins
// (protocol 7.2). It is taken generously.
const skew = time.Second

// answeredSessions returns when agents answered, by session id, as far as the
// queues' acd.end events say: detail events have no event for the answer, but
// the queue's says who took the conversation out of it (protocol 3.5). An
// answer belongs to the user's last leg that had begun by then and was not over.
func answeredSessions(participants []*Participant) map[string]time.Time {
	var answered map[string]time.Time
	for _, queue := range participants {
		for _, visit := range queue.Sessions {
			if visit.AnsweredUserID == "" {
				continue
			}
			if visit = queue.own(visit); visit.AnsweredUserID == "" || len(visit.Ends) == 0 {
				continue
			}
			at := visit.Ends[len(visit.Ends)-1]
			if leg, began := lastLegBegun(participants, visit.AnsweredUserID, at); leg != nil {
				if answered == nil {
					answered = map[string]time.Time{}
				}
				answered[leg.ID] = earliest(answered[leg.ID], latest(at, began))
			}
		}
	}
	return answered
}

func lastLegBegun(participants []*Participant, userID string, by time.Time) (last *Session, began time.Time) {
	for _, p := range participants {
		if p.UserID != userID || p.Purpose != "" && p.Purpose.Side() != AgentSide { // a mailbox is a user's, too
			continue
		}
		for _, s := range p.Sessions {
			own := p.own(s)
			start, end := own.factualStart(), own.factualEnd()
			if start.IsZero() || start.After(by.Add(skew)) || !end.IsZero() && end.Before(by.Add(-skew)) {
				continue
			}
			if last == nil || start.After(began) || start.Equal(began) && s.ID > last.ID {
				last, began = s, start
			}
		}
	}
	return last, began
}

// factualStart is when the leg began, as far as a message says it.
func (s *Session) factualStart() time.Time {
	switch {
	case s.stated(fieldSessionStart) != 0:
		return s.Start
	case s.stated(fieldSessionConnected) != 0:
		return s.ConnectedTime
	}
	return time.Time{}
}

// factualEnd is when the leg was disconnected, as far as a message says it.
func (s *Session) factualEnd() time.Time {
	switch {
	case s.stated(fieldSessionDisconnected) != 0:
		return s.DisconnectedTime
	case s.overByFacts():
		return s.Ends[len(s.Ends)-1]
	}
	return time.Time{}
}

// overByFacts reports whether detail events say that the leg is over.
func (s *Session) overByFacts() bool {
	return len(s.Ends) > 0 && len(s.Ends) >= len(s.Starts)
}

// The functions below return the fields that may have a value although nobody
// states them.

func derivedOfConversation(*Conversation) fieldSet {
	return setOf(fieldConversationStart, fieldOriginatingDirection)
}

func derivedOfParticipant(*Participant) fieldSet { return setOf(fieldParticipantStart) }

func derivedOfSession(s *Session) fieldSet {
	if s.filled {
		return everyField
	}
	return setOf(fieldSessionState, fieldSessionStart, fieldSessionConnected, fieldSessionDisconnected)
}

// derive returns s with what its facts imply in the fields that nobody states:
// s itself when that changes nothing. What a shadow says comes first. answered
// is when the queue says that the leg was answered.
func (s *Session) derive(p *Participant, shadow *Session, answered time.Time) *Session {
	switch {
	case shadow != nil:
		return s.fill(p, shadow, answered)
	case s.filled:
		s = s.bare()
	}
	facts := s.uncovered()
	l := facts.life(p, nil, answered)
	if l == s.shownLife() {
		return s
	}
	d := *facts
	l.applyTo(&d)
	return &d
}

// fill derives s with the facts of its shadow: what nobody else states, and
// where the leg has moved on or changed since, whoever said so.
func (s *Session) fill(p *Participant, shadow *Session, answered time.Time) *Session {
	facts := s.uncovered()
	d := *facts
	d.filled = true
	var over *covered
	for i, f := range sessionFields.fields {
		if facts.stated(i) != 0 {
			if beatenBy(&f, facts, shadow, i) {
				over = over.with(i, facts)
				f.copy(&d, shadow)
			}
			continue
		}
		if f.erase(&d); shadow.stated(i) != 0 {
			f.copy(&d, shadow)
		}
	}
	d.covered = over
	d.life(p, shadow, answered).applyTo(&d)
	if s.filled && s.overBySegments == d.overBySegments && s.covered.same(d.covered) && !slices.ContainsFunc(sessionFields.fields, func(f Field[Session]) bool { return f.compare(s, &d) != 0 }) {
		return s
	}
	return &d
}

// life is the part of a session that is derived where nobody states it.
type life struct {
	state                          SessionState
	start, connected, disconnected time.Time
	overBySegments                 bool // it is over because its segments have ended
}

func (s *Session) shownLife() life {
	return life{s.State, s.Start, s.ConnectedTime, s.DisconnectedTime, s.overBySegments}
}

func (l life) applyTo(s *Session) {
	if s.State != l.state && s.stated(fieldSessionState) != 0 && !s.covers(fieldSessionState) {
		s.covered = s.covered.with(fieldSessionState, s)
	}
	s.State, s.Start, s.ConnectedTime, s.DisconnectedTime, s.overBySegments = l.state, l.start, l.connected, l.disconnected, l.overBySegments
}

func (s *Session) life(p *Participant, shadow *Session, answered time.Time) life {
	unstated := func(i int) bool { return s.stated(i) == 0 && (shadow == nil || shadow.stated(i) == 0) }
	l := s.shownLife()
	l.overBySegments = false
	if unstated(fieldSessionConnected) {
		l.connected = s.derivedConnected(p, answered)
	}
	if unstated(fieldSessionDisconnected) {
		l.disconnected = time.Time{}
		if s.overByFacts() {
			l.disconnected = s.Ends[len(s.Ends)-1]
		}
	}
	if l.disconnected.IsZero() {
		said := !unstated(fieldSessionState) && l.state.phase() == phaseOver
		if end, over := s.endBySegments(); over && (said || s.endIsSaid() || !s.livesAfter(end, shadow)) {
			l.disconnected, l.overBySegments = end, !said
		}
	}
	if unstated(fieldSessionConnected) && !l.disconnected.IsZero() && l.connected.After(l.disconnected) {
		l.connected = l.disconnected // who leaves has come: detail events may be the wrong way round (trap 11)
	}
	if unstated(fieldSessionStart) {
		l.start = l.connected
	}
	switch {
	case l.overBySegments && l.disconnected.IsZero():
		l.state = StateDisconnected
	case unstated(fieldSessionState) || l.overBySegments:
		l.state = s.derivedState(p, l.connected, l.disconnected)
	}
	return l
}

func (s *Session) derivedConnected(p *Participant, answered time.Time) time.Time {
	if m, ok := s.emission("tAnswered"); ok {
		return m.EmitDate
	}
	if m, ok := s.emission("tTalk"); ok {
		return m.EmitDate.Add(-ms(m.Value)) // it is emitted at the end of the talk
	}
	if p.Purpose.Side() != AgentSide {
		// Only people alert: all other legs are connected from their start.
		if len(s.Starts) > 0 {
			return s.Starts[0]
		}
		if lasted := max(ms(s.InteractingDurationMs), ms(s.ConnectedDurationMs)); lasted > 0 && len(s.Ends) > 0 {
			return s.Ends[len(s.Ends)-1].Add(-lasted)
		}
		return time.Time{}
	}
	if at := s.connectedByDurations(answered); !at.IsZero() {
		return at
	}
	if !answered.IsZero() {
		return answered
	}
	if s.WasConnected {
		return p.ConnectedTime
	}
	return time.Time{}
}

// connectedByDurations is when the leg was answered as user.end tells: after
// the alerting and dialing where those are given, else when the queue says,
// else the interacting time before the end.
func (s *Session) connectedByDurations(answered time.Time) time.Time {
	talked := s.InteractingDurationMs > 0 || s.HeldDurationMs > 0 || s.CallbackDurationMs > 0
	if !talked || len(s.Ends) == 0 {
		return time.Time{}
	}
	before := ms(s.AlertingDurationMs) + ms(s.ContactingDurationMs) + ms(s.DialingDurationMs)
	if len(s.Starts) > 0 && before > 0 {
		return s.Starts[0].Add(before)
	}
	if !answered.IsZero() {
		return answered
	}
	at := s.Ends[len(s.Ends)-1].Add(-ms(s.InteractingDurationMs) - ms(s.CallbackDurationMs))
	if len(s.Starts) > 0 && (at.Before(s.Starts[0]) || len(s.Ends) > 1) {
		return s.Starts[0]
	}
	return at
}

func (s *Session) derivedState(p *Participant, connected, disconnected time.Time) SessionState {
	switch {
	case !disconnected.IsZero() && s.MediaType == MediaVoice && !connected.IsZero():
		return StateTerminated
	case !disconnected.IsZero():
		return StateDisconnected
	case !connected.IsZero():
		return StateConnected
	case p.Purpose.Side() == AgentSide && len(s.Starts) > 0:
		return StateAlerting
	}
	return ""
}

// mostMs is ten years: a longer duration of a leg is a mistake, and is ignored.
const mostMs = 10 * 366 * 24 * 60 * 60 * 1000

// ms is a duration as detail events state it.
func ms(n int64) time.Duration {
	if n < 0 || n > mostMs {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
