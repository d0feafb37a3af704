package notifications

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

func TestAStoreThatTakesNothingIsLoggedOnceAMinuteAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var full atomic.Bool
		full.Store(true)
		stored := map[string]bool{}
		b := newInbox(func(_ context.Context, u conversation.Update) error {
			if full.Load() {
				return errors.New("the disk is full")
			}
			stored[u.Conversations[0].ID] = true
			return nil
		}, 1000, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			b.work(ctx)
		}()
		for i := range 500 {
			require.True(t, b.add(conversation.State(&conversation.Conversation{ID: fmt.Sprint("c-", i)}, conversation.Statement{By: conversation.SourceTopic})))
		}
		time.Sleep(150 * time.Second)
		synctest.Wait()
		require.LessOrEqual(t, strings.Count(log.String(), "\n"), 3)
		require.Contains(t, log.String(), "the disk is full")
		full.Store(false)
		time.Sleep(time.Minute)
		b.close()
		<-ended
		cancel()
		require.Len(t, stored, 500)
	})
}
