package convtrack_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/dryrun"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
)

// legs is an event of the host's own, with a rule that changes.
type legs struct {
	Count int `json:"count"`
}

func legCounting(hooks *events.Hooks, ran *journal, count func(*conversation.Conversation) []events.Fact[legs]) {
	events.Define(hooks, "legs.counted", count)
	events.After(hooks, "counted", func(context.Context, *events.Custom[legs]) error { ran.write("counted"); return nil })
}

func TestADryRunSaysWhatChangedRulesWouldAddDropAndChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.BlindTransferToQueue()
		time.Sleep(time.Until(s.Start.Add(24 * time.Hour)))
		hooks, ran := events.NewHooks(), &journal{}
		legCounting(hooks, ran, func(c *conversation.Conversation) []events.Fact[legs] {
			if c.Status != conversation.StatusEnded {
				return nil
			}
			return []events.Fact[legs]{{Key: "old", Time: c.Start}, {Key: "same", Time: c.Start, Data: legs{1}}}
		})
		r := start(t, hooks)
		r.tell(s.Snapshots()...)
		require.NoError(t, r.Settle(t.Context()))
		time.Sleep(time.Minute)
		before, err := r.Events(t.Context(), s.ID)
		require.NoError(t, err)
		for _, d := range differences(t, r.store, hooks) { // the user of a participant was not known yet, for example
			require.Empty(t, d.Added)
			require.Empty(t, d.Dropped)
			require.Empty(t, counted(d.Changed))
		}

		now, ranNow := events.NewHooks(), &journal{}
		legCounting(now, ranNow, func(c *conversation.Conversation) []events.Fact[legs] {
			return []events.Fact[legs]{{Key: "new", Time: c.Start}, {Key: "same", Time: c.Start, Data: legs{2}}, {Key: "ahead", Time: time.Now().Add(time.Hour)}}
		})
		all := differences(t, r.store, now)
		require.Len(t, all, 1)
		d := all[0]
		require.Equal(t, s.ID, d.ConversationID)
		require.Len(t, d.Added, 1)
		require.Equal(t, []string{"counted"}, d.Added[0].After)
		require.Empty(t, d.Added[0].Before)
		require.Len(t, d.Dropped, 1)
		require.Equal(t, "legs.counted", d.Dropped[0].Type)
		require.Len(t, counted(d.Changed), 1)
		require.Equal(t, []string{"data"}, counted(d.Changed)[0].Fields)

		after, err := r.Events(t.Context(), s.ID)
		require.NoError(t, err)
		require.Equal(t, before, after, "nothing is written")
		require.Empty(t, ranNow.read(), "no hook has run")
	})
}

func TestADryRunNamesADefinitionThatFailsInPlaceOfDroppingItsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := genesystest.BlindTransferToQueue()
		time.Sleep(time.Until(s.Start.Add(24 * time.Hour)))
		hooks := events.NewHooks()
		legCounting(hooks, &journal{}, func(c *conversation.Conversation) []events.Fact[legs] { return []events.Fact[legs]{{Time: c.Start}} })
		r := start(t, hooks)
		r.tell(s.Snapshots()...)
		require.NoError(t, r.Settle(t.Context()))
		broken := events.NewHooks()
		legCounting(broken, &journal{}, func(*conversation.Conversation) []events.Fact[legs] { panic("broken") })
		all := differences(t, r.store, broken)
		require.Len(t, all, 1)
		require.ErrorContains(t, all[0].Failed["legs.counted"], "it panicked")
		require.Empty(t, all[0].Dropped)
	})
}

// With the same rules there is nothing to add and nothing to drop, whatever has
// happened, over every channel.
func TestADryRunWithTheSameRulesAddsAndDropsNothing(t *testing.T) {
	for _, scenario := range genesystest.Scenarios() {
		synctest.Test(t, func(t *testing.T) {
			s := scenario.Story()
			time.Sleep(time.Until(s.Start.Add(24 * time.Hour)))
			hooks := events.NewHooks()
			journalHook(hooks, "all")
			r := start(t, hooks)
			r.tell(s.Details()...)
			r.tell(s.Records()...)
			require.NoError(t, r.Settle(t.Context()))
			for _, d := range differences(t, r.store, hooks) {
				require.Empty(t, d.Added, scenario.Name)
				require.Empty(t, d.Dropped, scenario.Name)
			}
		})
	}
}

func differences(t *testing.T, s store.Store, hooks *events.Hooks) (all []dryrun.Difference) {
	t.Helper()
	for d, err := range dryrun.Compare(t.Context(), s, hooks, store.Query{Limit: 1}) {
		require.NoError(t, err)
		if !d.Empty() {
			all = append(all, d)
		}
	}
	return all
}

func counted(all []dryrun.Alteration) (of []dryrun.Alteration) {
	for _, a := range all {
		if a.Logged.Type == "legs.counted" {
			of = append(of, a)
		}
	}
	return of
}

// goesOn is a store in which something happens before the first log is read.
type goesOn struct {
	store.Store
	meanwhile func()
}

func (s *goesOn) Events(ctx context.Context, id string) ([]store.LoggedEvent, error) {
	if do := s.meanwhile; do != nil {
		s.meanwhile = nil
		do()
	}
	return s.Store.Events(ctx, id)
}

func TestADryRunBesideATrackerDropsNothingThatWasAnnouncedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, hooks := genesystest.BlindTransferToQueue(), events.NewHooks()
		journalHook(hooks, "all")
		r := start(t, hooks)
		r.tell(s.Snapshots()[:3]...)
		synctest.Wait()
		for _, d := range differences(t, &goesOn{r.store, func() { r.tell(s.Snapshots()[3:]...) }}, hooks) {
			require.Empty(t, d.Dropped)
		}
	})
}
