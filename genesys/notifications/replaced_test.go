package notifications_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/notifications"
)

// A socket that the platform is about to close can die before there is another one.
func TestASocketThatIsReplacedWasHeardUntilItsLastSignOfLife(t *testing.T) {
	for _, outage := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, 40 * time.Second, 2 * time.Minute} {
		t.Run(outage.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				var down atomic.Bool
				w.start(notifications.Config{Topics: callTopics, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					if down.Load() {
						return nil, errors.New("no route")
					}
					return w.server.DialContext(ctx, network, address)
				}})
				w.settle(10 * time.Minute)
				gaps := len(w.heard.closed())
				down.Store(true)
				w.server.Faults().AnnounceClosing(time.Minute)
				w.settle(100 * time.Millisecond)
				silent := time.Now()
				w.server.Faults().SilenceSockets()
				w.settle(outage)
				down.Store(false)
				w.settle(2 * time.Minute)
				missed := w.heard.closed()[gaps:]
				require.NotEmpty(t, missed)
				require.False(t, missed[0].From.After(silent), "silent since %v, gap from %v", silent, missed[0].From)
				require.WithinDuration(t, silent, missed[0].From, time.Second)
			})
		})
	}
}
