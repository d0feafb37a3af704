package notifications

import (
	"slices"
	"sync"
)

// assignment knows which topic is heard over which connection. It opens
// connections as they are needed, and gives them back (shrink.go). It is safe for
// concurrent use.
type assignment struct {
	topicsEach int // on a connection
	most       int // connections
	open       func(number int) *connection
	start      func(*connection) // runs it

	mu          sync.Mutex
	connections []*connection
	started     int // of them
	of          map[string]*connection
	leaving     *leaving // nil: none
	shrinks     bool     // there may be connections to give back
}

func newAssignment(topicsEach, most int, open func(number int) *connection) *assignment {
	return &assignment{topicsEach: topicsEach, most: most, open: open, of: map[string]*connection{}}
}

// add assigns a topic, of which something may have been missed so far. It reports
// false when there is no room.
func (a *assignment) add(topic string, missed blindness) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.withRoom()
	if c == nil {
		return false
	}
	a.of[topic] = c
	c.add(topic, missed)
	return true
}

// addDetail assigns a topic about one conversation: without it less is known,
// but nothing is missed.
func (a *assignment) addDetail(topic string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.withRoom()
	if c == nil {
		return false
	}
	a.of[topic] = c
	c.addDetail(topic)
	return true
}

// withRoom returns a connection that can take one more topic; nil when there is
// none. The caller holds the lock.
func (a *assignment) withRoom() *connection {
	for _, c := range a.connections {
		if c.len() < a.topicsEach && (a.leaving == nil || c != a.leaving.connection) {
			return c
		}
	}
	if len(a.connections) < a.most {
		c := a.open(a.number())
		a.connections = append(a.connections, c)
		return c
	}
	if a.leaving == nil {
		return nil
	}
	a.stay()
	return a.withRoom()
}

// number returns the lowest number that no connection has. The caller holds the lock.
func (a *assignment) number() int {
	for n := 1; ; n++ {
		if !slices.ContainsFunc(a.connections, func(c *connection) bool { return c.number == n }) {
			return n
		}
	}
}

// begin starts the connections that were opened for what was added. Until then
// more can be added, so that all topics are subscribed with one call.
func (a *assignment) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ; a.started < len(a.connections); a.started++ {
		a.start(a.connections[a.started])
	}
}

// remove takes a topic off its connection.
func (a *assignment) remove(topic string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.of[topic]; c != nil {
		delete(a.of, topic)
		c.remove(topic)
		if a.leaving != nil {
			a.leaving.remove(topic)
		}
	}
}

// connection returns the connection of a topic; nil when it is not assigned.
func (a *assignment) connection(topic string) *connection {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.of[topic]
}

// all returns the connections.
func (a *assignment) all() []*connection {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.connections[:len(a.connections):len(a.connections)]
}

// len returns how many topics are assigned.
func (a *assignment) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.of)
}

// room returns how many topics can be added.
func (a *assignment) room() int { return a.most*a.topicsEach - a.len() }
