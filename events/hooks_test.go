package events_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// storyEvents derives the events of the story of a blind transfer.
func storyEvents(t testing.TB) []events.Event {
	t.Helper()
	var c *conversation.Conversation
	for _, said := range decode(t, genesystest.BlindTransferToQueue().Snapshots()) {
		c = conversation.Merge(c, said)
	}
	return events.Derive(c)
}

func first[E events.Event](t testing.TB) E {
	t.Helper()
	for _, e := range storyEvents(t) {
		if e, ok := e.(E); ok {
			return e
		}
	}
	t.Fatal("no such event")
	panic("unreachable")
}

func TestBeforeHooksRunInTheOrderOfTheirRegistration(t *testing.T) {
	hooks := events.NewHooks()
	var order []string
	events.Before(hooks, "typed", func(context.Context, *events.ConversationCreated) error { order = append(order, "typed"); return nil })
	events.Before(hooks, "all", func(context.Context, events.Event) error { order = append(order, "all"); return nil })
	events.Before(hooks, "other type", func(context.Context, *events.AgentConnected) error { order = append(order, "other"); return nil })
	events.After(hooks, "after", func(context.Context, events.Event) error { order = append(order, "after"); return nil })
	e := first[*events.ConversationCreated](t)
	require.True(t, hooks.HasBefore(e))
	require.Equal(t, []string{"typed", "all"}, hooks.BeforeHooks(e))
	for _, name := range hooks.BeforeHooks(e) {
		require.NoError(t, hooks.RunBefore(t.Context(), name, e))
	}
	require.Equal(t, []string{"typed", "all"}, order)
	require.Equal(t, []string{"after"}, hooks.AfterHooks(e))
}

func TestABeforeHookThatWasRemovedMeanwhileDoesNotRun(t *testing.T) {
	hooks := events.NewHooks()
	remove := events.Before(hooks, "gone", func(context.Context, events.Event) error { t.Error("it must not run"); return nil })
	remove()
	require.NoError(t, hooks.RunBefore(t.Context(), "gone", first[*events.AgentConnected](t)))
}

func TestTheErrorOfABeforeHookSaysWhichHookFailedOnWhat(t *testing.T) {
	hooks := events.NewHooks()
	bad := errors.New("bad")
	events.Before(hooks, "fails", func(context.Context, events.Event) error { return bad })
	e := first[*events.AgentConnected](t)
	err := hooks.RunBefore(t.Context(), "fails", e)
	require.ErrorIs(t, err, bad)
	var failed *events.HookError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, events.HookError{Hook: "fails", Timing: events.TimingBefore, EventID: e.ID, EventType: e.Type, ConversationID: e.ConversationID, Err: bad}, *failed)
}

func TestAVetoIsNamedAndOnlyBeforeHooksHaveOne(t *testing.T) {
	hooks := events.NewHooks()
	events.Before(hooks, "screen", func(context.Context, events.Event) error { return fmt.Errorf("wrapped: %w", events.Veto("not ours")) })
	events.After(hooks, "late", func(context.Context, events.Event) error { return events.Veto("too late") })
	e := first[*events.ConversationCreated](t)
	var veto *events.VetoError
	require.ErrorAs(t, hooks.RunBefore(t.Context(), "screen", e), &veto)
	require.Equal(t, events.VetoError{Hook: "screen", Reason: "not ours"}, *veto)
	require.ErrorIs(t, hooks.RunAfter(t.Context(), "late", e), events.ErrVetoAfter)
}

func TestNamesAreRequiredAndUnique(t *testing.T) {
	hooks := events.NewHooks()
	nothing := func(context.Context, events.Event) error { return nil }
	require.Panics(t, func() { events.Before(hooks, "", nothing) })
	for _, name := range []string{"zero \x00", "\xff"} { // stores would keep another name
		require.Panics(t, func() { events.Before(hooks, name, nothing) })
		require.Panics(t, func() { events.After(hooks, name, nothing) })
	}
	require.Panics(t, func() { events.After[events.Event](hooks, "nil", nil) })
	remove := events.Before(hooks, "name", nothing)
	require.PanicsWithValue(t, `events: a hook named "name" is registered already; names are unique over all hooks`, func() { events.After(hooks, "name", nothing) })
	remove()
	remove()
	events.After(hooks, "name", nothing)
	require.Equal(t, []string{"name"}, hooks.AfterNames())
}

func TestARemovedHookDoesNotRun(t *testing.T) {
	hooks := events.NewHooks()
	remove := events.After(hooks, "gone", func(context.Context, events.Event) error { return nil })
	remove()
	require.ErrorIs(t, hooks.RunAfter(t.Context(), "gone", first[*events.ConversationCreated](t)), events.ErrNoHook)
}

func TestPanicAndGoexitAreTheFailureOfTheHook(t *testing.T) {
	cause := errors.New("cause")
	for name, c := range map[string]struct {
		do   func()
		want error
	}{
		"panic":             {func() { panic("text") }, events.ErrPanic},
		"panic of an error": {func() { panic(cause) }, cause},
		"nil pointer":       {func() { var p *int; *p = 1 }, events.ErrPanic},
		"goexit":            {runtime.Goexit, events.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			hooks := events.NewHooks()
			events.After(hooks, "bad", func(context.Context, events.Event) error { c.do(); return nil })
			err := hooks.RunAfter(t.Context(), "bad", first[*events.ConversationCreated](t))
			require.ErrorIs(t, err, c.want)
			var failed *events.HookError
			require.ErrorAs(t, err, &failed)
			require.Contains(t, failed.Stack, "hooks_test.go")
		})
	}
}

func TestAHookThatHeedsItsContextTimesOutWithoutBeingStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.After(hooks, "slow", func(ctx context.Context, _ events.Event) error { <-ctx.Done(); return ctx.Err() }, events.Timeout(time.Second))
		err := hooks.RunAfter(t.Context(), "slow", first[*events.ConversationCreated](t))
		require.ErrorIs(t, err, events.ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestAHookThatHangsIsGivenUpWithItsStackAndNotRunForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		var runs atomic.Int64
		release := make(chan struct{})
		events.After(hooks, "deaf", func(context.Context, events.Event) error { runs.Add(1); <-release; return nil }, events.Timeout(time.Second))
		e := first[*events.ConversationCreated](t)
		err := hooks.RunAfter(t.Context(), "deaf", e)
		require.ErrorIs(t, err, events.ErrTimeout)
		var failed *events.HookError
		require.ErrorAs(t, err, &failed)
		require.Contains(t, failed.Stack, "hooks_test.go", "where it hangs")
		for range 100 {
			err = hooks.RunAfter(t.Context(), "deaf", e)
		}
		require.ErrorIs(t, err, events.ErrStuck)
		require.Less(t, runs.Load(), int64(100), "hanging runs do not pile up")
		close(release)
		synctest.Wait()
		require.NoError(t, hooks.RunAfter(t.Context(), "deaf", e), "once they return it runs again")
	})
}

func TestEachHookThatHangsIsGivenUpWithItsOwnStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		release := make(chan struct{})
		events.After(hooks, "one", func(context.Context, events.Event) error { return hangsHere(release) }, events.Timeout(time.Second))
		events.After(hooks, "other", func(context.Context, events.Event) error { return hangsThere(release) }, events.Timeout(time.Second))
		e := first[*events.ConversationCreated](t)
		for _, c := range []struct{ hook, in string }{{"one", "hangsHere"}, {"other", "hangsThere"}, {"one", "hangsHere"}} {
			var failed *events.HookError
			require.ErrorAs(t, hooks.RunAfter(t.Context(), c.hook, e), &failed)
			require.Contains(t, failed.Stack, "events_test."+c.in)
		}
		close(release)
	})
}

//go:noinline
func hangsHere(until <-chan struct{}) error { <-until; return nil }

//go:noinline
func hangsThere(until <-chan struct{}) error { <-until; return nil }

func TestFilters(t *testing.T) {
	connected := first[*events.AgentConnected](t)
	created := first[*events.ConversationCreated](t)
	transferred := first[*events.AgentTransferred](t)
	for name, c := range map[string]struct {
		filter events.Filter
		event  events.Event
		want   bool
	}{
		"purpose of a leg":            {events.ByPurpose(conversation.PurposeAgent), connected, true},
		"other purpose":               {events.ByPurpose(conversation.PurposeUser), connected, false},
		"purpose in the conversation": {events.ByPurpose(conversation.PurposeIVR), created, true},
		"medium":                      {events.ByMedia(conversation.MediaVoice, conversation.MediaChat), connected, true},
		"other medium":                {events.ByMedia(conversation.MediaEmail), connected, false},
		"queue of the leg":            {events.ByQueue("q-1"), connected, true},
		"queue of another leg":        {events.ByQueue("q-2"), connected, false},
		"queue of the conversation":   {events.ByQueue("q-2"), created, true},
		"queue that was left":         {events.ByQueue("q-1"), transferred, true},
		"queue nobody went through":   {events.ByQueue("q-9"), created, false},
	} {
		t.Run(name, func(t *testing.T) {
			hooks := events.NewHooks()
			events.After(hooks, "filtered", func(context.Context, events.Event) error { return nil }, events.When(c.filter))
			require.Equal(t, c.want, len(hooks.AfterHooks(c.event)) == 1)
		})
	}
}

func TestAFilterThatPanicsIsReportedByTheRun(t *testing.T) {
	hooks := events.NewHooks()
	events.After(hooks, "bad filter", func(context.Context, events.Event) error { return nil }, events.When(func(events.Event) bool { panic("bad") }))
	e := first[*events.ConversationCreated](t)
	require.Equal(t, []string{"bad filter"}, hooks.AfterHooks(e))
	require.ErrorIs(t, hooks.RunAfter(t.Context(), "bad filter", e), events.ErrPanic)
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	wait := events.Exponential(time.Second, 10*time.Second)
	var waits []time.Duration
	for attempt := 1; attempt <= 6; attempt++ {
		waits = append(waits, wait(attempt))
	}
	require.Equal(t, []time.Duration{1e9, 2e9, 4e9, 8e9, 10e9, 10e9}, waits)
	require.Equal(t, 10*time.Second, wait(1<<30))
}

func TestEventsSurviveTheirEncoding(t *testing.T) {
	for _, e := range storyEvents(t) {
		data, err := events.Encode(e)
		require.NoError(t, err)
		h := *e.Head()
		again, err := events.Decode(events.Header{ID: h.ID, Type: h.Type, Time: h.Time, ConversationID: h.ConversationID, Conversation: h.Conversation}, data)
		require.NoError(t, err)
		require.Equal(t, h.Rule, again.Head().Rule)
		now, err := events.Encode(again)
		require.NoError(t, err)
		require.Equal(t, string(data), string(now))
		require.IsType(t, e, again)
		require.IsType(t, e, events.Copy(e))
		require.NotSame(t, e, events.Copy(e))
	}
	_, err := events.Decode(events.Header{Type: "tea.served", ID: "x"}, []byte("{}"))
	require.ErrorContains(t, err, "not an event type of this version")
	_, err = events.Decode(events.Header{Type: events.TypeAgentConnected}, []byte("{"))
	require.Error(t, err)
}

// rude is an error whose methods panic.
type rude struct{ nothing *int }

func (r rude) Error() string { return fmt.Sprint(*r.nothing) }

// careless has a method that needs a value.
type careless struct{ code int }

func (c *careless) Error() string { return fmt.Sprint(c.code) }

func TestAnErrorThatPanicsWhenItIsAskedIsAFailureOfItsHookAlone(t *testing.T) {
	for name, c := range map[string]struct{ returned, failure error }{
		"a nil pointer":   {(*careless)(nil), events.ErrNilError},
		"Error panics":    {rude{}, events.ErrPanic},
		"a nil VetoError": {(*events.VetoError)(nil), events.ErrNilError},
	} {
		t.Run(name, func(t *testing.T) {
			hooks := events.NewHooks()
			events.Before(hooks, "before", func(context.Context, events.Event) error { return c.returned })
			events.After(hooks, "after", func(context.Context, events.Event) error { return c.returned })
			e := first[*events.AgentConnected](t)
			for _, err := range []error{hooks.RunBefore(t.Context(), "before", e), hooks.RunAfter(t.Context(), "after", e)} {
				require.ErrorIs(t, err, c.failure)
				require.NotEmpty(t, err.Error())
			}
		})
	}
}

func TestAHookOnEveryEventTakesChangesOnlyWhenItAsksForThem(t *testing.T) {
	none := func(context.Context, events.Event) error { return nil }
	for name, test := range map[string]struct {
		register func(*events.Hooks)
		takes    bool
	}{
		"every event": {func(h *events.Hooks) { events.After(h, "h", none) }, false},
		"by its type": {func(h *events.Hooks) {
			events.After(h, "h", func(context.Context, *events.ConversationChanged) error { return nil })
		}, true},
		"named among the types": {func(h *events.Hooks) { events.After(h, "h", none, events.OfTypes(events.TypeConversationChanged)) }, true},
		"named others":          {func(h *events.Hooks) { events.After(h, "h", none, events.OfTypes(events.TypeAgentLeft)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			hooks := events.NewHooks()
			test.register(hooks)
			require.Equal(t, test.takes, hooks.Wants().Has(events.TypeConversationChanged))
		})
	}
}

func TestOfTypesNarrowsWhatAHookTakes(t *testing.T) {
	hooks := events.NewHooks()
	events.After(hooks, "h", func(context.Context, events.Event) error { return nil }, events.OfTypes(events.TypeAgentLeft, events.TypeAgentConnected))
	require.Equal(t, events.TypesOf(events.TypeAgentLeft, events.TypeAgentConnected), hooks.Wants().Types)
	require.Empty(t, hooks.AfterHooks(&events.ConversationCreated{Header: events.Header{Type: events.TypeConversationCreated}}))
	require.Equal(t, []string{"h"}, hooks.AfterHooks(&events.AgentLeft{Header: events.Header{Type: events.TypeAgentLeft}}))
}

func TestAFilterLooksAtTheLegWhereverARecordGathersIt(t *testing.T) {
	for _, s := range genesystest.Scenarios() {
		if s.Name != "six sessions of one agent" {
			continue
		}
		for form, messages := range map[string][][]byte{"snapshots": s.Story().Snapshots(), "records": s.Story().Records()} {
			var c *conversation.Conversation
			for _, said := range decode(t, messages) {
				c = conversation.Merge(c, said)
			}
			n, all := 0, 0
			for _, e := range events.Derive(c) {
				if is, ok := e.(*events.AgentConnected); ok {
					all++
					if events.ByQueue("q-1")(is) {
						n++
					}
				}
			}
			require.Equal(t, 6, all, form)
			require.Equal(t, 1, n, form)
		}
	}
}

// TestALegThatCameThroughNoQueueHasNotTheOneOfAnEarlierVisit: A answers from q-1, hands it to B,
// who hands it straight back to A, and a record gathers both legs of A in one participant.
func TestALegThatCameThroughNoQueueHasNotTheOneOfAnEarlierVisit(t *testing.T) {
	for _, s := range genesystest.Scenarios() {
		if s.Name != "two agents hand it to each other and back" {
			continue
		}
		story := s.Story()
		story.GroupAgents = true
		for form, messages := range map[string][][]byte{
			"snapshots": story.Snapshots(), "records": story.Records(), "both": slices.Concat(story.Snapshots(), story.Records()),
		} {
			var c *conversation.Conversation
			for _, said := range decode(t, messages) {
				c = conversation.Merge(c, said)
			}
			var queues []string
			through := 0
			for _, e := range events.Derive(c) {
				if is, ok := e.(*events.AgentConnected); ok && is.UserID == "user-a" {
					queues = append(queues, is.QueueID)
					if events.ByQueue("q-1")(is) {
						through++
					}
				}
			}
			require.Equal(t, []string{"q-1", ""}, queues, form)
			require.Equal(t, 1, through, form)
		}
	}
}

func TestACopyHasAttributesOfItsOwn(t *testing.T) {
	e := first[*events.AgentConnected](t)
	e.SetAttribute("before", "yes")
	one, other := events.Copy(e), events.Copy(e)
	one.Head().SetAttribute("after", "yes")
	require.Equal(t, map[string]string{"before": "yes"}, other.Head().Attributes())
	require.Equal(t, map[string]string{"before": "yes"}, e.Attributes())
}

func TestWhatAHookDoesNotTakeAnyMoreIsNoFailureOfIt(t *testing.T) {
	e := first[*events.AgentConnected](t)
	for name, register := range map[string]func(*events.Hooks){
		"another type": func(h *events.Hooks) {
			events.After(h, "h", func(context.Context, *events.AgentLeft) error { t.Error("it runs"); return nil })
		},
		"fewer types": func(h *events.Hooks) {
			events.After(h, "h", func(context.Context, events.Event) error { t.Error("it runs"); return nil }, events.OfTypes(events.TypeAgentLeft))
		},
	} {
		hooks := events.NewHooks()
		register(hooks)
		require.NoError(t, hooks.RunAfter(t.Context(), "h", e), name)
	}
}

func TestOfTypesAddsUp(t *testing.T) {
	hooks := events.NewHooks()
	events.After(hooks, "h", func(context.Context, events.Event) error { return nil }, events.OfTypes(events.TypeAgentLeft), events.OfTypes(events.TypeAgentConnected))
	require.Equal(t, events.TypesOf(events.TypeAgentLeft, events.TypeAgentConnected), hooks.Wants().Types)
}

func TestAHookCanTakeWhatItsFunctionAndItsTypesSay(t *testing.T) {
	type data struct{ A int }
	hooks := events.NewHooks()
	events.Define(hooks, "known", func(*conversation.Conversation) []events.Fact[data] { return nil })
	idle[events.Event](hooks, "all")
	idle[*events.AgentConnected](hooks, "connected")
	idle[*events.Custom[data]](hooks, "own")
	idle[*events.Custom[string]](hooks, "other")
	idle[events.Event](hooks, "one", events.OfTypes("unknown", events.TypeAgentLeft))
	for of, want := range map[events.Type]string{
		events.TypeAgentConnected: "all connected",
		events.TypeAgentLeft:      "all one",
		"known":                   "all own",
		"unknown":                 "all own other one",
		"also unknown":            "all own other",
	} {
		var can []string
		for _, name := range hooks.Names() {
			if hooks.CanTake(name, of) {
				can = append(can, name)
			}
		}
		require.Equal(t, want, strings.Join(can, " "), of)
	}
	require.True(t, hooks.CanTake("removed", events.TypeAgentLeft), "nobody knows")
}

// idle registers an After hook that does nothing.
func idle[E events.Event](hooks *events.Hooks, name string, opts ...events.Option) {
	events.After(hooks, name, func(context.Context, E) error { return nil }, opts...)
}
