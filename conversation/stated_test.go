package conversation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

// statedOf returns who states a field, by its name.
func statedOf[E any](t *testing.T, fields conversation.Fields[E], e *E, name string) (conversation.Source, time.Time) {
	t.Helper()
	place := slices.IndexFunc(fields.List(), func(f conversation.Field[E]) bool { return f.Name == name })
	require.GreaterOrEqual(t, place, 0, name)
	return fields.Stated(e, place)
}

func TestItIsKnownWhoStatesEachFieldAndWhen(t *testing.T) {
	at := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	read := at.Add(time.Second)
	said := func(by conversation.Source, at, seen time.Time, s conversation.Session, attributes map[string]string) *conversation.Conversation {
		s.ID = "s"
		return conversation.State(&conversation.Conversation{ID: "c", Participants: []*conversation.Participant{
			{ID: "p", Attributes: attributes, Sessions: []*conversation.Session{&s}},
		}}, conversation.Statement{By: by, At: at, Seen: seen})
	}
	c := conversation.Merge(
		said(conversation.SourceTopic, time.Time{}, read, conversation.Session{QueueID: "q", Held: true, MediaType: "voice"}, map[string]string{"a": "1"}),
		said(conversation.SourceAnalytics, at, read.Add(time.Hour), conversation.Session{QueueID: "q2", Direction: "inbound"}, nil))
	c = conversation.Merge(c, conversation.State(&conversation.Conversation{ID: "c", Surveys: []*conversation.Survey{{ID: "v", Status: "Sent"}}},
		conversation.Statement{By: conversation.SourceREST, At: at, Seen: read}))
	p, s := c.Session("s")
	for _, want := range []struct {
		name string
		by   conversation.Source
		at   time.Time
	}{
		{"mediaType", conversation.SourceTopic, time.Time{}}, // a topic has no time of its own, and the medium never changes
		{"held", conversation.SourceTopic, read},
		{"queueId", conversation.SourceAnalytics, at},
		{"direction", conversation.SourceAnalytics, at},
		{"subject", 0, time.Time{}},
	} {
		by, when := statedOf(t, conversation.SessionFields(), s, want.name)
		require.Equal(t, want.by, by, want.name)
		require.Equal(t, want.at, when, want.name)
	}
	by, when := p.AttributeStated("a")
	require.Equal(t, conversation.SourceTopic, by)
	require.Equal(t, read, when)
	by, when = c.AttributeStated("unknown")
	require.Zero(t, by)
	require.Zero(t, when)
	by, _ = statedOf(t, conversation.SurveyFields(), c.Surveys[0], "surveyStatus")
	require.Equal(t, conversation.SourceREST, by)
}
