package storetest

import (
	"fmt"

	"github.com/dcmkit/convtrack/conversation"
)

// statements are the rules on who said what and when, which decides what is
// believed of what is said later.
func statements(rule define) {
	for _, source := range sources {
		rule(fmt.Sprintf("what was stored from the source %s is believed as before", source), func(t *trial) {
			original := merged(filled(t, "c", 1, by(source, at(50))))
			t.write(createdAs(original))
			stored := t.load("c").Conversation
			// Each source with each time, and with the same values, other ones, and again others.
			for i, other := range sources {
				for j, when := range []int{40, 50, 60} {
					later := filled(t, "c", (i+j)%3, by(other, at(when)))
					t.sameConversation(fmt.Sprintf("after the source %s at second %d", other, when),
						conversation.Merge(stored, later), conversation.Merge(original, later))
				}
			}
		})
	}

	rule("a weaker source does not override what was stored", func(t *trial) {
		t.write(createdAs(partialBy(conversation.SourceAnalytics, at(50), "c", func(c *conversation.Conversation) { c.Address = "right" })))
		weaker := partialBy(conversation.SourceHint, at(60), "c", func(c *conversation.Conversation) { c.Address = "wrong" })
		if got := conversation.Merge(t.load("c").Conversation, weaker).Address; got != "right" {
			t.Errorf("the address is %q", got)
		}
	})

	rule("a newer statement of the same source overrides what was stored", func(t *trial) {
		t.write(createdAs(partialBy(conversation.SourceREST, at(50), "c", func(c *conversation.Conversation) { c.Address = "was"; c.ExternalTag = "was" })))
		newer := partialBy(conversation.SourceREST, at(60), "c", func(c *conversation.Conversation) { c.Address = "is"; c.ExternalTag = "is" })
		c := conversation.Merge(t.load("c").Conversation, newer)
		if c.Address != "is" || c.ExternalTag != "is" {
			t.Errorf("the address is %q, the tag %q", c.Address, c.ExternalTag)
		}
	})

	rule("an older statement does not override what was stored", func(t *trial) {
		t.write(createdAs(partialBy(conversation.SourceREST, at(50), "c", func(c *conversation.Conversation) { c.Address = "is"; c.ExternalTag = "is" })))
		older := partialBy(conversation.SourceREST, at(40), "c", func(c *conversation.Conversation) { c.Address = "was"; c.ExternalTag = "was" })
		c := conversation.Merge(t.load("c").Conversation, older)
		if c.Address != "is" || c.ExternalTag != "is" {
			t.Errorf("the address is %q, the tag %q", c.Address, c.ExternalTag)
		}
	})

	rule("an attribute is settled by who set it last, one by one", func(t *trial) {
		attributes := func(values map[string]string) func(*conversation.Conversation) {
			return func(c *conversation.Conversation) {
				c.Attributes = values
				c.Participants = []*conversation.Participant{{ID: "p", Attributes: values}}
			}
		}
		t.write(createdAs(partialBy(conversation.SourceHost, at(50), "c", attributes(map[string]string{"a": "1", "b": "1"}))))
		t.write(next(t.load("c"), partialBy(conversation.SourceHost, at(70), "c", attributes(map[string]string{"b": "2", "c": "2"}))))
		got := conversation.Merge(t.load("c").Conversation, partialBy(conversation.SourceHost, at(60), "c", attributes(map[string]string{"a": "3", "b": "3", "d": ""})))
		want := map[string]string{"a": "3", "b": "2", "c": "2", "d": ""}
		t.same("the attributes of the conversation", got.Attributes, want)
		t.same("the attributes of the participant", got.Participants[0].Attributes, want)
	})

	rule("a flag that a snapshot says is off stays off against an older one that says it is on", func(t *trial) {
		held := func(is bool) func(*conversation.Conversation) {
			return func(c *conversation.Conversation) {
				c.Participants = []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{{ID: "s", Held: is}}}}
			}
		}
		t.write(createdAs(partialBy(conversation.SourceREST, at(50), "c", held(false))))
		if _, s := conversation.Merge(t.load("c").Conversation, partialBy(conversation.SourceREST, at(40), "c", held(true))).Session("s"); s.Held {
			t.Error("the leg is on hold again")
		}
		if _, s := conversation.Merge(t.load("c").Conversation, partialBy(conversation.SourceREST, at(60), "c", held(true))).Session("s"); !s.Held {
			t.Error("the leg is not on hold")
		}
	})

	rule("segments of a higher source replace the stored ones, those of a lower one do not join them", func(t *trial) {
		cut := func(starts ...int) func(*conversation.Conversation) {
			return func(c *conversation.Conversation) {
				s := &conversation.Session{ID: "s"}
				for _, start := range starts {
					s.Segments = append(s.Segments, &conversation.Segment{Type: conversation.SegmentInteract, Start: at(start), End: at(start + 1)})
				}
				c.Participants = []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{s}}}
			}
		}
		want := merged(partialBy(conversation.SourceREST, at(50), "c", cut(1, 3)))
		t.write(createdAs(want))
		for _, s := range []*conversation.Conversation{partialBy(conversation.SourceDetailEvent, at(60), "c", cut(2)), partialBy(conversation.SourceREST, at(60), "c", cut(5)),
			partialBy(conversation.SourceAnalytics, at(60), "c", cut(1, 2, 4))} {
			want = conversation.Merge(want, s)
			t.write(next(t.load("c"), s))
			t.sameConversation("the conversation", t.load("c").Conversation, want)
		}
		if _, s := t.load("c").Conversation.Session("s"); len(s.Segments) != 3 {
			t.Errorf("there are %d segments, and must be the 3 of analytics", len(s.Segments))
		}
	})

	rule("any versions that many sources make come back", func(t *trial) {
		random := seeded(t)
		for i := range 40 {
			id := fmt.Sprintf("c-%d", i)
			r := t.load(id)
			for range 5 {
				c := next(r, anything(random, id))
				if i%2 == 0 {
					c = next(t.load(id), anything(random, id)) // as a process does that keeps nothing in memory
				}
				r.Version, r.Conversation = t.write(c), c.To
				t.sameConversation(id, t.load(id).Conversation, c.To)
			}
		}
	})
}
