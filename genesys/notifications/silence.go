package notifications

import (
	"fmt"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// Times of silence. A channel can be deaf: its subscriptions are accepted and
// its heartbeats come, but no events (protocol 2.9).
const (
	// doubtAfter is the silence after which the API is asked whether there should
	// have been an event. It doubles each time until one comes, up to mostDoubt.
	doubtAfter = 5 * time.Minute
	mostDoubt  = time.Hour
	// clockSkew is how far the clock of the platform, or of another process, may
	// be from ours.
	clockSkew = time.Minute
	// recordSkew is how far the times of an event and of a record of the same
	// moment may be apart.
	recordSkew = 5 * time.Second
	// suspectFor is the grace period in which an event clears a suspected channel.
	suspectFor = 30 * time.Second
	// mostJudge is the longest time for which a new channel is not judged after
	// others that were deaf: each one counts towards the limit for a day.
	mostJudge = 4 * time.Hour
)

// silence is for how long a connection's channel has sent no event, and whether it
// should have. It is safe for concurrent use.
type silence struct {
	mu        sync.Mutex
	channel   string
	began     time.Time // when the channel was subscribed first; zero: it is not
	since     time.Time // when topics were last added to it, or a socket opened
	event     time.Time // when the last event came
	moment    time.Time // the latest time in an event, by the platform's clock
	doubt     time.Duration
	doubted   time.Time      // when the API was last asked
	asked     map[string]int // the conversations that were read for that, since the last event, in which order
	turns     int
	suspected time.Time // since when the channel is suspected; zero: it is not
	reason    errDeafChannel
	deafened  int // channels that were deaf, one after the other
}

func newSilence() *silence { return &silence{doubt: doubtAfter, asked: map[string]int{}} }

// errDeafChannel is the reason for which a channel is replaced.
type errDeafChannel struct {
	conversation string
	since        time.Time
}

// errDeaf: the channel sends no events although something happens.
var errDeaf = fmt.Errorf("the channel is subscribed and silent")

func (e errDeafChannel) Error() string {
	return fmt.Sprintf("%v since %s, although something happened in conversation %s", errDeaf, e.since.UTC().Format(time.RFC3339), e.conversation)
}

func (e errDeafChannel) Unwrap() error { return errDeaf }

// listens notes that topics are heard from now on, over a channel.
func (s *silence) listens(channel string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since = now; channel != s.channel {
		s.channel, s.began, s.suspected = channel, now, time.Time{}
	}
}

// hears notes a message of the channel; only one about conversations is an event.
func (s *silence) hears(m *genesys.Message, now time.Time) {
	if len(m.Conversations) == 0 {
		return
	}
	moment := time.Time{}
	for _, c := range m.Conversations {
		moment = later(moment, latestMoment(c))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.event, s.moment = now, later(s.moment, moment)
	s.suspected, s.deafened = time.Time{}, 0
	s.doubt, s.doubted = doubtAfter, time.Time{}
	clear(s.asked)
}

// lastEvent returns since when the channel has sent no event.
func (s *silence) lastEvent() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quietSince()
}

func (s *silence) quietSince() time.Time { return later(s.began, s.event) }

// compare suspects the channel when it has sent no event about something that
// happened at moment in a conversation whose topic it has.
func (s *silence) compare(conversationID string, moment, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	judge := min(2*clockSkew<<min(s.deafened, 10), mostJudge)
	if s.since.IsZero() || !s.suspected.IsZero() || !moment.After(s.moment.Add(recordSkew)) ||
		!moment.After(s.event.Add(clockSkew)) || !moment.After(s.since.Add(judge)) {
		return
	}
	s.suspected, s.reason = now, errDeafChannel{conversationID, s.quietSince()}
}

// deaf returns why the channel is deaf; nil when it is not known to be.
func (s *silence) deaf(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.suspected.IsZero() || now.Sub(s.suspected) < suspectFor {
		return nil
	}
	s.suspected = time.Time{}
	s.deafened++
	return s.reason
}

// doubts reports whether the silence has lasted so long that it is time to ask the
// API whether there should have been an event.
func (s *silence) doubts(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() || now.Sub(later(s.quietSince(), s.doubted)) < s.doubt {
		return false
	}
	s.doubted, s.doubt = now, min(2*s.doubt, mostDoubt)
	return true
}

// turn returns the conversation's place among those that were read since the last
// event, the one that was read last having the greatest; 0: it was not read.
func (s *silence) turn(conversationID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[conversationID]
}

// ask notes that a conversation is being read now.
func (s *silence) ask(conversationID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns++
	s.asked[conversationID] = s.turns
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// latestMoment returns the latest time in a partial conversation.
func latestMoment(c *conversation.Conversation) (latest time.Time) {
	for _, p := range c.Participants {
		latest = later(latest, later(p.Start, later(p.ConnectedTime, p.End)))
		for _, s := range p.Sessions {
			latest = later(latest, later(s.Start, later(s.ConnectedTime, s.DisconnectedTime)))
			for _, times := range [][]time.Time{s.Starts, s.Ends} {
				for _, t := range times {
					latest = later(latest, t)
				}
			}
		}
	}
	return latest
}
