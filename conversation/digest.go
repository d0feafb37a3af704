package conversation

import (
	"crypto/sha256"
	"time"
)

// Digest tells what a partial conversation states from what others do. The same
// message has the same digest whoever heard it and whenever: what is left out is
// only when it was said. Of two partial conversations with the same digest the
// one that was said later states everything that the other one does.
func Digest(c *Conversation) [sha256.Size]byte {
	b := conversationFields.appendContent(nil, c.ID, c)
	b = appendSortedAttributes(b, c.Attributes)
	for _, p := range c.Participants {
		b = participantFields.appendContent(append(b, 'p'), p.ID, p)
		b = appendSortedAttributes(b, p.Attributes)
		for _, s := range p.Sessions {
			b = appendSessionContent(append(b, 's'), s)
		}
		for _, s := range p.shadows {
			b = appendSessionContent(append(b, 'm'), s)
		}
	}
	for _, t := range c.Transfers {
		b = transferFields.appendContent(append(b, 't'), t.ID, t)
	}
	for _, s := range c.Surveys {
		b = surveyFields.pack(appendText(append(b, 'v'), s.ID), s)
	}
	for _, e := range c.Evaluations {
		b = evaluationFields.pack(appendText(append(b, 'e'), e.ID), e)
	}
	return sha256.Sum256(b)
}

func appendSessionContent(b []byte, s *Session) []byte {
	b = sessionFields.appendContent(b, s.ID, s)
	for _, g := range s.Segments {
		b = packedTime.append(appendText(append(b, 'g'), string(g.Type)), g.Start)
		b = segmentFields.pack(b, g)
	}
	for _, m := range s.Metrics {
		b = packedTime.append(appendText(append(b, 'n'), m.Name), m.EmitDate)
		b = packedNumber.append(b, m.Value)
	}
	return b
}

// appendContent appends the fields of e, which of them are stated, and by what
// kind of source.
func (s schema[E]) appendContent(b []byte, id string, e *E) []byte {
	b = s.pack(appendText(b, id), e)
	for i := range s.stamps(e).fields().each() {
		b = append(b, byte(i), byte(s.source(e, i)))
	}
	return append(b, 0)
}

func appendSortedAttributes(b []byte, values map[string]string) []byte {
	for _, name := range sortedNames(values) {
		b = appendText(appendText(append(b, 'a'), name), values[name])
	}
	return b
}

// Said returns when a partial conversation was said, as far as its statements
// tell: the latest time of any of them; zero when none has one.
func Said(c *Conversation) time.Time {
	latest := max(conversationFields.latest(c), attributesLatest(c.attributes))
	for _, p := range c.Participants {
		latest = max(latest, participantFields.latest(p), attributesLatest(p.attributes))
		for _, s := range p.Sessions {
			latest = max(latest, sessionFields.latest(s))
		}
		for _, s := range p.shadows {
			latest = max(latest, sessionFields.latest(s))
		}
	}
	for _, t := range c.Transfers {
		latest = max(latest, transferFields.latest(t))
	}
	if latest == 0 {
		return time.Time{}
	}
	return time.UnixMicro(latest).UTC()
}

// latest returns the latest time of a stamp of e, in microseconds.
func (s schema[E]) latest(e *E) (latest int64) {
	for _, x := range *s.stamps(e) {
		if byTime := x.fields.and(s.newest); !byTime.empty() {
			latest = max(latest, int64(x.stamp>>8))
		} else {
			latest = max(latest, int64(x.stamp&stampTimeMask))
		}
	}
	return latest
}

func attributesLatest(s attributeStamps) int64 {
	latest := int64(s.all >> 8)
	for _, x := range s.of {
		latest = max(latest, int64(x>>8))
	}
	return latest
}
