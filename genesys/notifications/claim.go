package notifications

import (
	"context"
	"errors"
	"slices"
	"time"
)

// ensureChannel gets a channel where the line has none: one that belonged to a
// process that is gone, else a new one. Both are claimed in the store first,
// so that no two processes use the same, and no two take the last place.
func (l *line) ensureChannel(ctx context.Context) error {
	if l.currentChannel().ID != "" {
		return nil
	}
	s := l.source
	select {
	case s.creating <- struct{}{}: // of this process's lines one at a time
		defer func() { <-s.creating }()
	case <-ctx.Done():
		return ctx.Err()
	}
	c, err := s.adopt(ctx)
	if err != nil {
		return err
	}
	if c.ID == "" {
		c, err = s.create(ctx)
	}
	if err != nil {
		return err
	}
	l.setChannel(c)
	wake(s.news)
	return nil
}

// abandon gives the line's channel up for good: the platform does not know it
// any more, or somebody else has it.
func (l *line) abandon() {
	l.source.mu.Lock()
	l.source.abandoned[l.currentChannel().ID] = true
	l.source.mu.Unlock()
	l.setChannel(channel{})
	wake(l.source.news)
}

// forgetAbandoned takes channels out of what is put down that are given up.
func (s *Source) forgetAbandoned(m *memory) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Channels = slices.DeleteFunc(m.Channels, func(c ownedChannel) bool { return s.abandoned[c.ID] })
}

// adopt takes over a channel that nobody uses any more; a zero one when there
// is none.
func (s *Source) adopt(ctx context.Context) (channel, error) {
	var taken channel
	err := s.change(ctx, func(m *memory) bool {
		taken = channel{}
		s.forgetAbandoned(m)
		used := s.usedChannels()
		for i := range m.Channels {
			c := &m.Channels[i]
			free := c.Owner == s.instance() && !used[c.ID] || c.Owner != s.instance() && !s.alive(c.Owner)
			if free && (c.Expires.IsZero() || c.Expires.After(time.Now())) {
				c.Owner, taken = s.instance(), c.channel
				return true
			}
		}
		return false
	})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("it is not known which channels can be used again", "error", err)
		return channel{}, nil
	}
	return taken, err
}

// errCreating: another process is about to take a place.
var errCreating = errors.New("another process is creating a channel")

// creatingFor is how long a process may take to create a channel.
const creatingFor = 30 * time.Second

// create creates a channel while no other process of ours does: with the last
// place taken twice, somebody else's channel would end.
func (s *Source) create(ctx context.Context) (channel, error) {
	busy := false
	err := s.change(ctx, func(m *memory) bool {
		busy = m.Creating.Owner != "" && m.Creating.Owner != s.instance() && time.Since(m.Creating.At) < creatingFor && s.alive(m.Creating.Owner)
		if !busy {
			m.Creating = creating{s.instance(), time.Now()}
		}
		return !busy
	})
	switch {
	case ctx.Err() != nil:
		return channel{}, ctx.Err()
	case err != nil:
		s.log.Warn("a channel is created although the store does not answer", "error", err)
	case busy:
		return channel{}, errCreating
	}
	c, err := s.channels.create(ctx)
	written := s.change(ctx, func(m *memory) bool {
		m.Creating = creating{}
		if err == nil {
			m.Channels = append(m.Channels, ownedChannel{c, s.instance()})
		}
		return true
	})
	if written != nil && ctx.Err() == nil {
		s.log.Warn("a new channel is not put down", "error", written)
	}
	return c, err
}

// usedChannels are those of this process's lines.
func (s *Source) usedChannels() map[string]bool {
	s.mu.Lock()
	lines := slices.Clone(s.lines)
	s.mu.Unlock()
	used := map[string]bool{}
	for _, l := range lines {
		used[l.currentChannel().ID] = true
	}
	return used
}
