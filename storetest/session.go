package storetest

import (
	"github.com/dcmkit/convtrack/conversation"
)

// grouped states the sessions of participants: participant, then sessions.
func grouped(groups ...[]string) func(*conversation.Conversation) {
	return func(c *conversation.Conversation) {
		for _, g := range groups {
			p := &conversation.Participant{ID: g[0]}
			if p.ID != "" {
				p.Purpose, p.UserID = conversation.PurposeAgent, "user of "+p.ID
			}
			for _, id := range g[1:] {
				p.Sessions = append(p.Sessions, &conversation.Session{ID: id, MediaType: conversation.MediaVoice, Start: at(1),
					Segments: []*conversation.Segment{{Type: conversation.SegmentInteract, Start: at(2)}},
					Metrics:  []conversation.Metric{{Name: "tTalk", EmitDate: at(3), Value: 1}}})
			}
			c.Participants = append(c.Participants, p)
		}
	}
}

// shadowed states what a media topic says of the participant's voice leg.
func shadowed(participantID string, held bool) func(*conversation.Conversation) {
	return func(c *conversation.Conversation) {
		s := conversation.ShadowSession(participantID, conversation.MediaVoice)
		s.State, s.Held, s.ConnectedTime, s.Provider = conversation.StateConnected, held, at(5), "Edge"
		c.Participants = append(c.Participants, &conversation.Participant{ID: participantID, Purpose: conversation.PurposeAgent, Sessions: []*conversation.Session{s}})
	}
}

func mediaTopic(seen int, fill ...func(*conversation.Conversation)) *conversation.Conversation {
	c := &conversation.Conversation{ID: "c"}
	for _, f := range fill {
		f(c)
	}
	return conversation.State(c, conversation.Statement{By: conversation.SourceMediaTopic, Seen: at(seen)})
}

func sessions(rule define) {
	// grow stores the statements one by one, and demands after each that
	// what is stored is their join.
	grow := func(t *trial, parts ...*conversation.Conversation) *conversation.Conversation {
		t.Helper()
		var want *conversation.Conversation
		for _, s := range parts {
			want = conversation.Merge(want, s)
			t.write(next(t.load("c"), s))
			t.sameConversation("the conversation", t.load("c").Conversation, want)
		}
		return t.load("c").Conversation
	}

	rule("a session that moves to another participant is found there only, with all that it has", func(t *trial) {
		c := grow(t,
			partialBy(conversation.SourceTopic, at(50), "c", grouped([]string{"p1", "s1", "s2"}, []string{"p2", "s3"})),
			partialBy(conversation.SourceAnalytics, at(60), "c", grouped([]string{"p2", "s1", "s3"})))
		p, s := c.Session("s1")
		if p.ID != "p2" || len(s.Segments) != 1 || len(s.Metrics) != 1 || len(c.Participant("p1").Sessions) != 1 {
			t.Errorf("the session is with %s, has %d segments and %d metrics; its former participant has %d sessions",
				p.ID, len(s.Segments), len(s.Metrics), len(c.Participant("p1").Sessions))
		}
	})

	rule("a session that moved does not go back for a weaker source", func(t *trial) {
		grow(t,
			partialBy(conversation.SourceTopic, at(50), "c", grouped([]string{"p1", "s1"})),
			partialBy(conversation.SourceAnalytics, at(60), "c", grouped([]string{"p2", "s1"})),
			partialBy(conversation.SourceREST, at(70), "c", grouped([]string{"p1", "s1"})))
	})

	rule("a session whose participant is not named joins it once it is", func(t *trial) {
		c := grow(t,
			partialBy(conversation.SourceDetailEvent, at(50), "c", grouped([]string{"", "s1"}), grouped([]string{"p2", "s2"})),
			partialBy(conversation.SourceREST, at(60), "c", grouped([]string{"p1", "s1"})))
		if c.Participant("") != nil || len(c.Participants) != 2 {
			t.Errorf("there are %d participants; the one without a name must be gone", len(c.Participants))
		}
	})

	rule("the shadow of a leg that nobody else knows stands for it", func(t *trial) {
		c := grow(t, mediaTopic(50, shadowed("p1", true)))
		if _, s := c.Session("p1/voice"); s == nil || !s.Held {
			t.Errorf("the session is %v", s)
		}
		t.addsNothing(c, mediaTopic(50, shadowed("p1", true)))
	})

	rule("a shadow steps back behind the leg that it belongs to, and fills what that leaves open", func(t *trial) {
		c := grow(t,
			mediaTopic(50, shadowed("p1", true)),
			partialBy(conversation.SourceDetailEvent, at(60), "c", grouped([]string{"p1", "s1"})),
			mediaTopic(70, shadowed("p1", false)),
			partialBy(conversation.SourceREST, at(80), "c", grouped([]string{"p1", "s1", "s2"})))
		if len(c.Participant("p1").Sessions) != 2 {
			t.Errorf("there are %d sessions", len(c.Participant("p1").Sessions))
		}
	})

	rule("a hidden shadow fills in again when it can be told whose it is", func(t *trial) {
		// While p1 has two voice legs nobody knows which of them the shadow
		// is of; when one turns out to be p2's, it is known.
		c := grow(t,
			mediaTopic(50, shadowed("p1", true)),
			partialBy(conversation.SourceDetailEvent, at(60), "c", grouped([]string{"p1", "s1", "s2"})),
			partialBy(conversation.SourceREST, at(70), "c", grouped([]string{"p2", "s2"})))
		if _, s := c.Session("s1"); s.Provider != "Edge" {
			t.Errorf("the provider is %q", s.Provider)
		}
	})
}
