package notifications

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// Health says since when the source hears, or since when it is blind and why, how many
// of the topics it hears, and how much of the API's rate limit is left. It counts as
// blind while one of its channels does not hear, as the topics of that one are missed,
// unless another process hears them, too.
func (s *Source) Health() conversation.SourceHealth {
	is := s.Stats()
	h := conversation.SourceHealth{LastHeard: utc(is.LastHeard), Wanted: is.Topics + is.Left, Left: is.Left, Waiting: is.Pending, API: genesys.APIHealth(s.config.API)}
	for _, r := range is.Refused {
		h.Refused = append(h.Refused, conversation.RefusedTopic{Topic: r.Topic, Reason: r.Reason, MissingPermissions: r.MissingPermissions})
	}
	blind := func(since time.Time, reason error) {
		if h.BlindSince.IsZero() || since.Before(h.BlindSince) {
			h.BlindSince, h.Reason, h.MissingPermissions = utc(since), reason.Error(), genesys.MissingPermissions(reason)
		}
	}
	for _, c := range s.assigned.all() {
		h.Heard += c.subscribed()
		since, trouble := c.since()
		switch {
		case trouble == nil && since.After(h.HeardSince):
			h.HeardSince = utc(since)
		case trouble != nil && !s.sharing.heardElsewhere(c.names()):
			blind(since, trouble)
		}
	}
	switch since, trouble := s.wanted.trouble(); {
	case trouble != nil && is.Looked.IsZero():
		blind(since, trouble)
	case genesys.IsForbidden(trouble):
		h.RefusedReads = []conversation.RefusedRead{{Read: "whom to follow", MissingPermissions: genesys.MissingPermissions(trouble)}}
	}
	if !h.BlindSince.IsZero() {
		h.HeardSince = time.Time{}
	}
	return h
}

// utc returns a time as Health shows it, in UTC; zero stays zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}
