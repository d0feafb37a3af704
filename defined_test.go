package convtrack_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
)

// waits defines that a visit to a queue has lasted a minute, and writes down
// when a hook was told.
func waits(hooks *events.Hooks) *journal {
	j := &journal{}
	events.Define(hooks, "customer.waiting", func(c *conversation.Conversation) (found []events.Fact[string]) {
		legs := c.Legs()
		for i := range legs {
			l := &legs[i]
			if at := l.Began().Add(time.Minute); l.Side == conversation.QueueSide && (!l.Over || l.End.After(at)) {
				found = append(found, events.Fact[string]{Key: l.Session.ID, Time: at, Data: c.ID})
			}
		}
		return found
	})
	events.After(hooks, "waits", func(_ context.Context, e *events.Custom[string]) error {
		j.write("%s %v late", e.Data, time.Since(e.Time).Truncate(time.Second))
		return nil
	})
	return j
}

// queued is a customer who waits in a queue from now on, until an agent answers.
func queued(answered time.Duration) *genesystest.Story {
	s := genesystest.NewStory("c-waits")
	s.Start = time.Now().UTC()
	s.Customer("cust", 0)
	acd := s.Queue("acd", time.Millisecond, "q-1")
	if answered > 0 {
		acd.AnsweredBy(s.Agent("a", answered-5*time.Second, "user-a", "q-1").Answer(answered), 0)
	}
	return s
}

func TestAFactThatLiesAheadIsAnnouncedOnceWhenItsTimeHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := waits(hooks)
		r := start(t, hooks)
		r.tell(queued(0).Snapshots()...)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		require.Empty(t, j.read())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"c-waits 0s late"}, j.read())
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, j.read(), 1)
	})
}

func TestAFactThatLiesAheadGoesWhenItIsNotFoundAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := waits(hooks)
		r := start(t, hooks)
		s := queued(30 * time.Second)
		began := s.Start
		open := queued(0)
		r.tell(open.Snapshots()...)
		time.Sleep(31 * time.Second)
		s.Start = began
		r.tell(s.Snapshots()...)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Empty(t, j.read(), "an agent has answered in time")
	})
}

func TestAFactThatLiesAheadSurvivesItsProcess(t *testing.T) {
	for name, down := range map[string]time.Duration{"restarted in time": 10 * time.Second, "restarted late": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memstore.New()
				first := events.NewHooks()
				j := waits(first)
				r := startOn(t, s, first)
				r.tell(queued(0).Snapshots()...)
				require.NoError(t, r.stop())
				time.Sleep(down)
				second := events.NewHooks()
				again := waits(second)
				startOn(t, s, second)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				require.Empty(t, j.read())
				require.Len(t, again.read(), 1)
				if down < time.Minute {
					require.Equal(t, []string{"c-waits 0s late"}, again.read())
				}
			})
		})
	}
}

func TestOfADeadProcessTheOtherTellsWhatLiesAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		first, second := events.NewHooks(), events.NewHooks()
		one, other := waits(first), waits(second)
		dead := startOn(t, &dying{Store: s}, first)
		startOn(t, s, second)
		dead.tell(queued(0).Snapshots()...)
		dead.store.(*dying).dead.Store(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Empty(t, one.read())
		require.Len(t, other.read(), 1)
	})
}
