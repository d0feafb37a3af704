package notifications_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
)

// A socket hears what is subscribed, whether or not the API answers.
func TestASocketThatHearsIsNotGivenUpBecauseTheAPIDoesNotAnswer(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"a detail topic is added": func(w *world) { w.call() },
		"a topic is added": func(w *world) {
			require.NoError(w.t, w.source.SetTopics(append(notifications.UserTopics("another"), callTopics...)...))
		},
		"the channel is renewed": func(w *world) { w.settle(5 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(notifications.Config{Topics: callTopics, DetailEvents: []string{"acw"}})
				w.settle(10 * time.Minute)
				undo := w.server.Faults().Requests(genesystest.RequestFault{Match: subs, Status: http.StatusServiceUnavailable})
				began, gaps := time.Now(), len(w.heard.all())
				change(w)
				w.settle(30 * time.Minute)
				require.Zero(t, w.source.Stats().Reconnects)
				require.True(t, w.rings("user-a", ""), "what is subscribed is heard")
				if name == "a topic is added" {
					require.Len(t, w.heard.all(), gaps+1, "once")
					require.Equal(t, w.source.Health().BlindSince, w.heard.all()[gaps].From.UTC())
					require.WithinDuration(t, began, w.source.Health().BlindSince, time.Second)
					undo()
					w.settle(2 * time.Minute)
					require.Len(t, w.heard.all(), gaps+2)
					require.WithinDuration(t, began, w.heard.all()[gaps+1].From, time.Second)
				} else {
					require.Zero(t, w.source.Health().BlindSince)
					undo()
					w.settle(2 * time.Minute)
					require.Len(t, w.heard.all(), gaps, "nothing is missed")
				}
				require.Equal(t, 1, w.source.Stats().Listening)
				require.Zero(t, w.source.Health().BlindSince)
			})
		})
	}
}
