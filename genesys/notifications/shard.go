package notifications

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// handover is how long a process at least goes on to hear topics that another
// one looks after from now on.
const handover = time.Minute

// begin puts the topics, which were heard until heard, on lines and runs the
// lines.
func (s *Source) begin(heard time.Time, spawn func(*line)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spawn, s.moved = spawn, time.Now()
	_ = s.placeMine(heard) // they fit, as validate has seen
}

func (s *Source) mine(name string) bool {
	return s.config.Tracked == nil || s.config.Tracked.Mine(s.config.Name, name)
}

// SetTopics replaces Config.Topics while the source runs, for when users and
// queues come and go. It fails, and changes nothing, when they are too many or
// not topics. Detail topics of conversations make way.
func (s *Source) SetTopics(names ...string) error {
	if err := s.config.validTopics(names); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.Topics = slices.Clone(names)
	if s.spawn == nil {
		return nil
	}
	for name := range s.static {
		if !slices.Contains(names, name) {
			delete(s.static, name)
			s.unplace(name)
		}
	}
	return s.placeMine(time.Now())
}

// placeMine places the topics that this process looks after and does not hear
// yet, which were heard until heard. The caller holds the lock.
func (s *Source) placeMine(heard time.Time) error {
	for _, name := range s.config.Topics {
		if s.static[name] || !s.mine(name) {
			continue
		}
		l := s.room()
		for l == nil {
			if !s.unfollowOldest() {
				return fmt.Errorf("notifications: there is no room for topic %s", name)
			}
			l = s.room()
		}
		s.static[name], s.places[name] = true, l
		s.launch(l, heard)
		l.add(name, heard)
	}
	return nil
}

// shareLoop takes topics over from processes that are gone.
func (s *Source) shareLoop(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	for {
		moved := s.config.Tracked.Moved()
		s.takeOver(ctx)
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Source) takeOver(ctx context.Context) {
	heard := time.Now()
	err := s.change(ctx, func(m *memory) bool {
		heard = s.heardBefore(m)
		return false
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("it is not known until when others heard", "error", err)
		heard = time.Time{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved = time.Now()
	if err := s.placeMine(heard); err != nil {
		s.log.Error("topics of another process are not heard", "error", err)
	}
}

// handOver gives up the topics that other processes look after, which is known
// to hear them.
func (s *Source) handOver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.moved) < handover {
		return
	}
	for name := range s.static {
		if !s.mine(name) {
			delete(s.static, name)
			s.unplace(name)
		}
	}
}

// room returns a line with room for a topic, a new one if need be; nil when
// there is none. The caller holds the lock.
func (s *Source) room() *line {
	for _, l := range s.lines {
		if l.len() < s.config.TopicsPerChannel {
			return l
		}
	}
	if len(s.lines) >= s.config.MaxChannels {
		return nil
	}
	return newLine(s, len(s.lines)+1, time.Now())
}

// launch runs a line that is new. The caller holds the lock.
func (s *Source) launch(l *line, heard time.Time) {
	if l.number <= len(s.lines) {
		return
	}
	l.blindFrom = heard
	s.lines = append(s.lines, l)
	s.spawn(l)
}

// unplace takes a topic off its line. The caller holds the lock.
func (s *Source) unplace(name string) {
	if l := s.places[name]; l != nil {
		delete(s.places, name)
		l.remove(name)
	}
}
