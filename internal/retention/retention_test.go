package retention_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/retention"
	"github.com/dcmkit/convtrack/store"
)

// slow is a store with old conversations, of which each call takes a while.
type slow struct {
	left, most int // how many there are, and the most that one call deleted
	takes      time.Duration
	busy       time.Duration
}

func (s *slow) works() {
	time.Sleep(s.takes)
	s.busy += s.takes
}

func (s *slow) List(_ context.Context, q store.Query) (page store.Page, err error) {
	s.works()
	for i := range min(s.left, q.Limit) {
		page.Conversations = append(page.Conversations, &conversation.Conversation{ID: fmt.Sprint(s.left - i)})
	}
	return page, nil
}

func (s *slow) Forget(_ context.Context, ids ...string) (int, error) {
	s.works()
	s.left -= len(ids)
	s.most = max(s.most, len(ids))
	return len(ids), nil
}

func (s *slow) Expire(context.Context, time.Time, int) (int, error) { return 0, nil }

func TestATwentiethOfTheTimeIsSpentOnDeletingHoweverSlowTheStoreIs(t *testing.T) {
	for _, takes := range []time.Duration{100 * time.Microsecond, 2 * time.Millisecond, 500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			const old = 101
			s := &slow{left: old, takes: takes}
			told := 0
			r := retention.New(retention.Config{Store: s, Mine: func() bool { return true }, Conversations: time.Hour, Log: slog.New(slog.DiscardHandler),
				LetGo: func(_ context.Context, ids []string) { told += len(ids) }})
			began := time.Now()
			n, err := r.DeleteConversations(t.Context())
			require.NoError(t, err)
			require.Equal(t, old, n)
			require.Equal(t, old, told)
			require.Zero(t, s.left)
			require.LessOrEqual(t, s.most, 2, "how many are deleted in one transaction")
			require.GreaterOrEqual(t, time.Since(began)+20*takes, 20*s.busy) // there is no pause behind the last step
		})
	}
}
