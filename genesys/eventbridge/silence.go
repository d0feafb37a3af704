package eventbridge

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// A queue that is empty is no proof that nothing happens: a partner event source
// whose bus was deleted takes the partner's events and delivers none, and nobody
// gets an error.
const (
	// silentAfter is for how long nothing may come while others hear of
	// conversations, and silentOf of how many.
	silentAfter = 15 * time.Minute
	silentOf    = 10
)

// silence compares what comes through the queue with what others hear.
type silence struct {
	mu        sync.Mutex
	last      time.Time            // when a message came
	readable  time.Time            // since when the queue can be read
	others    map[string]time.Time // when the conversations that others hear of began
	announced time.Time            // since when it is said to be silent
}

// heard notes that a message came.
func (s *silence) heard(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.others = now, nil
}

// compare notes a conversation that somebody else has heard of.
func (s *silence) compare(c *conversation.Conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.IsZero() || !c.Start.After(s.began()) || len(s.others) > 10*silentOf {
		return
	}
	if s.others == nil {
		s.others = map[string]time.Time{}
	}
	s.others[c.ID] = c.Start
}

// began is since when it is counted who hears while nothing comes. The caller
// holds the lock.
func (s *silence) began() time.Time {
	if s.readable.After(s.last) {
		return s.readable
	}
	return s.last
}

// changed returns since when the queue is silent, and whether it has become so,
// or is so no more. A queue that cannot be read (readable is zero) does not become
// so, and what began meanwhile shows nothing: the queue has kept what it was told.
func (s *silence) changed(now, readable time.Time) (since time.Time, became, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if readable.After(s.readable) {
		s.readable = readable
		maps.DeleteFunc(s.others, func(_ string, start time.Time) bool { return !start.After(readable) })
	}
	switch {
	case !s.announced.IsZero():
		if ended = s.last.After(s.announced); ended {
			since, s.announced = s.announced, time.Time{}
		}
	case !readable.IsZero() && len(s.others) >= silentOf && now.Sub(s.began()) >= silentAfter:
		since, became, s.announced = s.last, true, s.last
	}
	return since, became, ended
}

// Compare takes a conversation that another source has read from the API, as
// polling.Config.Beside gives it. When others hear of conversations that began
// and nothing comes through the queue, a gap of the part "events" is announced: the
// partner event source, the bus or the rule is not what it was. It does not keep
// the conversation and returns at once.
func (q *Queue) Compare(c *conversation.Conversation) { q.silence.compare(c) }

// watchSilence announces that the queue tells nothing, and that it does so again.
func (q *Queue) watchSilence(ctx context.Context) {
	q.silence.heard(time.Now())
	for pause.Sleep(ctx, time.Minute) {
		switch since, became, ended := q.silence.changed(time.Now(), q.outage.readable()); {
		case became:
			q.log.Error("nothing comes through the queue though conversations begin: look whether the partner event source is ACTIVE, whether its bus and the rule exist and are enabled, and at the integration in Genesys Cloud", "since", since)
			q.announce(ctx, q.part("events"), conversation.Gap{From: since, Reason: "nothing comes through the queue while others hear of conversations"})
		case ended:
			q.announce(ctx, q.part("events"), conversation.Gap{From: since, To: time.Now(), Reason: "nothing came through the queue while others heard of conversations"})
		}
	}
}
