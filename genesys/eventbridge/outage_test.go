package eventbridge_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// saysNothing is a message of a topic that says nothing about conversations.
const saysNothing = `{"detail-type":"v2.users.{id}.presence","detail":{"topicName":"v2.users.u-1.presence","eventBody":{"presenceDefinition":{}}}}`

// What the store knows already it takes while it is down, and what says nothing it
// is not given.
func TestWhatIsTakenWhileTheStoreIsDownDoesNotShowThatItIsWell(t *testing.T) {
	knows := func(list []*conversation.Conversation) error {
		for _, c := range list {
			if c.ID != "known" {
				return errDown
			}
		}
		return nil
	}
	for name, taken := range map[string][]byte{"known": envelope("known"), "says nothing": []byte(saysNothing)} {
		for _, tracked := range []eventbridge.Tracked{nil, brokenTracked{}} {
			virtual(t, func(t *testing.T, w *world) {
				b := books{fails: knows}
				q := w.source(func(c *eventbridge.QueueConfig) { c.Tracked = tracked })
				for _, m := range messages(15) {
					w.queue.Send(m)
				}
				run(t, q, b.sink)
				for range 20 * 6 {
					time.Sleep(10 * time.Second)
					w.queue.Send(taken)
				}
				require.Zero(t, w.dead.Len(), name)
				b.set(func(b *books) { b.fails = nil })
				time.Sleep(5 * time.Minute)
				require.GreaterOrEqual(t, b.stored(), 15, name)
				require.Zero(t, w.queue.Len()+w.dead.Len(), name)
			})
		}
	}
}

// TestAStoreThatComesBackRefusesNothing has one come back at any moment of a try:
// what the try says of a message is about the time before.
func TestAStoreThatComesBackRefusesNothing(t *testing.T) {
	for after := range 45 {
		virtual(t, func(t *testing.T, w *world) {
			is := &returning{}
			is.down.Store(true)
			var b books
			sink := func(ctx context.Context, u conversation.Update) error {
				if is.down.Load() && u.Gap == nil {
					time.Sleep(5 * time.Second)
					return errDown
				}
				return b.sink(ctx, u)
			}
			q := w.source(func(c *eventbridge.QueueConfig) { c.Tracked = is })
			w.queue.Send(envelope("c-1"))
			run(t, q, sink)
			time.Sleep(6*time.Minute + time.Duration(after)*time.Second)
			is.down.Store(false)
			time.Sleep(5 * time.Minute)
			require.Equal(t, 1, b.stored())
			require.Zero(t, q.Stats().NotStored, "it came back after %d s", after)
		})
	}
}

// returning is the Tracked of a store that is down until it comes back.
type returning struct {
	kept
	down atomic.Bool
}

func (r *returning) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if r.down.Load() {
		return nil, 0, errDown
	}
	return r.kept.Value(ctx, name)
}

func (r *returning) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if r.down.Load() {
		return 0, errDown
	}
	return r.kept.SetValue(ctx, name, value, version)
}

func TestBeingAwayForTooLongIsAGapAlsoWhenTheStoreIsDownAtTheReturn(t *testing.T) {
	for _, minutes := range []int{0, 3, 20} {
		virtual(t, func(t *testing.T, w *world) {
			var b books
			is := &returning{}
			tracked := func(c *eventbridge.QueueConfig) { c.Tracked = is }
			stop := run(t, w.source(tracked), b.sink)
			w.queue.Send(envelope("c-1"))
			time.Sleep(5 * time.Minute)
			require.NoError(t, stop())
			last := time.Now()
			time.Sleep(5 * 24 * time.Hour)
			back := time.Now()
			is.down.Store(minutes > 0)
			run(t, w.source(tracked), b.sink)
			for range minutes {
				w.queue.Send(envelope("c-2")) // which is known
				time.Sleep(time.Minute)
			}
			is.down.Store(false)
			time.Sleep(5 * time.Minute)
			gaps := b.gapList()
			require.Len(t, gaps, 1, "after %d minutes", minutes)
			require.WithinDuration(t, last, gaps[0].From, 2*time.Minute)
			require.WithinDuration(t, back.Add(-4*24*time.Hour), gaps[0].To, time.Minute)
		})
	}
}

func TestWhatAQueueHasDroppedDoesNotEndAnOutage(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		var b books
		is := &returning{}
		tracked := func(c *eventbridge.QueueConfig) { c.Tracked = is }
		stop := run(t, w.source(tracked), b.sink)
		w.queue.Send(envelope("c-1"))
		time.Sleep(5 * time.Minute)
		require.NoError(t, stop())
		time.Sleep(5 * 24 * time.Hour)
		is.down.Store(true)
		run(t, w.source(tracked), b.sink)
		time.Sleep(time.Minute)
		w.sqs.SetFaults(genesystest.SQSFaults{Error: "ServiceUnavailable", Status: 503})
		time.Sleep(5 * time.Minute)
		require.Len(t, b.gapList(), 1)
		is.down.Store(false)
		time.Sleep(2 * time.Minute)
		require.Len(t, b.gapList(), 2, "now it is known up to when the queue was read")
		require.Equal(t, []string{"eventbridge"}, blind(b.gapList()))
	})
}

func TestAClockThatWasAheadHidesNothingThatTheQueueHasDropped(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		ahead, err := json.Marshal(map[string]time.Time{"until": time.Now().Add(24 * time.Hour)})
		require.NoError(t, err)
		k := &kept{value: ahead, version: 1}
		tracked := func(c *eventbridge.QueueConfig) { c.Tracked = k }
		var b books
		stop := run(t, w.source(tracked), b.sink)
		time.Sleep(5 * time.Minute)
		require.NoError(t, stop())
		last := time.Now()
		time.Sleep(4*24*time.Hour + 12*time.Hour)
		back := time.Now()
		run(t, w.source(tracked), b.sink)
		time.Sleep(time.Minute)
		gaps := b.gapList()
		require.Len(t, gaps, 1)
		require.WithinDuration(t, last, gaps[0].From, 2*time.Minute)
		require.WithinDuration(t, back.Add(-4*24*time.Hour), gaps[0].To, time.Minute)
	})
}
