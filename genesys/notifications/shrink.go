package notifications

import "slices"

// leaving is the connection that an assignment is about to give back, for another
// process to have its channel. Its topics are on others already, which may not be
// subscribed yet: until then it goes on listening to them.
type leaving struct {
	*connection
	heirs []*connection
}

// shrink gives connections back, one after the other, as long as the others have room
// for the topics of the last one. It does so once topics were handed over to another
// process, not whenever there is room: detail topics come and go all the time.
func (a *assignment) shrink(handedOver bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shrinks = a.shrinks || handedOver
	for {
		if a.leaving != nil {
			if !allHear(a.leaving.heirs) {
				return
			}
			a.connections = slices.DeleteFunc(slices.Clone(a.connections), func(c *connection) bool { return c == a.leaving.connection })
			a.started--
			a.leaving.dismiss()
			a.leaving = nil
		}
		if a.shrinks = a.shrinks && a.vacate(); a.leaving == nil {
			return
		}
	}
}

// vacate moves the topics of the last connection to others, if they have room for them.
// It reports whether it did, or will once all connections hear. The caller holds the
// lock.
func (a *assignment) vacate() bool {
	last := len(a.connections) - 1
	if last < 1 {
		return false
	}
	others, c := a.connections[:last], a.connections[last]
	room := 0
	for _, other := range others {
		room += a.topicsEach - other.len()
	}
	if room < c.len() {
		return false
	}
	if a.started <= last || !allHear(a.connections) {
		return true
	}
	a.leaving = &leaving{connection: c}
	for _, name := range c.names() {
		heir := a.withRoom()
		a.of[name] = heir
		heir.add(name, blindness{})
		if !slices.Contains(a.leaving.heirs, heir) {
			a.leaving.heirs = append(a.leaving.heirs, heir)
		}
	}
	return true
}

// stay keeps the connection that was about to leave: there is no room without it. The
// topics that it had stay where they are. The caller holds the lock.
func (a *assignment) stay() {
	c := a.leaving.connection
	for _, name := range c.names() {
		c.remove(name)
	}
	a.leaving, a.shrinks = nil, false
}

func allHear(connections []*connection) bool {
	return !slices.ContainsFunc(connections, func(c *connection) bool {
		_, hears := c.lastHeard()
		return !hears
	})
}
