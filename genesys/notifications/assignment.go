package notifications

import (
	"sync"
	"time"
)

// assignment is which topic is heard over which connection. It opens
// connections as they are needed. It is safe for concurrent use.
type assignment struct {
	topicsEach int // on a connection
	most       int // connections
	open       func(number int, heard time.Time) *connection

	mu          sync.Mutex
	connections []*connection
	of          map[string]*connection
}

func newAssignment(topicsEach, most int, open func(number int, heard time.Time) *connection) *assignment {
	return &assignment{topicsEach: topicsEach, most: most, open: open, of: map[string]*connection{}}
}

// add assigns a topic that was heard until heard; zero: nobody knows. It reports
// false when there is no room.
func (a *assignment) add(topic string, heard time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.withRoom(heard)
	if c == nil {
		return false
	}
	a.of[topic] = c
	c.add(topic, heard)
	return true
}

// addDetail assigns a topic about one conversation: without it less is known,
// but nothing is missed.
func (a *assignment) addDetail(topic string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.withRoom(time.Now())
	if c == nil {
		return false
	}
	a.of[topic] = c
	c.addDetail(topic)
	return true
}

// withRoom returns a connection that can take a topic more; nil when there is
// none. The caller holds the lock.
func (a *assignment) withRoom(heard time.Time) *connection {
	for _, c := range a.connections {
		if c.len() < a.topicsEach {
			return c
		}
	}
	if len(a.connections) >= a.most {
		return nil
	}
	c := a.open(len(a.connections)+1, heard)
	a.connections = append(a.connections, c)
	return c
}

// remove gives a topic up.
func (a *assignment) remove(topic string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.of[topic]; c != nil {
		delete(a.of, topic)
		c.remove(topic)
	}
}

// connection returns what a topic is heard over; nil when it is not assigned.
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
