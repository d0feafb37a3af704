package notifications

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
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

func TestAllWorkersEndOnceAClosedInboxIsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := 3
		b := newInbox(func(context.Context, conversation.Update) error {
			time.Sleep(time.Second)
			if fails--; fails >= 0 {
				return errors.New("the store is not there")
			}
			return nil
		}, 10, slog.New(slog.DiscardHandler))
		workers := workInbox(t.Context(), b, 8)
		require.True(t, b.add(&conversation.Conversation{ID: "c"}))
		synctest.Wait()
		require.True(t, b.add(&conversation.Conversation{ID: "c"}), "while it is being stored")
		b.close()
		workers.Wait()
		require.Negative(t, fails, "stored")
	})
}

func TestAllWorkersEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		workers := workInbox(ctx, newInbox(nil, 10, slog.New(slog.DiscardHandler)), 8)
		cancel()
		workers.Wait()
	})
}

func workInbox(ctx context.Context, b *inbox, workers int) *sync.WaitGroup {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { b.work(ctx) })
	}
	return &all
}

// BenchmarkInbox measures one conversation while nearly all workers are idle.
func BenchmarkInbox(b *testing.B) {
	stored := make(chan struct{})
	box := newInbox(func(context.Context, conversation.Update) error {
		stored <- struct{}{}
		return nil
	}, 10, slog.New(slog.DiscardHandler))
	workers := workInbox(b.Context(), box, 64)
	c := &conversation.Conversation{ID: "c"}
	for b.Loop() {
		box.add(c)
		<-stored
	}
	box.close()
	workers.Wait()
}

// TestAfterAnOutageWhatIsNotStoredYetCounts: that another one is stored says nothing of
// what has not had its turn.
func TestAfterAnOutageWhatIsNotStoredYetCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		var stored sync.Map
		b := newInbox(func(_ context.Context, u conversation.Update) error {
			if down.Load() {
				return errors.New("down")
			}
			stored.Store(u.Conversations[0].ID, true)
			return nil
		}, 10, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		workers := workInbox(ctx, b, 2)
		b.add(&conversation.Conversation{ID: "a"})
		time.Sleep(10 * time.Second)
		second := time.Now()
		b.add(&conversation.Conversation{ID: "b"})
		time.Sleep(10 * time.Minute)
		down.Store(false)
		first := ""
		for first == "" {
			time.Sleep(100 * time.Millisecond)
			stored.Range(func(k, _ any) bool { first = k.(string); return true })
		}
		since, some := b.oldest()
		require.True(t, some, "%s is stored, the other one is not", first)
		require.False(t, since.After(second))
		cancel()
		workers.Wait()
	})
}
