package polling_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// frail is a store that is down for a while from one of its commits on.
type frail struct {
	*memstore.Store

	mu      sync.Mutex
	commits int
	fails   int // the number of the commit from which on it is down; zero: none
	until   time.Time
	values  int
	loses   func(n int) bool // which answers are lost when a value is set; nil: none
}

var errDown = errors.New("the store is down")

// outage is how long a frail store is down: the tracker has given up a part of the
// conversations by then.
const outage = 2 * time.Minute

func (f *frail) down(commit bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if commit {
		if f.commits++; f.commits == f.fails {
			f.until = time.Now().Add(outage)
		}
	}
	if time.Now().Before(f.until) {
		return errDown
	}
	return nil
}

func (f *frail) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := f.down(len(b.Changes) > 0); err != nil {
		return store.Committed{}, err
	}
	return f.Store.Commit(ctx, b)
}

func (f *frail) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if err := f.down(false); err != nil {
		return nil, err
	}
	return f.Store.Load(ctx, ids...)
}

func (f *frail) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if err := f.down(false); err != nil {
		return 0, err
	}
	set, err := f.Store.SetValue(ctx, name, value, version)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.values++; err == nil && name == "polling" && f.loses != nil && f.loses(f.values) {
		return 0, errDown
	}
	return set, err
}

// TestNothingIsPassedOverThatTheStoreDidNotTake has the store go down at each of
// the commits in turn with which a page of conversations is stored.
func TestNothingIsPassedOverThatTheStoreDidNotTake(t *testing.T) {
	for fails := 1; ; fails++ {
		reached := false
		t.Run(fmt.Sprint("down from commit ", fails), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				_, ids := w.history(5*time.Hour, 10*time.Minute)
				w.settle(day) // to another day, as the platform selects by day
				w.frail.fails, w.batch = fails, 5
				w.start(polling.Config{Lookback: 2 * day, JobsEvery: -1, LateAfter: []time.Duration{}})
				w.settle(outage + 20*time.Minute)
				reached = w.frail.commits > fails && !w.frail.until.IsZero()
				w.demand(ids)
			})
		})
		if !reached || fails == 12 {
			require.Greater(t, fails, 5, "it does not come to the commits")
			return
		}
	}
}

// TestAConversationThatTheStoreRefusesIsLeftOutOnceItHasDoneSoForLong: until then
// the source does not go on after it.
func TestAConversationThatTheStoreRefusesIsLeftOutOnceItHasDoneSoForLong(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.refuse(func(c *conversation.Conversation) bool { return c.ID == "bad" })
		w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{}})
		w.settle(2 * time.Minute)
		w.waiting("bad")
		w.call("good")
		began := time.Now()
		w.settle(time.Minute)
		require.False(t, w.source.Health().ReadUpTo.After(began))
		require.NotNil(t, w.get("good"))
		w.calls.questions()
		w.settle(2 * time.Minute)
		require.WithinDuration(t, time.Now(), w.source.Health().ReadUpTo, time.Minute)
		require.Less(t, len(w.calls.questions()), 60)
	})
}

// known plays some conversations that stay open, and has them stored by the repair
// of a gap. It returns when the gap began.
func (w *world) known(n int) (from time.Time) {
	from = time.Now()
	for i := range n {
		w.waiting(fmt.Sprint("c-", i))
	}
	w.settle(time.Minute)
	w.gap(from)
	for w.source.Stats().Repaired == 0 {
		w.settle(time.Minute)
	}
	return from
}

func TestAConversationThatTheStoreRefusesHoldsUpNoRepair(t *testing.T) {
	for name, is := range map[string]struct{ open, perMinute int }{
		"of a few": {5, 300}, "that takes long to come to it again": {200, 40},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(still)
				w.settle(time.Minute)
				from := w.known(is.open)
				w.refuse(func(c *conversation.Conversation) bool { return c.ID == "c-2" })
				w.gap(from)
				w.settle(10*time.Minute + time.Duration(is.open)*30*time.Second)
				require.Equal(t, int64(2), w.source.Stats().Repaired)
			}, genesystest.RateLimit(is.perMinute))
		})
	}
}

func TestAConversationThatTheStoreRefusesHoldsUpNoLateRead(t *testing.T) {
	for name, refused := range map[string]func(c *conversation.Conversation) bool{
		"all of it":           func(*conversation.Conversation) bool { return true },
		"its survey alone":    func(c *conversation.Conversation) bool { return len(c.Surveys) > 0 && c.Surveys[0].Detailed() },
		"an evaluation of it": func(c *conversation.Conversation) bool { return len(c.Evaluations) > 0 && c.Evaluations[0].Detailed() },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
				w.judged("bad")
				w.settle(2 * time.Minute)
				w.judged("good")
				w.settle(20 * time.Minute)
				require.Equal(t, conversation.StatusEnded, w.status("bad"))
				w.refuse(func(c *conversation.Conversation) bool { return c.ID == "bad" && refused(c) })
				w.settle(80 * time.Minute)
				require.True(t, w.get("good").Surveys[0].Detailed())
				require.True(t, w.get("good").Evaluations[0].Detailed())
			})
		})
	}
}

// TestNothingIsLeftOutWhileTheStoreRefusesEveryConversation: although it still keeps
// the position.
func TestNothingIsLeftOutWhileTheStoreRefusesEveryConversation(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
		w.settle(time.Minute)
		from := time.Now()
		w.judged("ended")
		w.settle(30 * time.Minute)
		w.waiting("open")
		w.refuse(func(*conversation.Conversation) bool { return true })
		w.gap(from)
		w.settle(2 * time.Hour)
		require.Zero(t, w.source.Stats().Repaired)
		require.NotZero(t, w.source.Health().BlindSince)
		w.refuses.Store(nil)
		w.settle(10 * time.Minute)
		require.Equal(t, int64(1), w.source.Stats().Repaired)
		w.demand([]string{"open"})
		require.True(t, w.get("ended").Surveys[0].Detailed())
	})
}
