package notifications_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// spoiling is an API that refuses each list with a topic of the user x, and of the calls
// for subscriptions fails on each one whose number can be divided by fails.
type spoiling struct {
	genesys.API
	calls *atomic.Int64
	fails int64
}

func (s spoiling) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	if !strings.HasSuffix(r.Path, "/subscriptions") || r.Verb() == http.MethodGet {
		return s.API.Call(ctx, r)
	}
	if s.calls.Add(1)%s.fails == 0 {
		return nil, &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: http.StatusServiceUnavailable}
	}
	if strings.Contains(string(r.Body), "users.x-") {
		return nil, &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: http.StatusBadRequest, Code: "notification.invalid.topic"}
	}
	return s.API.Call(ctx, r)
}

// Where many topics spoil a list, some call of the search for them fails each time.
func TestTopicsThatSpoilAListAreFoundAlthoughCallsFailMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		topics := topicsOfUsers(40)
		for i := range 10 {
			topics = append(topics, notifications.UserTopics("x-"+string(rune('a'+i)))...)
		}
		var calls atomic.Int64
		w.start(notifications.Config{API: spoiling{w.server.API(), &calls, 15}, Topics: topics})
		w.settle(3 * time.Minute)
		require.Len(t, w.source.Stats().Refused, 10)
		w.demandHeard(40, 50)
		require.Zero(t, w.unheard(40))
		before := calls.Load()
		w.settle(11 * time.Hour) // two renewals, at which they are tried again
		require.Len(t, w.source.Stats().Refused, 10)
		w.demandHeard(40, 50)
		require.Less(t, calls.Load()-before, int64(150))
		require.Zero(t, w.source.Health().BlindSince)
	})
}
