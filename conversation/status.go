package conversation

import "time"

// conclude derives the legs, the start, the status and the end from the joined facts.
func (c *Conversation) conclude() {
	c.legs = c.findLegs()
	c.beginWithLegs()
	if conversationFields.source(c, fieldOriginatingDirection) == 0 {
		c.OriginatingDirection = c.derivedDirection()
	}
	c.Status, c.End, c.provisional = c.findStatus()
}

// derivedDirection is the direction of the first leg of the customer, else of
// anybody: the dialer's agent legs are inbound although the call is outbound
// (protocol 7.11).
func (c *Conversation) derivedDirection() Direction {
	var direction Direction
	for i := range c.legs {
		l := &c.legs[i]
		if l.Session.Direction == "" {
			continue
		}
		if l.Side == CustomerSide {
			return l.Session.Direction
		}
		if direction == "" {
			direction = l.Session.Direction
		}
	}
	return direction
}

// Provisional reports whether the status Ended is a conclusion from single
// facts, or from a record that does not say so itself: others may still be on
// their way.
func (c *Conversation) Provisional() bool { return c.provisional }

// findStatus calculates the status, and for a conversation that has ended
// when, and whether that is provisional.
func (c *Conversation) findStatus() (Status, time.Time, bool) {
	var open liveLegs
	var over closedLegs
	for i := range c.legs {
		l := &c.legs[i]
		open.hold.addSegments(l)
		if !c.RecordedEnd.IsZero() && l.begunBy(c.RecordedEnd) {
			continue // the record has closed it
		}
		if l.Over {
			over.add(l)
		} else {
			open.add(l)
		}
	}
	switch {
	case open.legs > 0:
		status := open.status()
		if status == StatusNew && over.wrapUpPending {
			status = StatusAfterCallWork
		}
		return status, time.Time{}, false
	case over.last == nil && !c.RecordedEnd.IsZero():
		return StatusEnded, c.RecordedEnd, false
	case over.last == nil:
		return StatusNew, time.Time{}, false
	case over.wrapUpPending:
		return StatusAfterCallWork, time.Time{}, false
	case over.last.routedOn():
		return StatusQueued, time.Time{}, false
	}
	return StatusEnded, over.end, over.provisional
}

// liveLegs sums up the legs that are not over.
type liveLegs struct {
	legs                             int
	connected, alerting, queue, flow bool
	hold                             hold
}

func (o *liveLegs) add(l *Leg) {
	if l.Supervises || !l.shown() {
		return // who watches keeps no conversation open, nor does a leg of which only metrics are known
	}
	o.legs++
	switch l.Side {
	case AgentSide:
		switch {
		case l.Answered:
			o.connected = true
			o.hold.add(l)
		default:
			o.alerting = true
		}
	case CustomerSide:
		o.hold.add(l)
	case QueueSide:
		o.queue = o.queue || !l.scheduled()
	case FlowSide:
		o.flow = true
	}
}

func (o *liveLegs) status() Status {
	switch {
	case o.connected && o.hold.is():
		return StatusOnHold
	case o.connected:
		return StatusActive
	case o.alerting:
		return StatusAlerting
	case o.queue:
		return StatusQueued
	case o.flow:
		return StatusInFlow
	}
	return StatusNew
}

// closedLegs sums up the legs that are over and that no record has closed.
type closedLegs struct {
	last          *Leg
	end           time.Time
	wrapUpPending bool
	provisional   bool
}

func (o *closedLegs) add(l *Leg) {
	o.end = latest(o.end, l.End, l.WrapUpEnd)
	o.wrapUpPending = o.wrapUpPending || l.WrapUp == WrapUpPending
	o.provisional = o.provisional || l.OverBy.SingleFact() || l.OverBy == SourceAnalytics
	if o.last == nil || l.End.After(o.last.End) || l.End.Equal(o.last.End) && l.Side == CustomerSide {
		o.last = l
	}
}
