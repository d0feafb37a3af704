package notifications

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"
)

// memory is what a source puts down for the one that comes after it.
type memory struct {
	// Heard is when the source last heard all its topics.
	Heard time.Time `json:"heard,omitzero"`
	// Channels are its own: nobody else connects to them, so they can be used
	// again instead of taking a further place.
	Channels []channel `json:"channels,omitempty"`

	version int64
}

// take returns the channel for a line, and since when it is blind.
func (m *memory) take(n int) (channel, time.Time) {
	if n < len(m.Channels) {
		return m.Channels[n], m.Heard
	}
	return channel{}, m.Heard
}

// recall reads what the source before put down.
func (s *Source) recall(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	value, version, err := s.config.Tracked.Value(ctx, s.config.Name)
	if err == nil && len(value) > 0 {
		err = json.Unmarshal(value, &s.memory)
	}
	s.memory.version = version
	if err != nil && ctx.Err() == nil {
		s.log.Warn("it is not known when the source last heard", "error", err)
	}
}

// rememberLoop puts down every now and then that the source hears.
func (s *Source) rememberLoop(ctx context.Context) {
	for sleep(ctx, rememberEvery) {
		s.remember(ctx)
	}
}

// remember puts down when the source last heard, and its channels.
func (s *Source) remember(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	s.remembering.Lock() // not the source's lock: reading must not wait for the store
	defer s.remembering.Unlock()
	s.gatherMemory()
	value, err := json.Marshal(s.memory)
	if err == nil {
		s.memory.version, err = s.config.Tracked.SetValue(ctx, s.config.Name, value, s.memory.version)
	}
	if err != nil && ctx.Err() == nil {
		s.log.Warn("it is not put down when the source last heard", "error", err)
		if _, version, err := s.config.Tracked.Value(ctx, s.config.Name); err == nil {
			s.memory.version = version
		}
	}
}

func (s *Source) gatherMemory() {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest, all := time.Time{}, len(s.lines) > 0 && s.flooded.IsZero()
	var own []channel
	for _, l := range s.lines {
		heard, hears := l.lastHeard()
		if all = all && hears; oldest.IsZero() || heard.Before(oldest) {
			oldest = heard
		}
		l.mu.Lock()
		own = append(own, l.channel)
		l.mu.Unlock()
	}
	if all { // and what was read by then is stored
		if since, some := s.inbox.oldest(); some && since.Before(oldest) {
			oldest = since
		}
		s.memory.Heard = oldest
	}
	s.memory.Channels = own
}
