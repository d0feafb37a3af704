package notifications

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// takeover is how long ago the process may have died whose topics another
	// one takes over: its lease, and some time until that was noticed.
	takeover = 2 * time.Minute
	// handover is how long a process goes on to hear topics that another one
	// looks after from now on.
	handover = time.Minute
)

// begin puts the topics on lines and runs the lines.
func (s *Source) begin(spawn func(*line)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spawn = spawn
	for _, name := range s.config.Topics {
		if s.mine(name) {
			s.static[name] = true
			s.place(name, s.memory.Heard)
		}
	}
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
		for !s.place(name, heard) {
			if !s.unfollowOldest() {
				return fmt.Errorf("notifications: there is no room for topic %s", name)
			}
		}
		s.static[name] = true
	}
	return nil
}

// shareLoop takes topics over from processes that are gone, and hands topics to
// those that came.
func (s *Source) shareLoop(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	for {
		moved := s.config.Tracked.Moved()
		s.mu.Lock()
		if err := s.placeMine(time.Now().Add(-takeover)); err != nil {
			s.log.Error("topics of another process are not heard", "error", err)
		}
		s.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
		time.AfterFunc(handover, s.handOver)
	}
}

// handOver gives up the topics that another process looks after.
func (s *Source) handOver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.static {
		if !s.mine(name) {
			delete(s.static, name)
			s.unplace(name)
		}
	}
}

// place puts a topic, which was heard until heard, on the first line with room,
// and reports whether there is one. The caller holds the lock.
func (s *Source) place(name string, heard time.Time) bool {
	if s.places[name] != nil {
		return true
	}
	for _, l := range s.lines {
		if l.len() < s.config.TopicsPerChannel {
			s.places[name] = l
			l.set(name, true, heard)
			return true
		}
	}
	if len(s.lines) >= s.config.MaxChannels {
		return false
	}
	var ch channel
	if s.config.Tracked != nil {
		ch = s.adopt()
	}
	l := newLine(s, len(s.lines)+1, ch, heard)
	s.lines = append(s.lines, l)
	s.places[name] = l
	l.topics[name] = true
	s.spawn(l)
	return true
}

// unplace takes a topic off its line. The caller holds the lock.
func (s *Source) unplace(name string) {
	if l := s.places[name]; l != nil {
		delete(s.places, name)
		l.set(name, false, time.Time{})
	}
}
