package notifications

import "github.com/dcmkit/convtrack/conversation"

// Health says what the source hears.
func (s *Source) Health() conversation.SourceHealth {
	is := s.Stats()
	h := conversation.SourceHealth{LastHeard: is.LastHeard, Heard: is.Topics, Waiting: is.Pending}
	h.Wanted = is.Topics + len(is.Refused) + is.Left
	for _, r := range is.Refused {
		h.Refused = append(h.Refused, conversation.RefusedTopic{Topic: r.Topic, Reason: r.Reason, MissingPermissions: r.MissingPermissions})
	}
	return h
}
