package notifications

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// connection keeps one channel connected and subscribed. Its state is here: its
// topics, whether they are heard and since when; how it listens is in listen.go.
type connection struct {
	shared
	number  int // for the log: the channel's id is a part of the address, and so a secret
	silence *silence

	changed chan struct{} // the topics have changed
	soon    chan struct{} // they have too, but subscribing can wait a little

	dismissed context.Context // ends when the connection is not needed any more
	end       func()          // ends it

	mu         sync.Mutex
	topics     map[string]bool // whether something is missed without the topic
	channel    channel         // zero: none
	socket     *socket         // nil while there is none
	hears      bool            // the topics are subscribed on it, or were when it was told to stop
	heard      time.Time       // when it last heard, while it has no socket
	began      time.Time       // since when it hears or does not hear
	trouble    error           // why it does not hear; nil: it does, or has just begun
	accepted   int             // how many topics the platform accepted
	refusesAll bool            // it accepted none without which something is missed
	added      int             // how often topics were added
	caught     int             // the value of added up to which topics are subscribed
	missed     blindness       // what is not heard yet
	until      time.Time       // when it was dismissed; zero: it is not

	// Of the goroutine that listens only:
	announced bool         // that it is blind
	replacing *pause.Pacer // of its sockets
}

// blindness is whether something was missed, and since when; from is zero when that
// is unknown.
type blindness struct {
	some bool
	from time.Time
}

// and combines two: from the earlier time on, and unknown is the earliest.
func (b blindness) and(other blindness) blindness {
	switch {
	case !b.some:
		return other
	case !other.some || b.from.Before(other.from):
		return b
	}
	return other
}

// shared is what all connections of a source have in common.
type shared struct {
	name      string // of the source
	log       *slog.Logger
	channels  channels
	claims    *claims
	refused   *refusedTopics
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	take      func(frame []byte, read time.Time) *genesys.Message
	announce  func(ctx context.Context, source string, g conversation.Gap)
	stats     *counters
	tellPeers func() // there is something to record for other processes
}

func newConnection(s shared, number int) *connection {
	c := &connection{
		shared: s, number: number, silence: newSilence(),
		changed: make(chan struct{}, 1), soon: make(chan struct{}, 1),
		topics: map[string]bool{}, replacing: pause.NewPacer(time.Second, time.Minute, calm),
	}
	c.dismissed, c.end = context.WithCancel(context.Background())
	return c
}

// gapName is the connection's name in gaps.
func (c *connection) gapName() string { return fmt.Sprintf("%s/%d", c.name, c.number) }

// add adds a topic, and what of it was missed so far.
func (c *connection) add(name string, missed blindness) {
	c.mu.Lock()
	c.topics[name] = true
	c.added++
	c.missed = c.missed.and(missed)
	c.mu.Unlock()
	wake(c.changed)
}

// addDetail adds a topic about one conversation: without it less is known, but
// nothing is missed.
func (c *connection) addDetail(name string) {
	c.mu.Lock()
	c.topics[name] = false
	c.mu.Unlock()
	wake(c.soon)
}

func (c *connection) remove(name string) {
	c.mu.Lock()
	delete(c.topics, name)
	c.mu.Unlock()
	c.refused.forget(name)
	wake(c.soon)
}

// gone returns what tells of a topic that was asked for, or of one that such a topic
// joins, whether it is not wanted any more.
func (c *connection) gone(asked []string) func(topic string) bool {
	of := map[string]string{}
	for _, name := range asked {
		for _, refusable := range withSingles(name) {
			of[refusable] = name
		}
	}
	return func(topic string) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		name, known := of[topic]
		_, wanted := c.topics[name]
		return known && !wanted
	}
}

// misses reports whether something is missed without a topic of the connection.
func (c *connection) misses(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.topics[name]
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// dismiss ends the connection: its topics are heard over others from now on.
func (c *connection) dismiss() {
	c.mu.Lock()
	c.until = time.Now()
	c.mu.Unlock()
	c.end()
}

// blindUntil returns what was missed before the connection was dismissed, and when that
// was.
func (c *connection) blindUntil() (missed blindness, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.missed.from.Before(c.until) {
		return blindness{}, c.until
	}
	return c.missed, c.until
}

// unheard returns what is missed until the topics added so far are subscribed, and
// the number to give to caughtUp then.
func (c *connection) unheard() (missed blindness, added int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.missed, c.added
}

// caughtUp notes that the topics are heard that were added up to that number.
func (c *connection) caughtUp(added int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hears || c.caught != added { // otherwise it was a renewal, or about detail topics
		c.silence.listens(c.channel.ID, time.Now())
		c.tellPeers()
	}
	if !c.hears || c.trouble != nil {
		c.began = time.Now()
	}
	c.hears, c.caught, c.trouble = true, added, nil
	if c.added == added {
		c.missed = blindness{}
	}
}

// refusedAll returns what is missed when the platform has just refused all topics, those
// about single conversations left aside.
func (c *connection) refusedAll(now time.Time) blindness {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.refusesAll {
		return blindness{}
	}
	if c.hears {
		c.heard, c.hears = now, false
		c.tellPeers()
	}
	c.missed = c.missed.and(blindness{true, now})
	return c.missed
}

// setSubscribed notes which topics the platform accepted. A combined one is heard unless
// it, or all that it joins, is refused.
func (c *connection) setSubscribed(topics []string, refused []Refusal) {
	is := refusedNames(refused)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted = 0
	hears, wants := false, false
	for _, misses := range c.topics {
		wants = wants || misses
	}
	for _, name := range topics {
		if !is[name] && slices.ContainsFunc(singles(name), func(single string) bool { return !is[single] }) {
			c.accepted++
			hears = hears || c.topics[name]
		}
	}
	c.refusesAll = wants && !hears
}

// subscribed returns how many topics the connection hears.
func (c *connection) subscribed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hears {
		return 0
	}
	return c.accepted
}

// setSocket says which socket the connection listens to.
func (c *connection) setSocket(s *socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.socket = s
}

// lose notes that the connection has no socket any more. All topics are missed from
// the last sign of life on; one that was told to stop still counts as hearing until
// then.
func (c *connection) lose(stopped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hears {
		c.heard = c.socket.lastHeard()
		c.missed = c.missed.and(blindness{true, c.heard})
	}
	c.socket, c.hears = nil, c.hears && stopped
}

// fail notes why the connection does not hear.
func (c *connection) fail(reason error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble == nil {
		if c.began = c.heard; c.began.IsZero() {
			c.began = now // it has never heard
		}
	}
	c.trouble = reason
}

// lacks notes since when and why the connection does not hear all its topics.
func (c *connection) lacks(since time.Time, reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble == nil {
		if c.began = since; since.IsZero() {
			c.began = time.Now() // it is not known since when
		}
	}
	c.trouble = reason
}

// since returns since when the connection hears, or since when it does not and why.
func (c *connection) since() (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.began, c.trouble
}

// deafened notes that all topics were missed, although there was a socket.
func (c *connection) deafened(since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.missed = c.missed.and(blindness{true, since})
}

// lastHeard returns when the connection last heard, and whether it hears all
// its topics now, or did when it was told to stop.
func (c *connection) lastHeard() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.hears && c.added == c.caught
	if c.socket == nil || !c.hears {
		return c.heard, all
	}
	return c.socket.lastHeard(), all
}

// proveAlive waits up to a second for a sign of life, so that lastHeard is recent.
func (c *connection) proveAlive() {
	c.mu.Lock()
	s := c.socket
	c.mu.Unlock()
	if s != nil {
		s.proveAlive()
	}
}

func (c *connection) currentChannel() channel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.channel
}

func (c *connection) setChannel(is channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.channel = is
}

// names returns the topics in a fixed order.
func (c *connection) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := make([]string, 0, len(c.topics))
	for name := range c.topics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *connection) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.topics)
}
