package storetest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// sources are all who can state something.
var sources = []conversation.Source{conversation.SourceHint, conversation.SourceDetailEvent, conversation.SourceMediaTopic,
	conversation.SourceTopic, conversation.SourceMediaREST, conversation.SourceREST, conversation.SourceAnalytics, conversation.SourceHost}

// by is a statement of a source at a time of its own, or, from a source
// without times, read at that time.
func by(s conversation.Source, when time.Time) conversation.Statement {
	if s == conversation.SourceTopic || s == conversation.SourceMediaTopic {
		return conversation.Statement{By: s, Seen: when}
	}
	return conversation.Statement{By: s, At: when, Seen: when}
}

func fields(rule define) {
	for _, source := range sources {
		rule(fmt.Sprintf("every field comes back whose source is %s", source), func(t *trial) {
			want := merged(filled(t, "c", 1, by(source, at(50))))
			if zero := firstZero(reflect.ValueOf(want), "conversation"); zero != "" {
				t.Fatalf("storetest does not fill %s", zero)
			}
			t.write(createdAs(want))
			got := t.load("c").Conversation
			t.sameConversation("the conversation", got, want)
			t.addsNothing(got, want)
		})
	}

	rule("every field that changes is changed", func(t *trial) {
		first, second := filled(t, "c", 1, by(conversation.SourceREST, at(50))), filled(t, "c", 2, by(conversation.SourceAnalytics, at(60)))
		t.write(createdAs(first))
		t.write(next(t.load("c"), second))
		want := merged(first, second)
		got := t.load("c").Conversation
		t.sameConversation("the conversation", got, want)
		t.addsNothing(got, want)
	})

	rule("a conversation of which only the id is known comes back", func(t *trial) {
		want := merged(partial("c"))
		t.write(createdAs(want))
		got := t.load("c").Conversation
		t.sameConversation("the conversation", got, want)
		t.addsNothing(got, want)
	})

	rule("participants and sessions of which only the id is known come back", func(t *trial) {
		want := merged(partial("c", func(c *conversation.Conversation) {
			c.Participants = []*conversation.Participant{{ID: "alone"}, {ID: "with", Sessions: []*conversation.Session{{ID: "s",
				Segments: []*conversation.Segment{{Type: conversation.SegmentHold}}, Metrics: []conversation.Metric{{Name: "nOffered"}}}}}}
			c.Transfers = []*conversation.Transfer{{ID: "t"}}
			c.Surveys = []*conversation.Survey{{ID: "v"}}
			c.Evaluations = []*conversation.Evaluation{{ID: "e"}}
		}))
		t.write(createdAs(want))
		got := t.load("c").Conversation
		t.sameConversation("the conversation", got, want)
		t.addsNothing(got, want)
	})

	rule("a score of zero is not the same as no score", func(t *trial) {
		zero := 0.0
		want := merged(partial("c", func(c *conversation.Conversation) {
			c.Surveys = []*conversation.Survey{{ID: "scored", TotalScore: &zero, PromoterScore: &zero}, {ID: "unscored"}}
			c.Evaluations = []*conversation.Evaluation{{ID: "scored", TotalScore: &zero, TotalCriticalScore: &zero}, {ID: "unscored"}}
		}))
		t.write(createdAs(want))
		t.sameConversation("the conversation", t.load("c").Conversation, want)
	})

	rule("the order of a list that has one is kept", func(t *trial) {
		want := merged(partial("c", func(c *conversation.Conversation) {
			tags := []string{"second", "first", "second", ""}
			c.Participants = []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{{ID: "s", WrapUpTags: tags,
				Segments: []*conversation.Segment{{Type: conversation.SegmentWrapup, Start: at(1), WrapUpTags: tags}}}}}}
		}))
		t.write(createdAs(want))
		t.sameConversation("the conversation", t.load("c").Conversation, want)
	})

	rule("entities of different conversations may have the same ids", func(t *trial) {
		a, b := merged(filled(t, "a", 1, by(conversation.SourceREST, at(50)))), merged(filled(t, "b", 2, by(conversation.SourceREST, at(50))))
		t.write(createdAs(a), createdAs(b))
		for i, r := range t.loadAll("a", "b") {
			t.sameConversation(r.ID, r.Conversation, []*conversation.Conversation{a, b}[i])
		}
	})

	rule("the largest and smallest numbers come back", func(t *trial) {
		want := merged(partial("c", func(c *conversation.Conversation) {
			c.MaxParticipants = 1<<63 - 1
			tiny, negative := 5e-324, -1.7976931348623157e308
			c.Surveys = []*conversation.Survey{{ID: "v", TotalScore: &tiny, PromoterScore: &negative}}
			c.Participants = []*conversation.Participant{{ID: "p", Sessions: []*conversation.Session{{ID: "s", RoutingPriority: -1 << 63,
				Metrics:  []conversation.Metric{{Name: "tTalk", EmitDate: at(1), Value: 1<<63 - 1}, {Name: "oSummaryActive", EmitDate: at(1), Value: -1 << 63}},
				Segments: []*conversation.Segment{{Type: conversation.SegmentInteract, Start: at(1), SIPResponseCodes: []int64{-1 << 63, 0, 486, 1<<63 - 1}}}}}}}
		}))
		t.write(createdAs(want))
		t.sameConversation("the conversation", t.load("c").Conversation, want)
	})
}

// addsNothing fails the rule unless what comes out of the store is the join
// already of all that went in: saying it again must not even make a new value.
func (t *trial) addsNothing(stored, part *conversation.Conversation) {
	t.Helper()
	if conversation.Merge(stored, part) != stored {
		t.Fatalf("saying again what is stored changes it: who said what and when did not come back, or not in the form that Merge gives")
	}
}
