package polling

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// schedule says when to read each open conversation again. What does not
// change is read less and less often.
type schedule struct {
	seed maphash.Seed

	mu      sync.Mutex
	entries map[string]*entry
	listed  time.Time // when the tracker was last asked which are open
}

type entry struct {
	next  time.Time // when to read it
	since time.Time // when it was first read in its present state
	was   uint64    // a hash of what was read last
}

func newSchedule() *schedule {
	return &schedule{seed: maphash.MakeSeed(), entries: map[string]*entry{}}
}

// list replaces the scheduled conversations by those that are open. A new one is
// due at once.
func (s *schedule) list(open []string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := make(map[string]*entry, len(open))
	for _, id := range open {
		if entries[id] = s.entries[id]; entries[id] == nil {
			entries[id] = &entry{next: now, since: now}
		}
	}
	s.entries, s.listed = entries, now
}

// found adds conversations that have just been read for the first time.
func (s *schedule) found(list []*conversation.Conversation, now time.Time, p pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		if s.entries[c.ID] == nil && c.RecordedEnd.IsZero() {
			s.entries[c.ID] = &entry{next: now.Add(p.wait(0)), since: now, was: s.hash(c)}
		}
	}
}

// asked records which conversations were requested, and which were found.
func (s *schedule) asked(ids []string, found []*conversation.Conversation, now time.Time, p pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range found {
		e := s.entries[c.ID]
		switch {
		case e == nil:
		case !c.RecordedEnd.IsZero():
			delete(s.entries, c.ID)
		default:
			if is := s.hash(c); is != e.was {
				e.was, e.since = is, now
			}
		}
	}
	for _, id := range ids {
		if e := s.entries[id]; e != nil {
			e.next = now.Add(p.wait(now.Sub(e.since)))
		}
	}
}

// pace is how often to read a conversation.
type pace struct{ every, least time.Duration }

// mostFollowed is how many requests per second following may use.
const mostFollowed = 1

// wait returns how long to wait before a conversation is read again: a twentieth
// of the time for which it has not changed, within the limits of the pace, so
// that the delay stays small in proportion to how fast the conversation changes.
func (p pace) wait(unchanged time.Duration) time.Duration {
	return pause.Jittered(min(max(p.every, unchanged/20), max(p.every, p.least)))
}

// among slows the pace down when there are n conversations to follow.
func (p pace) among(n int) pace {
	p.every = max(p.every, time.Duration(n/(mostIDs*mostFollowed))*time.Second)
	return p
}

// hash is equal for records with the same content.
func (s *schedule) hash(c *conversation.Conversation) uint64 {
	b, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return 0 // then it counts as the same, and is read less often
	}
	return maphash.Bytes(s.seed, b)
}

// due returns the conversations to read, the most overdue first.
func (s *schedule) due(now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id, e := range s.entries {
		if !e.next.After(now) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(s.entries[a].next.Compare(s.entries[b].next), cmp.Compare(a, b))
	})
	return ids
}

// soon schedules all open conversations to be read no later than by, and at the
// shortest interval after that, as if they had just changed.
func (s *schedule) soon(now, by time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		e.since = now
		if e.next.After(by) {
			e.next = by
		}
	}
	s.listed = time.Time{}
}

// stale reports whether the open conversations should be listed again.
func (s *schedule) stale(now time.Time, every time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Sub(s.listed) >= every
}

func (s *schedule) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.entries)
}
