package clientapp

import (
	"sync"
	"time"
)

// streams are the open event streams, by the conversations that they tell of. It
// is safe for concurrent use.
type streams struct {
	most int

	mu      sync.Mutex
	closed  bool
	all     map[*stream]struct{}
	byTheir map[string]map[*stream]struct{} // conversation
	byAgent map[string]int
}

// stream is what one browser listens to.
type stream struct {
	agent         Agent
	conversations []string
	wake          chan struct{} // has room for one
	end           chan struct{} // closed when the app ends it

	mu      sync.Mutex
	waiting map[string]struct{} // conversations to look up
}

func newStream(agent Agent, conversations []string) *stream {
	return &stream{agent: agent, conversations: conversations, wake: make(chan struct{}, 1), end: make(chan struct{}), waiting: map[string]struct{}{}}
}

// ask notes that a case is to be looked up.
func (s *stream) ask(conversations ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range conversations {
		s.waiting[c] = struct{}{}
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns what is to be looked up, in the order of the page's request.
func (s *stream) take() (asked []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conversations {
		if _, is := s.waiting[c]; is {
			asked = append(asked, c)
		}
	}
	clear(s.waiting)
	return asked
}

// mostOfAgent is how many streams an agent may have: one in each browser, and
// more where a browser has no locks.
const mostOfAgent = 32

// add reports whether there is room for one more.
func (ss *streams) add(s *stream) bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.closed || len(ss.all) >= ss.most || ss.byAgent[s.agent.ID] >= mostOfAgent {
		return false
	}
	if ss.all == nil {
		ss.all, ss.byTheir, ss.byAgent = map[*stream]struct{}{}, map[string]map[*stream]struct{}{}, map[string]int{}
	}
	ss.all[s] = struct{}{}
	ss.byAgent[s.agent.ID]++
	for _, c := range s.conversations {
		if ss.byTheir[c] == nil {
			ss.byTheir[c] = map[*stream]struct{}{}
		}
		ss.byTheir[c][s] = struct{}{}
	}
	return true
}

func (ss *streams) remove(s *stream) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.all, s)
	if ss.byAgent[s.agent.ID]--; ss.byAgent[s.agent.ID] == 0 {
		delete(ss.byAgent, s.agent.ID)
	}
	for _, c := range s.conversations {
		if delete(ss.byTheir[c], s); len(ss.byTheir[c]) == 0 {
			delete(ss.byTheir, c)
		}
	}
}

// changed has the case of a conversation looked up by all that tell of it, and
// again soon after: who says so may be in a transaction that is not committed.
func (ss *streams) changed(conversationID string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for s := range ss.byTheir[conversationID] {
		for _, wait := range [...]time.Duration{0, 100 * time.Millisecond, 500 * time.Millisecond} {
			time.AfterFunc(wait, func() { s.ask(conversationID) })
		}
	}
}

func (ss *streams) open() int {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return len(ss.all)
}

func (ss *streams) close() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if !ss.closed {
		ss.closed = true
		for s := range ss.all {
			close(s.end)
		}
	}
}
