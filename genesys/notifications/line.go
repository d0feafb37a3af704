package notifications

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// line keeps one channel connected and subscribed. Its topics and what is known
// of its hearing are here; how it hears is in hear.go.
type line struct {
	source *Source
	number int // for the log: the channel's id is a part of the address, and so secret

	changed chan struct{} // the topics are others
	soon    chan struct{} // so they are, but that can wait a little

	mu      sync.Mutex
	topics  map[string]bool
	channel channel   // zero: none
	socket  *socket   // nil while there is none
	hears   bool      // the topics are subscribed on it
	missed  time.Time // since when topics that were added are not heard; zero: all are
	heard   time.Time // when it last heard, while it has no socket

	// Of the line's goroutine only:
	blindFrom time.Time // zero: unknown
	announced bool      // that it is blind
}

func newLine(s *Source, number int, blindFrom time.Time) *line {
	return &line{source: s, number: number, changed: make(chan struct{}, 1), soon: make(chan struct{}, 1), topics: map[string]bool{}, blindFrom: blindFrom}
}

// name is the line's name in gaps.
func (l *line) name() string { return fmt.Sprintf("%s/%d", l.source.config.Name, l.number) }

// add adds a topic that was heard until heard.
func (l *line) add(name string, heard time.Time) {
	l.mu.Lock()
	l.topics[name] = true
	l.mu.Unlock()
	l.miss(heard)
	wake(l.changed)
}

// addDetail adds a topic about one conversation: without it less is known, but
// nothing is missed.
func (l *line) addDetail(name string) {
	l.mu.Lock()
	l.topics[name] = true
	l.mu.Unlock()
	wake(l.soon)
}

func (l *line) remove(name string) {
	l.mu.Lock()
	delete(l.topics, name)
	l.mu.Unlock()
	wake(l.soon)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// miss notes since when added topics are not heard.
func (l *line) miss(since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.missed.IsZero() || !since.IsZero() && since.Before(l.missed) {
		l.missed = since
	}
}

// missing returns since when added topics are not heard; zero when all are.
func (l *line) missing() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.missed
}

// caughtUp notes that the topics are heard that were missed until then.
func (l *line) caughtUp(missed time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hears = true
	if l.missed.Equal(missed) { // else more were added meanwhile
		l.missed = time.Time{}
	}
}

// setSocket says which socket the line listens to.
func (l *line) setSocket(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.socket = s
}

// lose says that the line has no socket any more, and returns when it last
// heard.
func (l *line) lose() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hears {
		l.heard = l.socket.lastHeard()
	}
	l.socket, l.hears = nil, false
	return l.heard
}

// lastHeard returns when the line last heard, and whether it hears all its
// topics now.
func (l *line) lastHeard() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.socket == nil || !l.hears {
		return l.heard, false
	}
	return l.socket.lastHeard(), l.missed.IsZero()
}

func (l *line) currentChannel() channel {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.channel
}

func (l *line) setChannel(c channel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.channel = c
}

// names returns the topics in a fixed order.
func (l *line) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := make([]string, 0, len(l.topics))
	for name := range l.topics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (l *line) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.topics)
}
