package conversation

import "time"

// startOfConversation is when the conversation began. The earliest time that
// anybody states is believed. What is shown is earlier where a participant or a
// leg began earlier: that follows from all that is known of it, often from
// several messages, and gives way with it. So what is stated is kept beside it,
// and is what Merge joins.
func startOfConversation(name string) Field[Conversation] {
	f := backward(name, (*Conversation).statedStart)
	f.at = func(c *Conversation) any { return &c.Start } // a store has a column of what is shown
	f.copy = func(dst, src *Conversation) { dst.Start, dst.saidStart = *src.statedStart(), nil }
	f.erase = func(c *Conversation) { c.Start, c.saidStart = time.Time{}, nil }
	return f
}

// statedStart returns where the conversation keeps what is stated as its start.
// It must only be read.
func (c *Conversation) statedStart() *time.Time {
	if c.saidStart != nil {
		return c.saidStart
	}
	return &c.Start
}

// beginWithLegs shows as the start of the conversation, whose legs are found, the
// earliest time that is known.
func (c *Conversation) beginWithLegs() {
	var stated time.Time
	if conversationFields.source(c, fieldConversationStart) != 0 {
		stated = *c.statedStart()
	}
	c.Start = earliest(stated, c.firstBegin())
	switch {
	case c.Start.Equal(stated) || stated.IsZero():
		c.saidStart = nil
	case c.saidStart == nil || !c.saidStart.Equal(stated):
		said := stated
		c.saidStart = &said
	}
}

// firstBegin is when the first participant joined, or the first leg began; zero
// when neither is known.
func (c *Conversation) firstBegin() time.Time {
	var first time.Time
	for _, p := range c.Participants {
		first = earliest(first, p.Start, p.ConnectedTime)
	}
	for i := range c.legs {
		first = earliest(first, c.legs[i].begin())
	}
	return first
}
