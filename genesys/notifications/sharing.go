package notifications

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Times of sharing.
const (
	// recordEvery is how often it is recorded until when topics were heard.
	recordEvery = 30 * time.Second
	// recordSoon is how often that is done after the peers have changed, and
	// changing for how long: until every process knows who hears what.
	recordSoon = 10 * time.Second
	changing   = 2 * time.Minute
	// fresh is the greatest age of the last sign of life of a process that hears.
	fresh = 3 * recordEvery
	// overlap is how long a process goes on listening, at least, to topics that
	// another one has become responsible for.
	overlap = time.Minute
	// deliveryTime is how long a message may be on its way: what happened within
	// that time before a sign of life may not have arrived yet.
	deliveryTime = time.Second
)

// sharing decides to which of the topics this process listens, of those that it
// shares with its peers. It is safe for concurrent use.
type sharing struct {
	peers    *peers
	assigned *assignment
	makeRoom func() bool // gives up something less important; false: there is nothing
	announce func(ctx context.Context, g conversation.Gap)
	log      *slog.Logger
	others   elsewhere

	mu        sync.Mutex
	topics    [partitions][]string // all, also those of others
	selection selection            // of them
	held      partitionSet         // what this process hears
	takeovers takeovers
	moved     time.Time // when the peers last changed
}

func newSharing(topics []string, p *peers, a *assignment, makeRoom func() bool, log *slog.Logger, announce func(context.Context, conversation.Gap)) *sharing {
	s := &sharing{peers: p, assigned: a, makeRoom: makeRoom, announce: announce, log: log, takeovers: takeovers{}}
	s.topics, s.selection.Topics = byPartition(topics), selected(topics)
	return s
}

func byPartition(topics []string) (parts [partitions][]string) {
	for _, name := range topics {
		p := partitionOf(name)
		parts[p] = append(parts[p], name)
	}
	return parts
}

// set replaces the topics. New ones count as missed since the given time.
func (s *sharing) set(topics []string, since time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.topics
	s.topics, s.selection.Topics = byPartition(topics), selected(topics)
	defer s.assigned.begin()
	for p := range partitions {
		if !s.held.has(p) {
			continue
		}
		for _, name := range before[p] {
			if !slices.Contains(s.topics[p], name) {
				s.assigned.remove(name)
			}
		}
	}
	for p := range partitions {
		if s.held.has(p) {
			if err := s.hear(p, blindness{true, since}); err != nil {
				return err
			}
		}
	}
	return nil
}

// looked notes when whom to follow was last looked up; what was found is set already.
func (s *sharing) looked(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.selection.Looked = at
}

// hear assigns the topics of a partition that are not assigned yet. The caller
// holds the lock.
func (s *sharing) hear(p int, missed blindness) error {
	for _, name := range s.topics[p] {
		if s.assigned.connection(name) != nil {
			continue
		}
		for !s.assigned.add(name, missed) {
			if !s.makeRoom() {
				return fmt.Errorf("notifications: there is no room for topic %s", name)
			}
		}
	}
	return nil
}

// run takes topics over, at the start and whenever the peers change, until ctx
// ends.
func (s *sharing) run(ctx context.Context) {
	for {
		var moved <-chan struct{}
		if s.peers.tracked != nil {
			moved = s.peers.moved()
		}
		is, err := s.peers.read(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("it is not known until when topics were heard", "error", err)
		}
		if err := s.take(is.Signs, err == nil); err != nil {
			s.log.Error("topics are not heard", "error", err)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}

// take begins to listen to the topics that this process is responsible for and does
// not hear yet. Until when they were heard before is in the signs; while these are not
// known, as the store did not answer, it is left to the takeover to find out.
func (s *sharing) take(is signs, known bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.assigned.begin()
	s.moved = time.Now()
	var failed error
	for p := range partitions {
		if s.held.has(p) || !s.peers.mine(partitionKey(p)) {
			continue
		}
		s.held.add(p)
		last := is.last(p, anybody)
		missed := last.missed(s.selection)
		if living := is.latest(p, s.peers.alive); !known || time.Since(living) < fresh {
			s.takeovers.begin(p, last, known)
			if missed.from.Equal(last.until()) {
				missed = blindness{} // for now; the takeover finds out
			}
		}
		if err := s.hear(p, missed); err != nil {
			failed = err
		}
	}
	return failed
}

// changes reports whether the peers have changed lately.
func (s *sharing) changes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peers.tracked != nil && time.Since(s.moved) < changing
}

// record writes a sign of life into the state. What was heard is stored up to
// until; zero: not everything is, so there is no new sign of life.
func (s *sharing) record(is *state, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, set, own := until, s.held, partitionSet{}
	for p := range partitions {
		if !s.held.has(p) {
			continue
		}
		heard, hears := s.lastHeard(p)
		if !hears || s.takeovers[p] != nil {
			set.remove(p)
			if missed := s.unheard(p); missed.some {
				is.Signs = is.Signs.lower(s.peers.instance(), p, missed.from)
			}
			continue
		}
		if heard.Before(at) {
			at = heard
		}
		if s.peers.mine(partitionKey(p)) {
			own.add(p)
		}
	}
	if !until.IsZero() {
		is.Signs = is.Signs.record(sign{s.peers.instance(), at.Add(-deliveryTime), set, own, s.selection})
	}
	is.Signs = is.Signs.prune(s.peers.alive)
}

// lastHeard returns until when all topics of a partition were heard, and whether
// they are heard now. The caller holds the lock.
func (s *sharing) lastHeard(p int) (oldest time.Time, hears bool) {
	oldest = time.Now()
	for _, name := range s.topics[p] {
		c := s.assigned.connection(name)
		if c == nil {
			return time.Time{}, false
		}
		heard, hears := c.lastHeard()
		if !hears {
			return time.Time{}, false
		}
		if heard.Before(oldest) {
			oldest = heard
		}
	}
	return oldest, true
}

// unheard returns what is missed of a partition. The caller holds the lock.
func (s *sharing) unheard(p int) (missed blindness) {
	for _, name := range s.topics[p] {
		if c := s.assigned.connection(name); c != nil {
			is, _ := c.unheard()
			missed = missed.and(is)
		}
	}
	return missed
}

// compare checks what the peers have recorded: whether they heard what was taken
// over from them until it was heard here, and whether they hear what is theirs
// now. It reports whether there is something new to record.
func (s *sharing) compare(ctx context.Context, is signs) bool {
	gaps, settled := s.missed(is)
	for _, g := range gaps {
		s.announce(ctx, g)
	}
	s.assigned.shrink(s.handOver(is))
	s.others.note(is, s.selects(), s.peers.alive, time.Now())
	return settled
}

func (s *sharing) selects() selection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.selection
}

// heardElsewhere reports whether another process hears all of these topics, so that
// nothing is missed without them here. Without a detail topic nothing ever is.
func (s *sharing) heardElsewhere(topics []string) bool {
	var parts []int
	s.mu.Lock()
	for _, name := range topics {
		if p := partitionOf(name); slices.Contains(s.topics[p], name) {
			parts = append(parts, p)
		}
	}
	s.mu.Unlock()
	return s.others.hears(parts, time.Now())
}

// missed returns the gaps of what was taken over, and whether the takeover of
// something is settled.
func (s *sharing) missed(is signs) (gaps []conversation.Gap, settled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeovers.settle(is, s.peers, func(p int) bool {
		_, hears := s.lastHeard(p)
		return hears
	})
}

// handOver gives up the topics that other processes are responsible for and are
// recorded to hear since the peers have changed. It reports whether there were any.
func (s *sharing) handOver(is signs) (some bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.moved) < overlap {
		return false
	}
	since := later(s.moved, time.Now().Add(-fresh))
	for p := range partitions {
		if !s.held.has(p) || s.peers.mine(partitionKey(p)) || !is.responsible(p, since, s.peers.alive) {
			continue
		}
		some = true
		s.held.remove(p)
		delete(s.takeovers, p)
		for _, name := range s.topics[p] {
			s.assigned.remove(name)
		}
	}
	return some
}
