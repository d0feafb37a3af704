package events

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Derive returns every Common Event that the state of the conversation
// implies, in the order in which they happened. It is pure: the same state
// gives the same events, with the same ids.
func Derive(c *conversation.Conversation) []Event { return derive(c, Wanted{Types: AllTypes}, nil) }

// derive derives the events that every tracker announces, and those further
// ones that are wanted. Those that are announced under their ids may be left out;
// announced may be nil.
func derive(c *conversation.Conversation, wants Wanted, announced func(id string) bool) []Event {
	d := deriver{c: c, wants: wants, announced: announced, at: lastTime(c)}
	d.created()
	d.participants()
	d.queued()
	d.alerts()
	d.agents()
	d.surveys()
	d.evaluations()
	d.episodes()
	for _, of := range wants.definitions {
		d.defined(of)
	}
	slices.SortStableFunc(d.events, InOrder)
	return d.events
}

type deriver struct {
	c         *conversation.Conversation
	wants     Wanted
	announced func(id string) bool
	at        time.Time // for what has no time of its own
	events    []Event
}

func (d *deriver) add(e Event, t Type, rule Rule, at time.Time, settling Settling, key ...string) *Header {
	if at.IsZero() {
		at = d.at
	}
	h := e.Head()
	*h = Header{ID: identify(d.c.ID, t, key...), Type: t, Time: at, ConversationID: d.c.ID, Rule: rule, Conversation: d.c, settling: settling}
	d.events = append(d.events, e)
	return h
}

// isAnnounced reports whether an event has been announced under its id: it need not be
// composed then.
func (d *deriver) isAnnounced(t Type, key ...string) bool {
	return d.announced != nil && d.announced(identify(d.c.ID, t, key...))
}

// InOrder compares events of one conversation by time, and at the same time by
// what must come first. The creation leads: the record's start may lie after
// the first leg's. The end of the conversation comes last, but for how it is
// judged afterwards.
func InOrder(a, b Event) int {
	h, k := a.Head(), b.Head()
	if c := cmp.Or(cmp.Compare(phase(h), phase(k)), h.Time.Compare(k.Time)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(h.Type.rank(), k.Type.rank()), cmp.Compare(h.ID, k.ID))
}

func phase(h *Header) int {
	switch h.Type {
	case TypeConversationCreated:
		return 0
	case TypeConversationEnded:
		if h.Conversation.Status == conversation.StatusEnded && h.Time.Equal(h.Conversation.End) {
			return 2
		}
	case TypeSurveyCompleted, TypeEvaluationReleased:
		if h.Conversation.Status == conversation.StatusEnded && h.Time.After(h.Conversation.End) {
			return 3
		}
	}
	return 1
}

// lastTime is the latest time that the conversation knows of.
func lastTime(c *conversation.Conversation) time.Time {
	last := c.Start
	legs := c.Legs()
	for i := range legs {
		last = latest(last, legs[i].Start, legs[i].Connected, legs[i].End)
	}
	for _, s := range c.Surveys {
		last = latest(last, s.EventTime, s.CompletedDate)
	}
	for _, e := range c.Evaluations {
		last = latest(last, e.EventTime, e.AssignedDate, e.ChangedDate) // a release may lie ahead
	}
	return last
}

func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

func (d *deriver) created() {
	if d.isAnnounced(TypeConversationCreated) {
		return
	}
	e := &ConversationCreated{Direction: d.c.OriginatingDirection, MediaTypes: d.c.MediaTypes(), InitiatedBy: d.c.InitiatedBy}
	if e.InitiatedBy == "" {
		e.InitiatedBy = conversation.InitiatedByGenesys
	}
	if e.MediaTypes == nil {
		e.MediaTypes = []conversation.MediaType{}
	}
	d.add(e, TypeConversationCreated, RuleFirstHeard, d.c.Start, Settled)
}

// participants announces each person of the agents' side once and each other
// participant once. One who can still turn out to be a person who is announced
// already waits for the message that says who it is.
func (d *deriver) participants() {
	persons := map[string]*Header{} // nil: announced
	for _, p := range d.c.Participants {
		if p.ID == "" || d.nameless(p) {
			continue
		}
		known := alias{of: TypeParticipantAdded, participant: p.ID}
		rule, key := RuleNewParticipant, []string{keyParticipant, p.ID}
		person := p.Purpose.Side() == conversation.AgentSide && p.UserID != ""
		if person {
			if h, seen := persons[p.UserID]; seen {
				if h != nil {
					h.aliases = append(h.aliases, known)
				}
				continue
			}
			rule, key = RuleNewPerson, []string{keyPerson, p.UserID}
		}
		if d.isAnnounced(TypeParticipantAdded, key...) {
			if person {
				persons[p.UserID] = nil
			}
			continue
		}
		e := &ParticipantAdded{ParticipantID: p.ID, Purpose: p.Purpose, UserID: p.UserID, Name: p.Name, QueueID: p.QueueID}
		joined := p.Start
		for _, s := range p.Sessions {
			if at := s.ConnectedTime; !at.IsZero() && at.Before(joined) { // detail events may be the wrong way round (trap 11)
				joined = at
			}
			if e.MediaType == "" {
				e.MediaType = s.MediaType
			}
			if e.QueueID == "" && p.Purpose.Side() != conversation.CustomerSide {
				e.QueueID = s.QueueID
			}
		}
		h := d.add(e, TypeParticipantAdded, rule, joined, Settled, key...)
		if person {
			h.aliases = append(h.aliases, known)
			persons[p.UserID] = h
		}
	}
}

// nameless reports whether nobody has said yet who the participant is. Some
// detail events tell neither purpose nor user (protocol 3.4). An agent without
// a user id can be somebody who was here before, until a record has closed the
// conversation without naming anybody.
func (d *deriver) nameless(p *conversation.Participant) bool {
	closed := d.c.Status == conversation.StatusEnded && !d.c.RecordedEnd.IsZero()
	return p.Purpose == "" || p.Purpose.Side() == conversation.AgentSide && p.UserID == "" && !closed
}

// agents announces the stretches of the agents' side and how they ended.
func (d *deriver) agents() {
	stretches := findStretches(d.c.Legs())
	if len(stretches) == 0 {
		return
	}
	presence := newPresence(stretches)
	targets := newTargets(d.c)
	for _, s := range stretches {
		d.connected(s)
		d.wrappedUp(s)
		if !s.over {
			continue
		}
		leg := s.decisive()
		settling := Settled
		switch {
		case byTransfer(leg):
			settling = d.transferred(s, leg, targets)
		case leg.Session.DisconnectType.ByOwnAct():
			settling = d.disconnected(s, leg, presence)
		}
		d.left(s, leg, presence, targets, settling)
	}
}

func (d *deriver) connected(s *stretch) {
	leg := s.first()
	settling := SettlesSoon
	for _, l := range s.legs {
		if !l.AnsweredBy.SingleFact() {
			settling = Settled
		}
	}
	p := leg.Participant
	e := &AgentConnected{ParticipantID: p.ID, SessionID: leg.Session.ID, Purpose: p.Purpose, UserID: p.UserID,
		QueueID: leg.QueueID(), MediaType: leg.Session.MediaType}
	h := d.add(e, TypeAgentConnected, RuleAnswered, s.connected, settling, leg.Session.ID)
	h.aliases = d.aliases(s, TypeAgentConnected)
}

// aliases are the ids of what could have been announced of the stretch while
// another of its legs was taken for the first one.
func (d *deriver) aliases(s *stretch, types ...Type) []alias {
	var list []alias
	for _, l := range s.legs {
		for k, t := range types {
			if l != s.first() || k > 0 {
				list = append(list, alias{of: t, session: l.Session.ID})
			}
			if l.Shadow != "" {
				list = append(list, alias{of: t, session: l.Shadow})
			}
		}
	}
	return list
}

func (d *deriver) transferred(s *stretch, leg *conversation.Leg, targets *targets) Settling {
	kind, rule := TransferBlind, RuleBlindTransfer
	consult, known := targets.consult(s, leg)
	if consult {
		kind, rule = TransferConsult, RuleConsultTransfer
	}
	to, sure := targets.of(s, leg, consult)
	settling := s.endSettling()
	if !sure || !known {
		settling = SettlesLate
	}
	e := &AgentTransferred{From: AgentLeg{leg.Participant.ID, leg.Session.ID, leg.Participant.UserID}, To: to, TransferType: kind}
	h := d.add(e, TypeAgentTransferred, rule, leg.End, settling, s.first().Session.ID)
	h.sureFrom = s.sureFrom()
	h.aliases = d.aliases(s, TypeAgentTransferred, TypeAgentDisconnected)
	return settling
}

func (d *deriver) disconnected(s *stretch, leg *conversation.Leg, presence *presence) Settling {
	e := &AgentDisconnected{ParticipantID: leg.Participant.ID, SessionID: leg.Session.ID, UserID: leg.Participant.UserID,
		DisconnectType: leg.Session.DisconnectType, RemainingAgents: presence.after(leg.End)}
	settling := s.endSettling()
	if e.RemainingAgents > 0 {
		settling = max(settling, SettlesSoon) // who leaves in the same moment does not remain
	}
	h := d.add(e, TypeAgentDisconnected, RuleHungUp, leg.End, settling, s.first().Session.ID)
	h.sureFrom = s.sureFrom()
	h.aliases = d.aliases(s, TypeAgentDisconnected, TypeAgentTransferred)
	return settling
}

// episodes announces the ends and the reopenings. The conversation's Endings
// are the ends that were announced; a leg that began after one of them
// re-opened the conversation. A leg that began before is late knowledge.
func (d *deriver) episodes() {
	c := d.c
	for i, end := range c.Endings {
		d.ended(i+1, end, RuleAllLegsOver, Settled)
		if leg := firstLegAfter(c.Legs(), end); leg != nil {
			e := &ConversationReopened{ParticipantID: leg.Participant.ID, SessionID: leg.Session.ID,
				Purpose: leg.Participant.Purpose, MediaType: leg.Session.MediaType}
			d.add(e, TypeConversationReopened, RuleLegAfterEnd, begin(leg), legSettling(leg), strconv.Itoa(i+1))
		}
	}
	if c.Status != conversation.StatusEnded {
		return
	}
	if n := len(c.Endings); n > 0 && firstLegAfter(c.Legs(), c.Endings[n-1]) == nil {
		return
	}
	rule, settling := RuleAllLegsOver, Settled
	if c.End.Equal(c.RecordedEnd) {
		rule = RuleRecordedEnd
	}
	if c.Provisional() {
		settling = SettlesLate
	}
	h := d.ended(len(c.Endings)+1, c.End, rule, settling)
	legs := c.Legs()
	for i := range legs {
		h.sureFrom = latest(h.sureFrom, legs[i].SureFrom)
	}
}

func (d *deriver) ended(episode int, end time.Time, rule Rule, settling Settling) *Header {
	e := &ConversationEnded{ConversationStart: d.c.Start, ConversationEnd: end, AgentTimes: append([]conversation.AgentTime{}, d.c.AgentTimes()...)}
	return d.add(e, TypeConversationEnded, rule, end, settling, strconv.Itoa(episode))
}

// firstLegAfter returns the first leg of a customer, a queue or an agent that
// began after t. Flows may still run after the end: a survey invitation does.
func firstLegAfter(legs []conversation.Leg, t time.Time) *conversation.Leg {
	var first *conversation.Leg
	for i := range legs {
		l := &legs[i]
		switch l.Side {
		case conversation.CustomerSide, conversation.QueueSide, conversation.AgentSide:
		default:
			continue
		}
		if l.Supervises {
			continue
		}
		if b := begin(l); b.After(t) && (first == nil || b.Before(begin(first))) {
			first = l
		}
	}
	return first
}

// begin is when the leg began, as far as it is known.
func begin(l *conversation.Leg) time.Time {
	if !l.Connected.IsZero() && (l.Start.IsZero() || l.Connected.Before(l.Start)) {
		return l.Connected
	}
	return l.Start
}
