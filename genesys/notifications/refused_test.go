package notifications

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

func stays(string) (gone bool) { return false }

func TestARefusalIsReportedOnceAndOnlyWhatSpoilsAListIsLeftOut(t *testing.T) {
	var reported []string
	topics := newRefusedTopics(slog.New(slog.DiscardHandler), func(r Refusal) { reported = append(reported, r.Topic) })
	for range 2 {
		topics.report([]Refusal{{Topic: "v2.a"}, {Topic: "v2.b", fatal: true}}, time.Unix(1, 0), stays)
	}
	require.Equal(t, []string{"v2.a", "v2.b"}, reported)
	require.Equal(t, []string{"v2.a", "v2.c"}, topics.without([]string{"v2.a", "v2.b", "v2.c"}, false))
	require.Equal(t, []string{"v2.a", "v2.b", "v2.c"}, topics.without([]string{"v2.a", "v2.b", "v2.c"}, true))
	require.Len(t, topics.all(), 2)
}

func TestNoMoreRefusedTopicsAreRememberedThanAreWantedAndFewAreTriedAgainAtATime(t *testing.T) {
	topics := newRefusedTopics(slog.New(slog.DiscardHandler), nil)
	var names []string
	for i := range 3 * mostRefused {
		name := fmt.Sprint("v2.", i)
		names = append(names, name)
		topics.report([]Refusal{{Topic: name, fatal: true}}, time.Unix(1, 0), stays)
		if len(names) > 100 {
			topics.forget(names[0])
			names = names[1:]
		}
	}
	require.Len(t, topics.all(), 100)
	require.Len(t, topics.known, 100)
	require.Len(t, topics.fatal, 100)
	require.Empty(t, topics.without(slices.Clone(names), false))
	require.Len(t, topics.without(slices.Clone(names), true), mostRetried)
	topics.permitted(names, []Refusal{{Topic: names[7]}}, stays)
	require.Equal(t, []Refusal{{Topic: names[7], fatal: true}}, topics.all())
}

func TestWhatIsMissedOfTopicsThatAreAllowedBeginsWithTheFirstRefusal(t *testing.T) {
	topics := newRefusedTopics(slog.New(slog.DiscardHandler), nil)
	names := []string{"v2.a", "v2.b", "v2.c", "v2.detail.events.conversation.c-1?acw&user.end"}
	topics.report([]Refusal{{Topic: "v2.detail.events.conversation.c-1.acw"}}, time.Unix(1, 0), stays)
	topics.report([]Refusal{{Topic: "v2.b"}, {Topic: "v2.c"}}, time.Unix(2, 0), stays)
	topics.report([]Refusal{{Topic: "v2.a"}, {Topic: "v2.b"}}, time.Unix(3, 0), stays)
	misses := func(name string) bool { return len(name) == len("v2.a") }
	require.Equal(t, blindness{}, topics.permitted(names, topics.all(), misses))
	require.Equal(t, blindness{}, topics.permitted(names[3:], nil, misses), "nothing is missed without a detail topic")
	require.Equal(t, blindness{true, time.Unix(2, 0)}, topics.permitted(names, []Refusal{{Topic: "v2.c"}}, misses))
	require.Equal(t, blindness{true, time.Unix(2, 0)}, topics.permitted(names, nil, misses))
	require.Equal(t, blindness{}, topics.permitted(names, nil, misses))
}

// answering is an API that answers every call alike.
type answering struct {
	body string
	err  error
}

func (a answering) Call(context.Context, genesys.Request) ([]byte, error) {
	return []byte(a.body), a.err
}

func TestTheMissingPermissionIsNamedHoweverThePlatformSaysIt(t *testing.T) {
	const topic, view = "v2.users.a.conversations", "conversation:communication:view"
	entity := func(more map[string]any) string {
		more["id"], more["state"] = topic, "Rejected"
		body, err := json.Marshal(map[string]any{"entities": []any{more}})
		require.NoError(t, err)
		return string(body)
	}
	for name, api := range map[string]answering{
		"in a list":                  {body: entity(map[string]any{"rejectionReason": "no", "missingPermissions": []string{view}})},
		"in the reason":              {body: entity(map[string]any{"rejectionReason": `The user does not have permission "` + view + `" required for topic "` + topic + `"`})},
		"in a 403 of the whole list": {err: &genesys.APIError{Status: http.StatusForbidden, Code: "notification.unauthorized.topic", MissingPermissions: []string{view}}},
	} {
		t.Run(name, func(t *testing.T) {
			refused, err := channels{api}.subscribe(t.Context(), "channel", []string{topic})
			require.NoError(t, err)
			require.Len(t, refused, 1)
			require.Equal(t, topic, refused[0].Topic)
			require.Equal(t, []string{view}, refused[0].MissingPermissions)
			require.NotEmpty(t, refused[0].Reason)
		})
	}
}
