package convtrack_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// plain is a store that tells nothing but what every store must.
type plain struct{ store.Store }

func TestHealthSaysSinceWhenEachHookIsBehind(t *testing.T) {
	for name, made := range map[string]func() store.Store{
		"a store that knows": func() store.Store { return memstore.New() },
		"any store":          func() store.Store { return plain{memstore.New()} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				events.After(hooks, "hangs", func(ctx context.Context, _ *events.ConversationCreated) error { <-ctx.Done(); return nil }, events.Timeout(time.Hour))
				events.After(hooks, "fails", func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(100))
				events.After(hooks, "works", func(context.Context, *events.ConversationCreated) error { return nil })
				r := startOn(t, made(), hooks)
				began := time.Now()
				r.tell(genesystest.BlindTransferToQueue().Snapshots()[0])
				time.Sleep(10 * time.Minute)
				h := r.Health(t.Context())
				require.NotContains(t, h.Deliveries, "works")
				hangs := h.Deliveries["hangs"]
				require.Equal(t, 1, hangs.Unfinished)
				require.True(t, hangs.Counted)
				require.WithinDuration(t, began, hangs.DueSince, time.Second, "it is held, so the store cannot know")
				require.Contains(t, fmt.Sprint(h.Problems), "the hook hangs is behind: its oldest delivery is due since")
				require.Equal(t, 1, h.Deliveries["fails"].Unfinished)
				if name == "any store" {
					return
				}
				require.GreaterOrEqual(t, h.Deliveries["fails"].Attempts, 3)
				require.Contains(t, fmt.Sprint(h.Problems), "the hook fails fails: a delivery has failed")
			})
		})
	}
}

func TestHealthNamesTheHooksThatNoRunningProcessHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		before := events.NewHooks()
		for _, hook := range []string{"renamed", "elsewhere"} {
			events.After(before, hook, func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(100))
		}
		old, stopOld := runWith(t, s, func(c *convtrack.Config) { c.Hooks, c.Instance = before, "old" })
		require.NoError(t, old.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])}))
		synctest.Wait()
		require.False(t, old.Health(t.Context()).Deliveries["renamed"].Orphaned)
		require.NoError(t, stopOld())

		nobody, err := convtrack.New(s, &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		require.False(t, nobody.Health(t.Context()).Deliveries["renamed"].Orphaned, "where nothing runs it is not known what would")

		after := events.NewHooks()
		events.After(after, "elsewhere", func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(100))
		_, stopOther := runWith(t, s, func(c *convtrack.Config) { c.Hooks, c.Instance = after, "other" })
		tracker, stopThis := runWith(t, s, func(c *convtrack.Config) { c.Instance = "this" })
		h := tracker.Health(t.Context())
		require.True(t, h.Deliveries["renamed"].Orphaned)
		require.False(t, h.Deliveries["elsewhere"].Orphaned, "another process has it")
		require.Contains(t, fmt.Sprint(h.Problems), "1 deliveries wait for the hook renamed, which no running process has: register it again")
		require.NotContains(t, fmt.Sprint(h.Problems), "the hook elsewhere, which")
		require.True(t, nobody.Health(t.Context()).Deliveries["renamed"].Orphaned, "who does not run sees it, too")
		require.NoError(t, stopThis())
		require.NoError(t, stopOther())
	})
}

func TestHealthSaysWhatEachProcessHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		until := func(ctx context.Context, _ conversation.Sink) error { <-ctx.Done(); return context.Cause(ctx) }
		var stops []func() error
		var trackers []*convtrack.Tracker
		for i, name := range []string{"a", "b"} {
			hooks := events.NewHooks()
			events.After(hooks, "hangs", func(ctx context.Context, _ *events.ConversationCreated) error { <-ctx.Done(); return nil }, events.Timeout(time.Hour))
			socket := &reporting{name: "socket", run: until, says: conversation.SourceHealth{Heard: 10 + i, Followed: i, Leads: i == 1}}
			tracker, stop := runWith(t, s, func(c *convtrack.Config) { c.Instance, c.Hooks = name, hooks; c.DrainTimeout = time.Second }, socket)
			trackers, stops = append(trackers, tracker), append(stops, stop)
		}
		time.Sleep(10 * time.Second)
		for i := range 20 {
			require.NoError(t, trackers[0].Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i))).Snapshots()[0])}))
		}
		time.Sleep(10 * time.Second)
		for _, tracker := range trackers {
			is := tracker.Health(t.Context()).Processes
			require.Len(t, is, 2)
			require.Equal(t, "a", is[0].Name)
			require.Equal(t, "b", is[1].Name)
			require.Equal(t, 20, is[0].Deliveries+is[1].Deliveries)
			require.Positive(t, is[0].Deliveries)
			require.Positive(t, is[1].Deliveries)
			require.GreaterOrEqual(t, is[0].Conversations+is[1].Conversations, 20)
			require.Equal(t, map[string]convtrack.ProcessSource{"socket": {Heard: 10}}, is[0].Sources)
			require.Equal(t, map[string]convtrack.ProcessSource{"socket": {Heard: 11, Followed: 1, Leads: true}}, is[1].Sources)
			require.Equal(t, []string{"hangs"}, is[1].Hooks)
			require.WithinDuration(t, time.Now(), is[1].Seen, 10*time.Second)
		}
		for _, stop := range stops {
			require.NoError(t, stop())
		}
	})
}

// watched is something that says how it does and is no source.
type watched conversation.SourceHealth

func (w watched) Health() conversation.SourceHealth { return conversation.SourceHealth(w) }

// Each thing that a source can say is wrong is a sentence that says what to do.
func TestHealthSaysOfEachTroubleOfASourceWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		ago := func(d time.Duration) time.Time { return now.Add(-d).UTC() }
		for want, says := range map[string]conversation.SourceHealth{
			"blind since 1999-12-31T23:50:00Z: refused: grant sqs:ReceiveMessage": {BlindSince: ago(10 * time.Minute), Reason: "refused", MissingPermissions: []string{"sqs:ReceiveMessage"}},
			"1 topics of the source it are refused: grant a:b:c":                  {Wanted: 1, Refused: []conversation.RefusedTopic{{MissingPermissions: []string{"a:b:c"}}}},
			"3 topics of the source it are not heard, as its channels have no":    {Wanted: 5, Heard: 2, Left: 3},
			"may not read surveys: grant quality:survey:view":                     {RefusedReads: []conversation.RefusedRead{{Read: "surveys", MissingPermissions: []string{"quality:survey:view"}}}},
			"is behind: what began after 1999-12-31T23:00:00Z is not read yet":    {ReadUpTo: ago(time.Hour)},
			"what was missed since 1999-12-31T23:00:00Z is being read":            {RepairingSince: ago(time.Hour)},
			"makes no calls until 2000-01-01T00:01:00Z: 429; see which":           {API: &conversation.APIHealth{PausedUntil: ago(-time.Minute), PauseReason: "429"}},
			"came into the queue 1h0m0s ago, and it drops them at 2000-01-01":     {Queue: &conversation.QueueHealth{OldestSent: ago(time.Hour), DropsOldest: ago(-time.Hour)}},
			"2 could not be understood and 1 could not be stored, the last at":    {Queue: &conversation.QueueHealth{NotUnderstood: 2, NotStored: 1, LastRefused: ago(time.Minute)}},
		} {
			tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
			require.NoError(t, err)
			tracker.Watch("it", watched(says))
			problems := tracker.Health(t.Context()).Problems
			require.Len(t, problems, 1, want)
			require.Contains(t, problems[0], want)
		}
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Logger: quiet})
		require.NoError(t, err)
		tracker.Watch("it", watched{HeardSince: ago(time.Hour), Wanted: 2, Heard: 2, ReadUpTo: ago(time.Minute), Queue: &conversation.QueueHealth{OldestSent: ago(time.Second)},
			API: &conversation.APIHealth{}, Requests: &conversation.RequestHealth{Stored: 7}})
		h := tracker.Health(t.Context())
		require.Empty(t, h.Problems)
		require.Equal(t, int64(7), h.Sources["it"].Requests.Stored)
	})
}

func TestHealthSaysOnTheDayWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, stop := runWith(t, memstore.New(), nil, &reporting{name: "polling", run: func(ctx context.Context, _ conversation.Sink) error { <-ctx.Done(); return nil }})
		from := time.Now().Add(-48 * time.Hour)
		require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Gap: &conversation.Gap{Source: "polling", From: from, To: from.Add(time.Hour), Reason: "it is refused", Lost: true}}))
		h := tracker.Health(t.Context())
		require.Equal(t, int64(1), h.Sources["polling"].Losses)
		require.Equal(t, from.UTC(), h.Sources["polling"].Lost.From)
		require.Contains(t, fmt.Sprint(h.Problems), "could not read what happened from 1999-12-30T00:00:00Z to 1999-12-30T01:00:00Z: it is refused")
		time.Sleep(25 * time.Hour)
		require.Empty(t, tracker.Health(t.Context()).Problems)
		require.NoError(t, stop())
	})
}

// What cannot be read is said to be unknown, and what else can be read is told.
func TestHealthSaysWhatItCouldNotCount(t *testing.T) {
	for what, faults := range map[string][]storetest.Fault{
		"":                                    nil,
		"overdue":                             {{Method: "Due"}},
		"processes":                           {{Method: "Value", Nth: 2, Times: 1}}, // after the small value that is written
		"deliveries":                          {{Method: "Backlog"}},
		"failed":                              {{Method: "Failed"}},
		"deliveries failed":                   {{Method: "Backlog"}, {Method: "Failed"}},
		"overdue processes deliveries failed": {{Method: "SetValue"}},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memstore.New()
				_, stop := runWith(t, s, func(c *convtrack.Config) { c.Instance = "runs" })
				time.Sleep(time.Second)
				looks, err := convtrack.New(plain{storetest.Faulty(s, faults...)}, &convtrack.Config{Logger: quiet})
				require.NoError(t, err)
				h := looks.Health(t.Context())
				require.ElementsMatch(t, strings.Fields(what), h.Uncounted)
				require.Equal(t, what != "", len(h.Problems) > 0, h.Problems)
				if !slices.Contains(h.Uncounted, "processes") {
					require.Len(t, h.Processes, 1, "the others are told of")
				}
				require.NoError(t, stop())
			})
		})
	}
}
