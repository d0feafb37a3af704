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

// losing is an API that loses the answers to what creates channels.
type losing struct {
	genesys.API
	loses  *atomic.Bool
	answer func(body []byte) ([]byte, error) // in its place
}

func (l losing) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	body, err := l.API.Call(ctx, r)
	if l.loses.Load() && r.Verb() == http.MethodPost && strings.HasSuffix(r.Path, "/notifications/channels") {
		return l.answer(body)
	}
	return body, err
}

func TestAChannelThatWasCreatedWithoutAnAnswerIsUsed(t *testing.T) {
	for name, answer := range map[string]func(body []byte) ([]byte, error){
		"a proxy is tired of waiting": func([]byte) ([]byte, error) { return nil, &genesys.APIError{Status: http.StatusGatewayTimeout} },
		"the connection is lost":      func([]byte) ([]byte, error) { return nil, &genesys.APIError{Err: context.DeadlineExceeded} },
		"the answer is cut off":       func(body []byte) ([]byte, error) { return body[:len(body)/2], nil },
		"another page comes": func([]byte) ([]byte, error) {
			return nil, &genesys.APIError{Status: http.StatusOK, Err: genesys.ErrNotUnderstood}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				var loses atomic.Bool
				loses.Store(true)
				w.start(notifications.Config{API: losing{w.server.API(), &loses, answer}, Topics: callTopics, Tracked: w.kept})
				w.settle(30 * time.Minute)
				loses.Store(false)
				w.settle(5 * time.Minute)
				require.Equal(t, 1, w.source.Stats().Listening)
				require.Equal(t, 1, w.created())
				require.True(t, w.rings("user-a", ""))
			})
		})
	}
}

func TestAnAnswerThatIsLostGivesNoChannelToTwo(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var loses atomic.Bool
		answer := func([]byte) ([]byte, error) { return nil, &genesys.APIError{Status: http.StatusBadGateway} }
		topics := topicsOfUsers(40)
		w.kept.members("a", "b")
		var sources []*notifications.Source
		loses.Store(true)
		for _, name := range []string{"a", "b"} {
			w.start(notifications.Config{API: losing{w.server.API(), &loses, answer}, Topics: topics, TopicsPerChannel: 5, Tracked: as{w.kept, name}})
			sources = append(sources, w.source)
		}
		w.settle(10 * time.Minute)
		loses.Store(false)
		w.settle(10 * time.Minute)
		channels := 0
		for _, s := range sources {
			is := s.Stats()
			require.Zero(t, is.Reconnects)
			require.Equal(t, is.Channels, is.Listening)
			channels += is.Channels
		}
		require.Equal(t, channels, w.created())
		require.Zero(t, w.unheard(len(topics)))
	})
}
