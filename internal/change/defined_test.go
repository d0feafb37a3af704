package change

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/record"
)

func TestATimerOutlivesAFunctionThatFailsForAWhile(t *testing.T) {
	facts := call(t)
	hooks, fails := events.NewHooks(), false
	due := now.Add(time.Hour)
	events.Define(hooks, "customer.waiting", func(*conversation.Conversation) []events.Fact[int] {
		if fails {
			panic("a conversation that it does not understand")
		}
		return []events.Fact[int]{{Time: due}}
	})
	said := 0
	work := func(r *record.Record, q Request, at time.Time) *Plan {
		q.Now, q.Settling, q.Wants = at, rules, hooks.Wants()
		q.Wants.Failed = func(events.Type, error, string) { said++ }
		p := Work(r, q)
		if p != nil {
			commit(t, r, p)
		}
		return p
	}
	r := unknown(facts)
	work(r, Request{Facts: facts[:1]}, now)
	require.Len(t, r.Record.Pending, 1)

	fails = true
	work(r, Request{Facts: facts[1:2]}, now.Add(time.Minute))
	require.Equal(t, due, r.Record.Pending[0].Due, "it is asked again when it is due")
	require.Equal(t, 1, said)
	work(r, Request{Settle: true}, due.Add(time.Second))
	require.Equal(t, due.Add(time.Second+askAgain), r.Record.Pending[0].Due)

	fails = false
	p := work(r, Request{Settle: true}, due.Add(time.Second+askAgain))
	require.Contains(t, types(p.Events), events.Type("customer.waiting"))
	require.Empty(t, r.Record.Pending)
	require.Nil(t, work(r, Request{Settle: true}, due.Add(time.Hour)), "it is announced once")
}

func TestATimerThatIsNotFoundAnyMoreIsGoneOnceTheFunctionAnswers(t *testing.T) {
	facts := call(t)
	hooks, fails, found := events.NewHooks(), false, true
	events.Define(hooks, "customer.waiting", func(*conversation.Conversation) []events.Fact[int] {
		if fails {
			panic("a conversation that it does not understand")
		}
		if !found {
			return nil
		}
		return []events.Fact[int]{{Time: now.Add(time.Hour)}}
	})
	r := unknown(facts)
	for i, fail := range []bool{false, true, false} {
		fails = fail
		commit(t, r, Work(r, Request{Facts: facts[i : i+1], Now: now, Settling: rules, Wants: hooks.Wants()}))
		found = false
		require.Len(t, r.Record.Pending, []int{1, 1, 0}[i])
	}
}
