package notifications

import (
	"container/list"
	"context"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// follows are the conversations with detail topics, the latest first.
type follows struct {
	order *list.List // of *followed
	byID  map[string]*list.Element
}

type followed struct {
	id    string
	until time.Time
}

func newFollows() follows { return follows{list.New(), map[string]*list.Element{}} }

// follow subscribes the detail topics of a conversation that was heard of, and
// notes when it has ended.
func (s *Source) follow(c *conversation.Conversation) {
	if len(s.config.DetailEvents) == 0 {
		return
	}
	over := conversation.Merge(nil, c).Status == conversation.StatusEnded
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.follows.byID[c.ID]
	switch {
	case f != nil && over:
		f.Value.(*followed).until = time.Now().Add(followEnded)
	case f == nil && !over:
		s.followNew(c.ID, time.Now().Add(followFor))
	}
}

// followNew makes room where it must. The caller holds the lock.
func (s *Source) followNew(id string, until time.Time) {
	s.follows.byID[id] = s.follows.order.PushFront(&followed{id, until})
	for _, name := range s.detailTopics(id) {
		l := s.room()
		for l == nil {
			if oldest := s.follows.order.Back(); oldest.Value.(*followed).id == id || !s.unfollowOldest() {
				s.unfollow(id) // there is no room for it at all
				return
			}
			l = s.room()
		}
		s.places[name] = l
		s.launch(l, time.Now())
		l.addDetail(name)
	}
}

// unfollowOldest gives up the detail topics of the conversation that has had
// them for longest. The caller holds the lock.
func (s *Source) unfollowOldest() bool {
	oldest := s.follows.order.Back()
	if oldest == nil {
		return false
	}
	s.unfollow(oldest.Value.(*followed).id)
	return true
}

// unfollow gives up the detail topics of a conversation. The caller holds the
// lock.
func (s *Source) unfollow(id string) {
	s.follows.order.Remove(s.follows.byID[id])
	delete(s.follows.byID, id)
	for _, name := range s.detailTopics(id) {
		s.unplace(name)
	}
}

// detailTopics returns the detail topics of a conversation: combined, as that
// counts as one, unless the platform turned out to deliver them under the
// combined name, which does not say what a message means (protocol 2.3).
func (s *Source) detailTopics(id string) []string {
	prefix := "v2.detail.events.conversation." + id
	if !s.singly {
		return combined(prefix, s.config.DetailEvents)
	}
	names := make([]string, len(s.config.DetailEvents))
	for i, event := range s.config.DetailEvents {
		names[i] = prefix + "." + event
	}
	return names
}

// combined joins topics that differ in their end, as few as a name can hold.
func combined(prefix string, ends []string) []string {
	var names []string
	for _, end := range ends {
		last := len(names) - 1
		if last >= 0 && len(names[last])+1+len(end) <= mostName {
			names[last] += "&" + end
		} else {
			names = append(names, prefix+"?"+end)
		}
	}
	return names
}

// listenSingly gives combined detail topics up.
func (s *Source) listenSingly() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.singly {
		return
	}
	s.log.Warn("the platform delivers combined detail topics under the combined name; they are subscribed one by one from now on")
	var all []*followed
	for e := s.follows.order.Back(); e != nil; e = s.follows.order.Back() {
		all = append(all, e.Value.(*followed))
		s.unfollow(all[len(all)-1].id)
	}
	s.singly = true
	for _, f := range all {
		s.followNew(f.id, f.until)
	}
}

// followLoop gives up what has ended, and follows what other sources found.
func (s *Source) followLoop(ctx context.Context) {
	for {
		if len(s.config.DetailEvents) > 0 {
			s.unfollowEnded(time.Now())
			s.followOpen(ctx)
		}
		if !pause.Sleep(ctx, followEvery) {
			return
		}
	}
}

// followEvery is how often it is looked what to follow.
const followEvery = time.Minute

func (s *Source) unfollowEnded(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.follows.order.Front(); e != nil; {
		f, next := e.Value.(*followed), e.Next()
		if f.until.Before(now) {
			s.unfollow(f.id)
		}
		e = next
	}
}

// followOpen follows the open conversations that there is room for.
func (s *Source) followOpen(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	for c, err := range s.config.Tracked.Open(ctx) {
		if err != nil {
			if ctx.Err() == nil {
				s.log.Warn("the open conversations cannot be listed", "error", err)
			}
			return
		}
		if s.mine(c.ID) && !s.followIfRoom(c) {
			return
		}
	}
}

// followIfRoom reports whether there may be room for more.
func (s *Source) followIfRoom(c *conversation.Conversation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follows.byID[c.ID] != nil {
		return true
	}
	room := s.config.MaxChannels*s.config.TopicsPerChannel - len(s.places)
	if room < len(s.detailTopics(c.ID)) {
		return false
	}
	s.followNew(c.ID, time.Now().Add(followFor))
	return true
}
