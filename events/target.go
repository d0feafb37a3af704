package events

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// queueWindow is how soon after an agent's blind transfer the visit to the
// target queue begins (28 ms in a real record, protocol 7.5).
const queueWindow = 2 * time.Second

// targets finds where transfers went (protocol 7.13): a queue's leg that
// begins with the transfer, else a transfer command that names a user, else
// the leg that is likeliest, else an address.
type targets struct {
	c       *conversation.Conversation
	queues  []*conversation.Leg // by begin, unknown ones last
	agents  []*conversation.Leg
	outside []*conversation.Leg
}

func newTargets(c *conversation.Conversation) *targets {
	t := &targets{c: c}
	legs := c.Legs()
	for i := range legs {
		l := &legs[i]
		switch l.Side {
		case conversation.QueueSide:
			t.queues = append(t.queues, l)
		case conversation.AgentSide:
			if !l.Supervises {
				t.agents = append(t.agents, l)
			}
		case conversation.CustomerSide:
			t.outside = append(t.outside, l)
		}
	}
	for _, legs := range [][]*conversation.Leg{t.queues, t.agents, t.outside} {
		slices.SortStableFunc(legs, func(a, b *conversation.Leg) int {
			if za, zb := begin(a).IsZero(), begin(b).IsZero(); za || zb {
				return cmp.Compare(asInt(za), asInt(zb))
			}
			return begin(a).Compare(begin(b))
		})
	}
	return t
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// of returns the target of the transfer with which leg ended the stretch, and
// whether it is sure.
func (t *targets) of(s *stretch, leg *conversation.Leg, consult bool) (to TransferTarget, sure bool) {
	if consult {
		if l := t.consulted(s, leg); l != nil {
			return toLeg(l), sureTarget(l, leg)
		}
	}
	if l := t.queueAt(leg.End); l != nil {
		return toLeg(l), true
	}
	command := t.command(s, leg)
	if command != nil && command.DestinationUserID != "" && !cameToNothing(command) {
		return TransferTarget{Kind: TargetAgent, UserID: command.DestinationUserID}, true
	}
	if l := t.likeliest(s, leg); l != nil {
		if to = toLeg(l); to.Kind != TargetAddress || to.Address != "" {
			return to, sureTarget(l, leg)
		}
	}
	if command != nil && command.DestinationUserID != "" {
		return TransferTarget{Kind: TargetAgent, UserID: command.DestinationUserID}, false
	}
	if command != nil && command.DestinationAddress != "" {
		return TransferTarget{Kind: TargetAddress, Address: command.DestinationAddress}, !cameToNothing(command)
	}
	if a := leg.Session.DestinationAddresses; len(a) > 0 {
		return TransferTarget{Kind: TargetAddress, Address: a[len(a)-1]}, true
	}
	if to.Kind != "" {
		return to, false // an outside leg whose number nobody gives
	}
	return TransferTarget{Kind: TargetUnknown}, false
}

// sureTarget reports whether the transfer with which leg ended has gone to l for sure,
// if it is the likeliest. A leg that only single facts have shown may have come through
// a queue that they have not shown yet, and at one that rang before and has not been
// answered the agent may have given up: the target's leg is on its way.
func sureTarget(l, leg *conversation.Leg) bool {
	return !l.KnownBy.SingleFact() && (l.Answered || !begin(l).Before(leg.End.Add(-skew)))
}

// likeliest returns the leg to which the transfer has most likely gone: one that
// begins with it, else that of an agent who was talking already (a digital transfer
// that its target accepted first, 7.4), or at whom it rang. Only without these it is
// one that begins later.
func (t *targets) likeliest(s *stretch, leg *conversation.Leg) *conversation.Leg {
	next := t.nextAgent(leg)
	if next != nil && !begin(next).After(leg.End.Add(queueWindow)) {
		return next
	}
	if l := t.attended(s, leg); l != nil {
		return l
	}
	if l := t.nextOutside(leg.End); l != nil {
		return l
	}
	if l := t.ringing(s, leg); l != nil {
		return l
	}
	if next != nil {
		return next
	}
	return t.consulted(s, leg)
}

func toLeg(l *conversation.Leg) TransferTarget {
	switch l.Side {
	case conversation.QueueSide:
		return TransferTarget{Kind: TargetQueue, QueueID: l.QueueID()}
	case conversation.AgentSide:
		return TransferTarget{Kind: TargetAgent, UserID: l.Participant.UserID, QueueID: l.QueueID()}
	}
	number := l.Session.ANI
	if l.Session.Direction == conversation.Outbound {
		number = l.Session.DNIS
	}
	return TransferTarget{Kind: TargetAddress, Address: cmp.Or(l.Participant.Address, l.Session.AddressTo, number)}
}

// consulted returns the leg that the agent consulted and left the conversation
// to: linked by its consult id, or joined during the stretch and still there
// when the agent left; talking, else waiting or ringing.
func (t *targets) consulted(s *stretch, leg *conversation.Leg) *conversation.Leg {
	by := leg.End.Add(skew)
	later := func(l *conversation.Leg) bool { return joined(s, leg, l) }
	talking := func(l *conversation.Leg) bool { return later(l) && l.Answered }
	linked := func(l *conversation.Leg) bool { return talking(l) && consults(l) }
	if l := last(t.agents, by, linked); l != nil {
		return l
	}
	if l := last(t.agents, by, talking); l != nil {
		return l
	}
	if l := last(t.queues, by, later); l != nil {
		return l
	}
	if l := last(t.outside, by, later); l != nil {
		return l
	}
	return t.ringing(s, leg)
}

// ringing returns the leg that alerted another agent when leg ended the stretch, and
// that nobody has answered.
func (t *targets) ringing(s *stretch, leg *conversation.Leg) *conversation.Leg {
	return last(t.agents, leg.End.Add(skew), func(l *conversation.Leg) bool { return joined(s, leg, l) && !l.Answered })
}

// last returns the last of the legs that began by the time and is ok.
func last(legs []*conversation.Leg, by time.Time, ok func(*conversation.Leg) bool) *conversation.Leg {
	for i := from(legs, by.Add(1)) - 1; i >= 0; i-- {
		if ok(legs[i]) {
			return legs[i]
		}
	}
	return nil
}

// from returns the place of the first leg that began at t or later.
func from(legs []*conversation.Leg, t time.Time) int {
	return sort.Search(len(legs), func(i int) bool { b := begin(legs[i]); return b.IsZero() || !b.Before(t) })
}

// queueAt returns the visit to a queue that begins with a transfer at t. One
// whose begin is not known counts when it is not over.
func (t *targets) queueAt(at time.Time) *conversation.Leg {
	var best *conversation.Leg
	for _, l := range t.queues[from(t.queues, at.Add(-skew)):] {
		b := begin(l)
		switch {
		case b.IsZero() && best == nil && !l.Over:
			return l
		case b.IsZero() || b.After(at.Add(queueWindow)):
			return best
		case best == nil || distance(b, at) < distance(begin(best), at):
			best = l
		}
	}
	return best
}

func distance(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// nextAgent returns the first leg of another agent that begins with or after
// the transfer and did not come through a queue since.
func (t *targets) nextAgent(leg *conversation.Leg) *conversation.Leg {
	at := leg.End
	for _, l := range t.agents[from(t.agents, at.Add(-skew)):] {
		if l.Person == leg.Person || l.Over && begin(l).IsZero() {
			continue
		}
		for _, q := range t.queues[from(t.queues, at.Add(-skew)):] {
			if b := begin(q); !b.IsZero() && !begin(l).IsZero() && !b.After(begin(l)) {
				return nil
			}
		}
		return l
	}
	return nil
}

// nextOutside returns the outside leg that begins with a transfer at t, else the
// number that is called next, before anybody of the inside joins: it can ring for
// long, and nobody may say since when.
func (t *targets) nextOutside(at time.Time) *conversation.Leg {
	for _, l := range t.outside[from(t.outside, at.Add(-skew)):] {
		b, called := begin(l), l.Session.Direction == conversation.Outbound
		switch {
		case !b.IsZero() && !b.After(at.Add(queueWindow)):
			return l
		case !called || b.IsZero() && (l.Answered || l.Over && l.End.Before(at)):
		case !begunBetween(t.agents, at, b) && !begunBetween(t.queues, at, b):
			return l
		}
	}
	return nil
}

// begunBetween reports whether one of the legs began with or after a transfer at t
// and, where that is known, by the given time.
func begunBetween(legs []*conversation.Leg, at, by time.Time) bool {
	i := from(legs, at.Add(-skew))
	return i < len(legs) && !begin(legs[i]).IsZero() && (by.IsZero() || !begin(legs[i]).After(by))
}

// cameToNothing reports whether the command is over and nobody has taken the
// conversation by it. It may still say whom the agent had in mind.
func cameToNothing(c *conversation.Transfer) bool {
	return c.State == "canceled" || c.State == "failed" || c.State == "timeout"
}

// command returns the last transfer command that the leg's user gave during
// the stretch.
func (t *targets) command(s *stretch, leg *conversation.Leg) *conversation.Transfer {
	var last *conversation.Transfer
	for _, c := range t.c.Transfers {
		if c.InitiatorUserID == "" || c.InitiatorUserID != leg.Participant.UserID {
			continue
		}
		if c.DateIssued.After(leg.End.Add(skew)) || c.DateIssued.Before(s.connected.Add(-skew)) {
			continue
		}
		if last == nil || c.DateIssued.After(last.DateIssued) {
			last = c
		}
	}
	return last
}
