package change

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/store"
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

// fact is data of the host's with a method for its encoding.
type fact struct{ encode func() error }

func (f fact) MarshalJSON() ([]byte, error) { return []byte("{}"), f.encode() }

func TestATimerOutlivesDataThatCannotBeEncodedForAWhile(t *testing.T) {
	for name, fails := range map[string]func() error{
		"it is an error": func() error { return errors.New("bad data") },
		"it panics":      func() error { panic("bad data") },
	} {
		t.Run(name, func(t *testing.T) {
			facts := call(t)
			hooks, encode := events.NewHooks(), fails
			due := now.Add(time.Hour)
			events.Define(hooks, "customer.waiting", func(*conversation.Conversation) []events.Fact[fact] {
				return []events.Fact[fact]{{Time: due, Data: fact{func() error { return encode() }}}}
			})
			var said, stack string
			work := func(r *record.Record, q Request, at time.Time) *Plan {
				q.Now, q.Settling, q.Wants = at, rules, hooks.Wants()
				q.Wants.Failed = func(of events.Type, err error, at string) { said, stack = string(of)+": "+err.Error(), at }
				p := Work(r, q)
				if p != nil {
					commit(t, r, p)
				}
				return p
			}
			r := unknown(facts)
			work(r, Request{Facts: facts[:1]}, now)
			id := r.Record.Pending[0].EventID
			require.Empty(t, said, "nobody needs the data yet")
			p := work(r, Request{Facts: facts[1:]}, due.Add(time.Second))
			require.Contains(t, types(p.Events), events.TypeParticipantAdded)
			require.NotContains(t, types(p.Events), events.Type("customer.waiting"))
			require.Contains(t, said, "customer.waiting: an event cannot be encoded: ")
			if name == "it panics" {
				require.NotContains(t, said, "bad data", "it may be of a conversation")
				require.Contains(t, stack, "defined_test.go", "where it happened")
			}
			for _, all := range []bool{false, true} {
				work(r, Request{Settle: true, All: all}, due.Add(time.Minute))
				require.Equal(t, []store.Pending{{EventID: id, Due: due.Add(time.Minute + askAgain)}}, r.Record.Pending)
			}
			encode = func() error { return nil }
			p = work(r, Request{Settle: true}, due.Add(time.Minute+askAgain))
			require.Equal(t, []events.Type{"customer.waiting"}, types(p.Events))
			require.Empty(t, r.Record.Pending)
		})
	}
}

func TestDataThatABeforeHookChangesAreLogged(t *testing.T) {
	facts := call(t)
	hooks := events.NewHooks()
	events.Define(hooks, "own", func(*conversation.Conversation) []events.Fact[int] { return []events.Fact[int]{{Data: 1}} })
	r := unknown(facts)
	p := Work(r, Request{Facts: facts, Now: now, Settling: rules, Wants: hooks.Wants()})
	for _, e := range p.Events {
		if own, is := e.(*events.Custom[int]); is {
			own.Data = 2
		}
	}
	commit(t, r, p)
	require.True(t, slices.ContainsFunc(p.Change.Events, func(e store.NewEvent) bool {
		return e.Type == "own" && strings.Contains(string(e.Data), `"data":2`)
	}))
}
