package polling

import (
	"context"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// followTick is how often to check which open conversations are due.
func (c *Config) followTick() time.Duration {
	return min(max(c.FollowEvery/6, time.Second), 30*time.Second)
}

// follow reads the open conversations that are due.
func (s *Source) follow(ctx context.Context) error {
	pace := s.pace()
	if s.open.stale(time.Now(), pace.every) {
		ids, err := s.openConversations(ctx)
		if err != nil {
			return &storeError{err}
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return !s.mine(id) })
		s.open.list(ids, time.Now())
	}
	for ids := range slices.Chunk(s.open.due(time.Now()), mostIDs) {
		found, err := s.reader.details(ctx, ids, false)
		if err != nil {
			return err
		}
		s.stats.followed.Add(int64(len(found)))
		s.open.asked(ids, found, time.Now(), pace)
		s.compare(found)
	}
	s.followed.Store(true)
	return nil
}

// compare passes what was read to Config.Beside.
func (s *Source) compare(found []*conversation.Conversation) {
	if s.config.Beside == nil {
		return
	}
	for _, c := range found {
		s.config.Beside.Compare(c)
	}
}

// pace returns how often to read open conversations now.
func (s *Source) pace() pace {
	p := pace{every: s.config.FollowEvery, least: s.config.FollowLeast}
	if s.others.hear() || s.besideHears() {
		p.every = max(p.every, s.config.FollowBeside)
	}
	return p.among(s.open.len())
}

// besideHears reports whether the source beside says that it hears: one that was never
// blind has announced no gap that has ended.
func (s *Source) besideHears() bool {
	is, says := s.config.Beside.(interface {
		Health() conversation.SourceHealth
	})
	if !says || s.others.someBlind() {
		return false
	}
	h := is.Health()
	return h.BlindSince.IsZero() && !h.HeardSince.IsZero()
}

// openConversations returns the ids of the open conversations, the most
// recently changed first.
func (s *Source) openConversations(ctx context.Context) ([]string, error) {
	var ids []string
	for c, err := range s.config.Tracked.Open(ctx) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, c.ID)
	}
	return ids, nil
}
