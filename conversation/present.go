package conversation

import "slices"

// PresentUsers returns the ids of the users who are connected now, in order:
// agents and other users of the organisation, those on hold included. Whom it
// only rings at, who does after-call work, and who only listens in, is not
// present.
func (c *Conversation) PresentUsers() []string {
	return c.present(func(l *Leg) string {
		if l.Side != AgentSide || !l.Answered || l.Supervises {
			return ""
		}
		return l.Participant.UserID
	})
}

// PresentQueues returns the ids of the queues in which the conversation waits
// now, in order, also while it rings at an agent. A callback that is scheduled does not
// wait before it is due. More than one is rare: an agent consults a queue while the
// customer waits in another one.
func (c *Conversation) PresentQueues() []string {
	return c.present(func(l *Leg) string {
		if l.Side != QueueSide || l.scheduled() {
			return ""
		}
		return l.QueueID()
	})
}

// present returns the ids of what the legs that are not over are at.
func (c *Conversation) present(id func(*Leg) string) (ids []string) {
	if c.Status == StatusEnded {
		return nil
	}
	for i := range c.legs {
		l := &c.legs[i]
		if l.Over {
			continue
		}
		if x := id(l); x != "" {
			ids = append(ids, x)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// foundOtherwise reports whether a listing finds the two conversations in
// different ways, although their own fields are the same: what is derived of
// participants and legs.
func foundOtherwise(before, after *Conversation) bool {
	return !slices.Equal(before.PresentUsers(), after.PresentUsers()) || !slices.Equal(before.PresentQueues(), after.PresentQueues()) || !sameCustomer(before, after)
}
