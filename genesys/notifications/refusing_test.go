package notifications_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/notifications"
)

// refusing is a process whose store refuses some of its calls.
type refusing struct {
	as
	call    *atomic.Int64
	refused func(call int64) bool
}

var errRefusing = errors.New("the store refuses")

func (r refusing) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if r.refused(r.call.Add(1)) {
		return nil, 0, errRefusing
	}
	return r.as.Value(ctx, name)
}

func (r refusing) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if r.refused(r.call.Add(1)) {
		return 0, errRefusing
	}
	return r.as.SetValue(ctx, name, value, version)
}

func TestACallThatTheStoreRefusesIsNoBlindness(t *testing.T) {
	const first = 20
	for from := int64(1); from <= first; from++ {
		for _, calls := range []int64{1, 2, 4} {
			t.Run(fmt.Sprintf("call %d and %d more", from, calls-1), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					topics := topicsOfUsers(10)
					w.kept.members("a")
					stop, _ := w.startAs("a", topics)
					w.settle(10 * time.Minute)
					gaps := len(w.heard.all())
					w.kept.members("a", "b")
					b := refusing{as{w.kept, "b"}, &atomic.Int64{}, func(call int64) bool { return call >= from && call < from+calls }}
					w.start(notifications.Config{Topics: topics, Tracked: b})
					w.settle(5 * time.Minute)
					require.Greater(t, b.call.Load(), int64(first))
					require.Len(t, w.heard.all(), gaps, "one of the two always heard")
					stop()
					stopped := time.Now()
					w.kept.members("b")
					w.settle(5 * time.Minute)
					for _, g := range w.heard.all()[gaps:] {
						require.WithinDuration(t, stopped, g.From, 2*time.Second, "%+v", g)
					}
					require.Zero(t, w.unheard(len(topics)))
				})
			})
		}
	}
}

func TestAStoreThatRefusesAtTheStartDoesNotHideSinceWhenNobodyHeard(t *testing.T) {
	for _, calls := range []int64{0, 1, 3, 10} {
		for name, instance := range map[string]string{"another process": "b", "a process of the same name": "a"} {
			t.Run(fmt.Sprintf("%s, %d calls", name, calls), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					w.kept.members("a")
					_, kill := w.startAs("a", callTopics)
					w.settle(10 * time.Minute)
					kill()
					killed := time.Now()
					gaps := len(w.heard.closed())
					w.settle(time.Hour)
					w.kept.members(instance)
					w.start(notifications.Config{Topics: callTopics, Tracked: refusing{as{w.kept, instance}, &atomic.Int64{}, func(call int64) bool { return call <= calls }}})
					hears := time.Now()
					w.settle(5 * time.Minute)
					missed := w.heard.closed()[gaps:]
					require.Len(t, missed, 1)
					require.WithinDuration(t, killed, missed[0].From, 40*time.Second)
					require.False(t, missed[0].From.After(killed))
					require.WithinDuration(t, hears, missed[0].To, 2*time.Minute)
				})
			})
		}
	}
}
