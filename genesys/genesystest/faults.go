package genesystest

import (
	"slices"
	"sync"
	"time"
)

// Faults make the server fail. All can be switched while it runs. What is
// random is drawn from the server's [Seed].
type Faults struct {
	server *Server
	dice   *dice // of its own: so the same ids are given out with and without faults

	matching       sync.Mutex // taken before mu: one request at a time asks a test's own Match
	mu             sync.Mutex
	frames         FrameFaults
	envelopes      FrameFaults
	requests       []*requestFault
	duplicatePages bool
	failingJobs    int
	refused        []refusedTime
	pool           int // channels of a client that tell of something; zero: all
}

// refusedTime is a time that the analytics tell nothing of.
type refusedTime struct{ from, to time.Time }

// FrameFaults is what happens to messages on their way. Heartbeats and other
// messages about the channel itself are spared. The zero value is no fault.
type FrameFaults struct {
	Drop      float64       // the probability that one is lost
	Duplicate float64       // that one comes twice
	Reorder   float64       // that one comes later than those after it
	Delay     time.Duration // of every one
	Jitter    time.Duration // the most that one is delayed when it is reordered; zero: 200 ms
}

func newFaults(s *Server) *Faults { return &Faults{server: s, dice: newDice(^s.seed)} }

// Faults are the server's fault switches.
func (s *Server) Faults() *Faults { return s.faults }

// Frames sets what happens to the frames on the WebSockets from now on.
func (f *Faults) Frames(p FrameFaults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.frames = p
}

// Envelopes sets what happens to the EventBridge envelopes from now on.
func (f *Faults) Envelopes(p FrameFaults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.envelopes = p
}

// delays returns when to deliver a message: once, twice or not at all.
func (f *Faults) delays(p FrameFaults) []time.Duration {
	d, n := f.dice, &f.server.counts
	if d.chance(p.Drop) {
		n.dropped.Add(1)
		return nil
	}
	jitter := p.Jitter
	if jitter <= 0 {
		jitter = 200 * time.Millisecond
	}
	once := p.Delay
	if d.chance(p.Reorder) {
		n.reordered.Add(1)
		once += d.upTo(jitter)
	}
	if d.chance(p.Duplicate) {
		n.duplicated.Add(1)
		return []time.Duration{once, p.Delay + d.upTo(jitter)}
	}
	return []time.Duration{once}
}

func (f *Faults) frameDelays() []time.Duration {
	f.mu.Lock()
	p := f.frames
	f.mu.Unlock()
	return f.delays(p)
}

func (f *Faults) envelopeDelays() []time.Duration {
	f.mu.Lock()
	p := f.envelopes
	f.mu.Unlock()
	return f.delays(p)
}

// DuplicatePages makes each page of the details query begin with the last
// conversation of the page before, as happens while data flows in
// (protocol 6.5).
func (f *Faults) DuplicatePages(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.duplicatePages = on
}

// FailJobs makes the next n details jobs fail.
func (f *Faults) FailJobs(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failingJobs = n
}

// RefuseTime refuses the details queries and jobs whose interval touches the
// time, from included, to not, with 400.
func (f *Faults) RefuseTime(from, to time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = append(f.refused, refusedTime{from, to})
}

func (f *Faults) refusesTime(from, to time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.refused, func(r refusedTime) bool { return from.Before(r.to) && r.from.Before(to) })
}

func (f *Faults) duplicatesPages() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.duplicatePages
}

func (f *Faults) failsJob() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failingJobs == 0 {
		return false
	}
	f.failingJobs--
	return true
}
