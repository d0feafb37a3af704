package pgstore_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// Who awaits its inbox hears what another process broadcasts; before the server
// listens on its connection a message may get lost.
func TestABroadcastReachesOtherProcesses(t *testing.T) {
	schema := cluster.Schema(t)
	one, other := openIn(t, schema), openIn(t, schema)
	longest := bytes.Repeat([]byte{0, 0xff, 'x', '\''}, store.MostBroadcast/4)
	heard := make(chan []byte, 1)
	for _, s := range []store.Store{one, other} {
		go func() {
			for s.Await(t.Context(), "me") == nil {
				_, _ = s.Inbox(t.Context(), store.InboxQuery{Owner: "me", Limit: 1})
			}
		}()
	}
	go func() {
		_ = other.Listen(t.Context(), func(message []byte) {
			select {
			case heard <- bytes.Clone(message):
			default:
			}
		})
	}()
	for {
		_ = one.Broadcast(t.Context(), longest)
		select {
		case message := <-heard:
			require.Equal(t, longest, message)
			require.Error(t, one.Broadcast(t.Context(), append(longest, 'x')), "it is too long")
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
