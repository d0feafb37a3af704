package convtrack_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

// Whichever call of the store goes wrong once: when Run returns because its source has
// ended, no hook waits for the next process.
func TestARunWhoseSourceEndsLeavesNothingUndeliveredWhateverOneCallDoes(t *testing.T) {
	for _, method := range engineCalls {
		for way, fault := range map[string]storetest.Fault{"fails": {}, "loses its answer": {Late: true}} {
			t.Run(method+" "+way, func(t *testing.T) {
				for nth := 1; nth <= 12; nth++ {
					fault.Method, fault.Nth, fault.Times = method, nth, 1
					synctest.Test(t, func(t *testing.T) { oneRunOfAFiniteSource(t, fault) })
				}
			})
		}
	}
}

func oneRunOfAFiniteSource(t *testing.T, fault storetest.Fault) {
	s := memstore.New()
	story := genesystest.BlindTransferToQueue()
	hooks := events.NewHooks()
	ran := journalHook(hooks, "journal")
	tracker, err := convtrack.New(storetest.Faulty(s, fault), &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(t, err)
	source := sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
		for _, m := range story.Snapshots() {
			if err := sink(ctx, conversation.Update{Conversations: decode(t, m)}); err != nil {
				return err
			}
		}
		for tracker.Settle(ctx) != nil {
			time.Sleep(time.Second)
		}
		return nil
	})
	err = tracker.Run(t.Context(), source)
	if err != nil {
		err = tracker.Run(t.Context(), source) // it could not begin
	}
	require.NoError(t, err)
	logged, err := s.Events(t.Context(), story.ID)
	require.NoError(t, err)
	require.NotEmpty(t, logged)
	for _, e := range logged {
		require.Empty(t, e.Deliveries, "%+v: %s is not done", fault, e.Type)
	}
	require.NotEmpty(t, ran.read())
}

// until is a source that has nothing to say, and ends with the channel.
func until(end <-chan struct{}) sourceFunc {
	return func(ctx context.Context, _ conversation.Sink) error {
		select {
		case <-end:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A process whose sources have ended may still have much to deliver, for as long as
// its hooks take. Meanwhile the others must not wait for it.
func TestAProcessThatStillDeliversHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		slow, quick := events.NewHooks(), events.NewHooks()
		var mu sync.Mutex
		begun := map[string]int{}
		events.After(slow, "journal", func(_ context.Context, e events.Event) error {
			mu.Lock()
			begun[e.Head().ConversationID]++
			mu.Unlock()
			time.Sleep(20 * time.Second)
			return nil
		}, events.Timeout(time.Minute), events.Concurrency(100))
		j := journalHook(quick, "journal")
		end := make(chan struct{})
		ends := startWith(t, s, slow, until(end), func(c *convtrack.Config) { c.Instance = "ends" })
		synctest.Wait()
		other := startOn(t, s, quick, func(c *convtrack.Config) { c.Instance = "other" })
		time.Sleep(time.Minute) // they know of each other
		var ids []string
		for i := range 8 {
			one := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i)))
			ids = append(ids, one.ID)
			ends.tell(one.Snapshots()...)
		}
		time.Sleep(time.Second)
		close(end)
		time.Sleep(10 * time.Second) // the other one knows that it is going to leave

		before := len(j.read())
		for i := range 8 { // of which the one looked after some
			other.tell(genesystest.BlindTransferToQueue().Fresh(seeded(uint64(100 + i))).Snapshots()...)
		}
		time.Sleep(20 * time.Second) // what is concluded settles
		require.Equal(t, 8*len(storyEvents), len(j.read())-before)

		select {
		case err := <-ends.ended:
			t.Fatal("it still has much to deliver", err)
		default:
		}
		_, err := other.Forget(t.Context(), ids...)
		require.NoError(t, err)
		count := func() (n int) {
			mu.Lock()
			defer mu.Unlock()
			for _, id := range ids {
				n += begun[id]
			}
			return n
		}
		forgotten := count()
		time.Sleep(time.Hour)
		require.Equal(t, forgotten, count(), "no hook begins after Forget")
		require.NoError(t, <-ends.ended)
		close(ends.ended)
	})
}

// What others have heard for a process, and what dead ones have left, is in its inbox
// when its sources end.
func TestARunWhoseSourceEndsLeavesNothingInTheInbox(t *testing.T) {
	for downFor := 1; downFor <= 4; downFor++ {
		t.Run(fmt.Sprintf("which could not be read %d times", downFor), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memstore.New()
				hooks := events.NewHooks()
				j := journalHook(hooks, "journal")
				end := make(chan struct{})
				ends := startWith(t, storetest.Faulty(s, storetest.Fault{Method: "Inbox", Nth: 8, Times: downFor}), hooks, until(end), func(c *convtrack.Config) { c.Instance = "ends" })
				synctest.Wait()
				other := startOn(t, s, hooks, func(c *convtrack.Config) { c.Instance = "other" })
				time.Sleep(time.Minute)
				for i := range 8 {
					other.tell(genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i))).Snapshots()[0])
				}
				close(end)
				require.NoError(t, other.stop())
				require.NoError(t, <-ends.ended)
				close(ends.ended)
				left, err := s.Inbox(t.Context(), store.InboxQuery{Limit: 100})
				require.NoError(t, err)
				require.Zero(t, len(left))
				created := 0
				for _, of := range j.read() {
					if of == "conversation.created" {
						created++
					}
				}
				require.Equal(t, 8, created)
			})
		})
	}
}

// The host may call Observe as long as the tracker takes it. A tracker that is never
// idle ends with its sources all the same.
func TestARunWhoseSourceEndsReturnsWhoeverGoesOnObserving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.After(hooks, "slow", func(context.Context, *events.ConversationCreated) error { time.Sleep(time.Second); return nil }, events.Concurrency(100))
		end := make(chan struct{})
		r := startWith(t, memstore.New(), hooks, until(end))
		var tells sync.WaitGroup
		for i := range 8 {
			tells.Go(func() {
				for n := 0; ; n++ {
					m := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(1000*i + n))).Snapshots()[0]
					if r.Observe(t.Context(), conversation.Update{Conversations: decode(t, m)}) != nil {
						return
					}
					time.Sleep(500 * time.Millisecond)
				}
			})
		}
		time.Sleep(5 * time.Second)
		close(end)
		began := time.Now()
		require.NoError(t, <-r.ended)
		close(r.ended)
		require.LessOrEqual(t, time.Since(began), 2*time.Minute)
		tells.Wait()
	})
}

func TestAHookMaySaySomethingOfItsConversationAfterTheSourcesHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		hooks := events.NewHooks()
		tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet})
		require.NoError(t, err)
		events.After(hooks, "case", func(ctx context.Context, e *events.ConversationCreated) error {
			time.Sleep(time.Second)
			return tracker.SetAttributes(ctx, e.ConversationID, map[string]string{"caseId": "1"})
		})
		var ids []string
		require.NoError(t, tracker.Run(t.Context(), sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
			for i := range 20 {
				one := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i)))
				ids = append(ids, one.ID)
				if err := sink(ctx, conversation.Update{Conversations: decode(t, one.Snapshots()[0])}); err != nil {
					return err
				}
			}
			return nil
		})))
		for _, id := range ids {
			records, err := s.Load(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, "1", records[0].Conversation.Attributes["caseId"])
		}
	})
}
