package notifications

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

func TestAnOverloadIsAnnouncedWhenItIsNoticedAndWhenItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var waiting atomic.Int64
		var gaps []conversation.Gap
		o := newOverload(10, func() int { return int(waiting.Load()) }, slog.New(slog.DiscardHandler), func(_ context.Context, g conversation.Gap) { gaps = append(gaps, g) })
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { o.run(ctx); close(ended) }()
		waiting.Store(10)
		began := time.Now()
		for range 100 {
			o.dropped(time.Now())
		}
		require.True(t, o.active())
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, gaps, 1, "once while it lasts")
		require.True(t, gaps[0].To.IsZero())
		waiting.Store(5)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, gaps, 2)
		require.Equal(t, began, gaps[1].From)
		require.WithinDuration(t, began.Add(time.Minute), gaps[1].To, overloadCheck+time.Second)
		require.False(t, o.active())
		stop()
		<-ended
	})
}
