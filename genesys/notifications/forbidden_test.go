package notifications_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// guarded is an API in front of which somebody refuses the subscriptions of the channel
// that is subscribed first.
type guarded struct {
	genesys.API
	err error

	mu    sync.Mutex
	first string // the path of its subscriptions
}

func (g *guarded) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	if r.Method == http.MethodPut && strings.HasSuffix(r.Path, "/subscriptions") {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.first == "" {
			g.first = r.Path
		}
		if g.first == r.Path {
			return nil, g.err
		}
	}
	return g.API.Call(ctx, r)
}

func TestAChannelWhoseSubscriptionsAreForbiddenEndsNothingAndIsNotTakenOver(t *testing.T) {
	for name, err := range map[string]*genesys.APIError{
		"by a proxy":      {Status: http.StatusForbidden},
		"by the platform": {Status: http.StatusForbidden, Code: "not.authorized"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				api := &guarded{API: w.server.API(), err: err}
				stop := w.start(notifications.Config{API: api, Topics: callTopics, Tracked: w.kept})
				w.settle(time.Hour)
				require.NotZero(t, w.source.Health().BlindSince)
				require.Equal(t, 1, w.created(), "who created it goes on trying")
				stop()
				w.start(notifications.Config{API: api, Topics: callTopics, Tracked: w.kept})
				w.settle(10 * time.Minute)
				require.Equal(t, 1, w.source.Stats().Listening)
				require.Equal(t, 2, w.created())
			})
		})
	}
}

// A channel that was taken over may be fine when it is refused: so is every other one.
func TestWhileAllIsForbiddenTheChannelsAreNotUsedUp(t *testing.T) {
	handshakes := func(_, path string) bool { return path == "/channels/{id}" }
	for name, match := range map[string]func(method, path string) bool{"subscriptions": subs, "handshakes": handshakes} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				config := notifications.Config{Topics: topicsOfUsers(28), TopicsPerChannel: 2, Tracked: w.kept}
				stop := w.start(config)
				w.settle(10 * time.Minute)
				require.Equal(t, 14, w.source.Stats().Listening)
				stop()
				undo := w.server.Faults().Requests(genesystest.RequestFault{Match: match, Status: http.StatusForbidden})
				w.start(config)
				w.settle(time.Hour)
				require.Zero(t, w.source.Stats().Listening)
				undo()
				w.settle(5 * time.Minute)
				require.Equal(t, 14, w.source.Stats().Listening)
				require.LessOrEqual(t, w.created(), notifications.MostChannels)
			})
		})
	}
}

// shut is an API of which a part is forbidden for a while.
type shut struct {
	genesys.API
	opened *atomic.Bool
	part   string // of the path
	err    error
}

func (s shut) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	if !s.opened.Load() && strings.Contains(r.Path, s.part) {
		return nil, s.err
	}
	return s.API.Call(ctx, r)
}

func TestWhatThePlatformDoesNotForbidItselfIsTriedAgain(t *testing.T) {
	for name, err := range map[string]*genesys.APIError{
		"a proxy forbids it":                {Status: http.StatusForbidden},
		"the login host forbids it for now": {Status: http.StatusForbidden, Path: genesys.LoginPath, Code: "access_denied"},
	} {
		for _, part := range []string{"/users", "/notifications/channels"} {
			t.Run(name+", "+part, func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					var opened atomic.Bool
					w.start(notifications.Config{API: shut{w.server.API(), &opened, part, err}, Follow: everybody()})
					w.settle(10 * time.Minute)
					require.NotZero(t, w.source.Health().BlindSince)
					opened.Store(true)
					w.settle(5 * time.Minute)
					require.Equal(t, 1, w.source.Stats().Listening)
				}, genesystest.Users(entries("u", 2)...))
			})
		}
	}
}
