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

// failing is a store in which hooks have failed, the oldest first.
type failing struct {
	slow
	items     []store.FailedItem
	forgotten []string
}

func (s *failing) list(_ context.Context, q store.FailedQuery) (page store.FailedPage, err error) {
	for _, x := range s.items {
		switch {
		case x.ID <= q.After || !q.Selects(&x):
		case len(page.Items) == q.Limit:
			page.Next = page.Items[q.Limit-1].ID
			return page, nil
		default:
			page.Items = append(page.Items, x)
		}
	}
	return page, nil
}

func (s *failing) Forget(ctx context.Context, ids ...string) (int, error) {
	s.forgotten = append(s.forgotten, ids...)
	return s.slow.Forget(ctx, ids...)
}

// A delivery goes with its conversation, which was stored.
func TestWhatAHookRefusedLongAgoAndNobodyDecidedOnIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const retain = 24 * time.Hour
		s := &failing{}
		var due []string
		for i := range 1000 {
			id := fmt.Sprintf("c-%04d", i)
			x := store.FailedItem{ID: id, ConversationID: id, Kind: store.FailedChange, Failure: store.Failure{At: time.Now().Add(-2*retain + time.Duration(i)*retain/500)}}
			switch {
			case i < 300 && i%3 > 0:
				x.Kind = store.FailedDelivery
			case i%5 == 0:
				x.Next = time.Now().Add(time.Minute)
			case i < 500:
				due = append(due, id)
			}
			s.items = append(s.items, x)
		}
		told := 0
		r := retention.New(retention.Config{Store: s, ListFailed: s.list, Mine: func() bool { return true }, Conversations: retain, Log: slog.New(slog.DiscardHandler),
			LetGo: func(_ context.Context, ids []string) { told += len(ids) }})
		n, err := r.DeleteConversations(t.Context())
		require.NoError(t, err)
		require.Equal(t, due, s.forgotten)
		require.Equal(t, len(due), n)
		require.Equal(t, len(due), told)

		forEver := retention.New(retention.Config{Store: s, ListFailed: s.list, Mine: func() bool { return true }})
		n, err = forEver.DeleteConversations(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
