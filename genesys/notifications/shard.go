package notifications

import "fmt"

// begin puts the topics on lines and runs the lines.
func (s *Source) begin(spawn func(*line)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spawn = spawn
	for _, name := range s.config.Topics {
		s.static[name] = true
		s.place(name)
	}
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
	if s.spawn == nil {
		s.config.Topics = names
		return nil
	}
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for name := range s.static {
		if !wanted[name] {
			delete(s.static, name)
			s.unplace(name)
		}
	}
	for name := range wanted {
		for !s.static[name] && !s.place(name) {
			if !s.unfollowOldest() {
				return fmt.Errorf("notifications: there is no room for topic %s", name)
			}
		}
		s.static[name] = true
	}
	return nil
}

// place puts a topic on the first line with room, and reports whether there is
// one. The caller holds the lock.
func (s *Source) place(name string) bool {
	if s.places[name] != nil {
		return true
	}
	for _, l := range s.lines {
		if l.len() < s.config.TopicsPerChannel {
			s.places[name] = l
			l.set(name, true)
			return true
		}
	}
	if len(s.lines) >= s.config.MaxChannels {
		return false
	}
	ch, heard := s.memory.take(len(s.lines))
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
		l.set(name, false)
	}
}
