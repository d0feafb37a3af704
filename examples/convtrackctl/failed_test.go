package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// item is a line of failed list -json.
type item struct{ ID, Kind, Hook, Type, ConversationID, Error string }

func failed(t *testing.T, store string, args ...string) (items []item) {
	t.Helper()
	for line := range strings.Lines(done(t, store, append([]string{"failed", "list", "-json"}, args...)...)) {
		var i item
		require.NoError(t, json.Unmarshal([]byte(line), &i))
		items = append(items, i)
	}
	return items
}

// broken are hooks of which one fails at answers of agents, as long as it is
// broken.
func broken() (c *convtrack.Config, repaired *atomic.Bool, delivered *atomic.Int64) {
	repaired, delivered = &atomic.Bool{}, &atomic.Int64{}
	hooks := events.NewHooks()
	events.After(hooks, "case-owner", func(context.Context, *events.AgentConnected) error {
		if !repaired.Load() {
			return errors.New("the desk is closed to " + hostile)
		}
		delivered.Add(1)
		return nil
	}, events.Attempts(1))
	return &convtrack.Config{Hooks: hooks}, repaired, delivered
}

func TestAFailedDeliveryIsListedRetriedAndDeliveredByARunningTracker(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		config, repaired, delivered := broken()
		config.Lease = 10 * time.Minute // by itself it would look so late
		id := hear(t, track(t, store, config), genesystest.BlindTransferToQueue())
		var items []item
		until(t, func() bool { items = failed(t, store); return len(items) == 1 })
		require.Equal(t, "case-owner", items[0].Hook)
		require.Equal(t, "agent.connected", items[0].Type)
		require.Equal(t, id, items[0].ConversationID)
		require.Equal(t, "delivery", items[0].Kind)
		require.Contains(t, items[0].Error, hostile, "JSON keeps what the error is")
		listed := done(t, store, "failed", "list")
		require.Contains(t, listed, items[0].ID)
		require.Contains(t, listed, "the desk is closed to Eve")
		requireHarmless(t, listed)
		requireHarmless(t, done(t, store, "failed", "list", "-json"))
		require.Contains(t, done(t, store, "open", id), "hook case-owner: failed, 1 failed try: the desk is closed to Eve")

		repaired.Store(true)
		require.Equal(t, "1 delivery tried again\n", done(t, store, "failed", "retry", items[0].ID))
		until(t, func() bool { return delivered.Load() == 2 }) // what waited behind it, too
		require.Empty(t, failed(t, store))
		again := call(t, store, "", "failed", "retry", items[0].ID)
		require.Equal(t, 1, again.code)
		require.Contains(t, again.stderr, "it was decided already")
	})
}

func TestManyAreSelectedAndSkippedOnceThatIsConfirmed(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		config, _, _ := broken()
		tracker := track(t, store, config)
		for _, id := range []string{"c-1", "c-2", "c-3"} {
			s := genesystest.NewStory(id)
			s.Customer("caller", 0)
			s.Agent("a", 1e9, "user-a", "q-1").Answer(2e9)
			hear(t, tracker, s)
		}
		until(t, func() bool { return len(failed(t, store)) == 3 })
		require.Empty(t, failed(t, store, "-hook", "another"))
		require.Empty(t, failed(t, store, "-type", "conversation.ended"))
		require.Empty(t, failed(t, store, "-kind", "change"))
		require.Empty(t, failed(t, store, "-before", "2001-01-01T00:00:00Z"))
		require.Len(t, failed(t, store, "-conversation", "c-2", "-type", "agent.connected", "-from", "2001-01-01T00:00:00Z"), 1)

		refused := call(t, store, "no\n", "failed", "skip", "-hook", "case-owner")
		require.Equal(t, 1, refused.code)
		require.Contains(t, refused.stderr, "3 deliveries will be given up.")
		require.Len(t, failed(t, store), 3)
		require.NotContains(t, refused.stderr, "decided on what failed")
		one := call(t, store, "", "failed", "skip", "-conversation", "c-2", "-who", "ticket 12")
		require.Equal(t, "1 delivery given up\n", one.stdout)
		require.Regexp(t, `time=\S+ level=INFO msg="decided on what failed" by="ticket 12" decision=skip items=1`, one.stderr)
		others := call(t, store, "", "failed", "skip", "-all", "-yes")
		require.Equal(t, "2 deliveries given up\n", others.stdout)
		require.Regexp(t, `by=\S+ decision=skip items=2`, others.stderr, "the user of the machine")
		require.Empty(t, failed(t, store))
		require.Contains(t, done(t, store, "open", "c-1"), "hook case-owner: skipped")
	})
}

func TestARefusedChangeIsListedAndLeftToTheProgramThatHasTheHooks(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		hooks := events.NewHooks()
		events.Before(hooks, "link-case", func(context.Context, *events.ConversationCreated) error { return errors.New("no such case") })
		id := hear(t, track(t, store, &convtrack.Config{Hooks: hooks, BeforeAttempts: 1}), genesystest.BlindTransferToQueue())
		items := failed(t, store)
		require.Len(t, items, 1)
		require.Equal(t, "change", items[0].Kind)
		require.Contains(t, done(t, store, "failed", "list"), "it is tried again by itself")
		for _, verb := range []string{"retry", "skip"} {
			r := call(t, store, "", "failed", verb, items[0].ID)
			require.Equal(t, 1, r.code)
			require.Contains(t, r.stderr, "1 refused change was not touched.")
			require.Contains(t, r.stderr, "Tracker.Retry and Tracker.Skip")
		}
		require.Len(t, failed(t, store), 1)
		unknown := call(t, store, "", "open", id)
		require.Equal(t, 1, unknown.code)
		require.Contains(t, unknown.stderr, "failed list")
	})
}

// TestAnEmptyValueOfAFlagThatSelectsIsRefusedAndSelectsNotEverything: it is that of a
// variable that is not set.
func TestAnEmptyValueOfAFlagThatSelectsIsRefusedAndSelectsNotEverything(t *testing.T) {
	onEachStore(t, func(t *testing.T, store string) {
		config, _, _ := broken()
		hear(t, track(t, store, config), genesystest.BlindTransferToQueue())
		until(t, func() bool { return len(failed(t, store)) == 1 })
		for _, flag := range []string{"-conversation", "-type", "-kind"} {
			r := call(t, store, "", "failed", "skip", "-yes", "-hook", "case-owner", flag, "")
			require.Equal(t, 2, r.code, flag)
			require.Contains(t, r.stderr, flag)
		}
		require.Equal(t, 2, call(t, store, "", "forget", "-yes", "").code)
		require.Len(t, failed(t, store), 1, "nothing was given up")
	})
}
