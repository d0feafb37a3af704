package notifications

import (
	"context"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// memory is what the processes that share a store put down for those that come
// after them.
type memory struct {
	// Heard is when one of them last heard all the topics it looks after.
	Heard time.Time `json:"heard,omitzero"`
	// Channels are theirs. Those of a process that is gone can be used again
	// instead of taking a further place.
	Channels []ownedChannel `json:"channels,omitempty"`
}

type ownedChannel struct {
	channel
	Owner string `json:"owner"`
}

// adopt takes a channel that nobody uses any more; a zero one when there is
// none. The caller holds the lock.
func (s *Source) adopt() channel {
	now := time.Now()
	for i, c := range s.memory.Channels {
		free := c.Owner == s.config.Tracked.Instance() || !s.config.Tracked.Alive(c.Owner)
		if free && (c.Expires.IsZero() || c.Expires.After(now)) {
			s.memory.Channels = slices.Delete(s.memory.Channels, i, i+1)
			return c.channel
		}
	}
	return channel{}
}

// recall reads what was put down before.
func (s *Source) recall(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	m, _, err := s.stored(ctx)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("it is not known when the source last heard", "error", err)
	}
	s.memory = m
}

func (s *Source) stored(ctx context.Context) (m memory, version int64, err error) {
	value, version, err := s.config.Tracked.Value(ctx, s.config.Name)
	if err == nil && len(value) > 0 {
		err = json.Unmarshal(value, &m)
	}
	return m, version, err
}

// rememberLoop puts down every now and then that the source hears.
func (s *Source) rememberLoop(ctx context.Context) {
	for sleep(ctx, rememberEvery) {
		s.remember(ctx)
	}
}

// mostRaces is how often it is tried again to put something down when another
// process forestalls it.
const mostRaces = 5

// remember puts down when the source last heard, and its channels.
func (s *Source) remember(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	s.remembering.Lock() // not the source's lock: reading must not wait for the store
	defer s.remembering.Unlock()
	var err error
	for range mostRaces {
		var m memory
		var version int64
		if m, version, err = s.stored(ctx); err != nil {
			break
		}
		s.addTo(&m)
		var value []byte
		if value, err = json.Marshal(m); err != nil {
			break
		}
		if _, err = s.config.Tracked.SetValue(ctx, s.config.Name, value, version); err == nil {
			return
		}
	}
	if ctx.Err() == nil {
		s.log.Warn("it is not put down when the source last heard", "error", err)
	}
}

// addTo adds what this process knows to what is stored.
func (s *Source) addTo(m *memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, me := time.Now(), s.config.Tracked.Instance()
	used := map[string]bool{}
	var own []ownedChannel
	oldest, all := time.Time{}, len(s.lines) > 0 && s.flooded.IsZero()
	for _, l := range s.lines {
		heard, hears := l.lastHeard()
		if all = all && hears; oldest.IsZero() || heard.Before(oldest) {
			oldest = heard
		}
		l.mu.Lock()
		if used[l.channel.ID] = true; l.channel.ID != "" {
			own = append(own, ownedChannel{l.channel, me})
		}
		l.mu.Unlock()
	}
	if all { // and what was read by then is stored
		if since, some := s.inbox.oldest(); some && since.Before(oldest) {
			oldest = since
		}
		if oldest.After(m.Heard) {
			m.Heard = oldest
		}
	}
	m.Channels = slices.DeleteFunc(m.Channels, func(c ownedChannel) bool {
		return used[c.ID] || c.Owner == me || !c.Expires.IsZero() && c.Expires.Before(now.Add(-channelLife))
	})
	m.Channels = append(m.Channels, own...)
}

// channelLife is how long a channel lives after its last renewal.
const channelLife = 24 * time.Hour
