package convtrack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

// codes are errors as drivers give them.
type sqlState string

func (s sqlState) Error() string    { return "ERROR: " + string(s) }
func (s sqlState) SQLState() string { return string(s) }

type sqliteCode int

func (c sqliteCode) Error() string { return fmt.Sprint("sqlite: ", int(c)) }
func (c sqliteCode) Code() int     { return int(c) }

// A database that is full, read-only, slow or lost is said within five seconds by
// whoever asks once a second, and so is that it is over.
func TestHealthSaysWhatIsWrongWithTheDatabaseWithinFiveSecondsAndWhenItIsOver(t *testing.T) {
	for name, x := range map[string]struct {
		fault storetest.Fault
		want  string
	}{
		"PostgreSQL, disk full":    {storetest.Fault{Err: fmt.Errorf("commit: %w", sqlState("53100"))}, "full"},
		"SQLite, disk full":        {storetest.Fault{Err: fmt.Errorf("commit: %w", sqliteCode(13))}, "full"},
		"PostgreSQL, read-only":    {storetest.Fault{Err: fmt.Errorf("commit: %w", sqlState("25006"))}, "readOnly"},
		"SQLite, read-only":        {storetest.Fault{Err: fmt.Errorf("commit: %w", sqliteCode(8|3<<8))}, "readOnly"},
		"lost":                     {storetest.Fault{Err: errors.New("connection refused")}, "lost"},
		"PostgreSQL, shuts down":   {storetest.Fault{Err: fmt.Errorf("commit: %w", sqlState("57P01"))}, "lost"},
		"slow":                     {storetest.Fault{Slow: 1500 * time.Millisecond}, "slow"},
		"hangs":                    {storetest.Fault{Hangs: true}, "slow"},
		"PostgreSQL, gives up":     {storetest.Fault{Err: sqlState("57014")}, "slow"},
		"SQLite, locked by others": {storetest.Fault{Err: sqliteCode(5)}, "slow"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				const before, during = 3, 4
				x.fault.Method, x.fault.Nth, x.fault.Times = "SetValue", before+1, during
				tracker, err := convtrack.New(storetest.Faulty(memstore.New(), x.fault), &convtrack.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				require.NoError(t, err)
				for range before {
					h := tracker.Health(t.Context())
					require.Empty(t, h.Store.Trouble)
					require.Empty(t, h.Problems)
				}
				began := time.Now()
				for range during {
					asked := time.Now()
					h := tracker.Health(t.Context())
					require.LessOrEqual(t, time.Since(asked), 5*time.Second)
					require.Equal(t, x.want, h.Store.Trouble)
					require.True(t, h.Store.TroubleSince.Equal(began), "since %s", h.Store.TroubleSince)
					require.Contains(t, h.Problems[0], "the store is "+x.want+" since")
					time.Sleep(time.Second)
				}
				h := tracker.Health(t.Context())
				require.Empty(t, h.Store.Trouble)
				require.Zero(t, h.Store.TroubleSince)
				require.Empty(t, h.Problems)
				require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("does not take writes as it should")))
				require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("takes writes again")))
			})
		})
	}
}

// reporting is a source that says how it does.
type reporting struct {
	name string
	says conversation.SourceHealth
	run  func(ctx context.Context, sink conversation.Sink) error
}

func (s *reporting) String() string                    { return s.name }
func (s *reporting) Health() conversation.SourceHealth { return s.says }
func (s *reporting) Run(ctx context.Context, sink conversation.Sink) error {
	return s.run(ctx, sink)
}

func TestHealthSaysSinceWhenEachSourceHearsOrIsBlindAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gaps := make(chan conversation.Gap)
		s := &reporting{name: "socket", says: conversation.SourceHealth{Wanted: 3, Heard: 2,
			Refused: []conversation.RefusedTopic{{Topic: "v2.users.u.conversations", MissingPermissions: []string{"conversation:communication:view"}}}}}
		s.run = func(ctx context.Context, sink conversation.Sink) error {
			for {
				select {
				case g := <-gaps:
					if err := sink(ctx, conversation.Update{Gap: &g}); err != nil {
						return err
					}
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		}
		tracker, stop := runWith(t, memstore.New(), nil, s)
		defer func() { require.NoError(t, stop()) }()
		is := func() convtrack.SourceHealth { return tracker.Health(t.Context()).Sources["socket"] }
		require.Equal(t, s.says, is().SourceHealth)
		from := time.Now().Add(-time.Minute)
		gaps <- conversation.Gap{Source: "socket", From: from, Reason: "the socket is silent"}
		synctest.Wait()
		require.Equal(t, from.UTC(), is().BlindSince)
		require.Equal(t, "the socket is silent", is().Reason)
		require.Zero(t, is().HeardSince)
		require.Contains(t, fmt.Sprint(tracker.Health(t.Context()).Problems), "the source socket is blind since")
		to := time.Now()
		gaps <- conversation.Gap{Source: "socket", From: from, To: to, Reason: "the socket was silent"}
		synctest.Wait()
		require.Equal(t, to.UTC(), is().HeardSince)
		require.Zero(t, is().BlindSince)
		text, err := json.Marshal(tracker.Health(t.Context()))
		require.NoError(t, err)
		for _, want := range []string{`"missingPermissions":["conversation:communication:view"]`, `"heardSince":`, `"latency":"0s"`, `"problems":["1 topics of the source socket are refused: grant conversation:communication:view"]`} {
			require.Contains(t, string(text), want)
		}
	})
}

// runWith runs a tracker with sources.
func runWith(t *testing.T, s store.Store, change func(*convtrack.Config), sources ...convtrack.Source) (tracker *convtrack.Tracker, stop func() error) {
	t.Helper()
	config := &convtrack.Config{Logger: quiet}
	if change != nil {
		change(config)
	}
	tracker, err := convtrack.New(s, config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx, sources...) }()
	synctest.Wait()
	return tracker, func() error { cancel(); return <-ended }
}

func TestWhatASourceLookedAfterThatHasFailedForGoodAnotherProcessTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		until := func(ctx context.Context, _ conversation.Sink) error { <-ctx.Done(); return context.Cause(ctx) }
		fail := make(chan struct{})
		_, stopFirst := runWith(t, s, func(c *convtrack.Config) {
			c.OnSourceFailed = func(*convtrack.SourceError) bool { return true }
		}, &reporting{name: "polling", run: func(context.Context, conversation.Sink) error { <-fail; return forbidden }}, &reporting{name: "socket", run: until})
		second, stopSecond := runWith(t, s, nil, &reporting{name: "polling", run: until}, &reporting{name: "socket", run: until})
		mine := func(source string) (n int) {
			for i := range 100 {
				if second.Mine(source, fmt.Sprint(i)) {
					n++
				}
			}
			return n
		}
		time.Sleep(time.Minute)
		require.Less(t, mine("polling"), 100, "they share the work")
		close(fail)
		time.Sleep(time.Minute)
		require.Equal(t, 100, mine("polling"))
		require.Less(t, mine("socket"), 100, "that source still runs in both")
		require.Less(t, mine(""), 100, "conversations as well")
		require.NoError(t, stopFirst())
		require.NoError(t, stopSecond())
	})
}

func TestHealthCountsWhatFailedAndWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.After(hooks, "broken", func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(1))
		r := start(t, hooks)
		for i := range 5 {
			r.tell(genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i))).Snapshots()[0])
		}
		time.Sleep(time.Minute)
		h := r.Health(t.Context())
		require.Len(t, h.Failed, 1)
		require.Equal(t, "broken", h.Failed[0].Hook)
		require.Equal(t, store.FailedDelivery, h.Failed[0].Kind)
		require.Equal(t, 5, h.Failed[0].N)
		require.Equal(t, convtrack.DeliveryHealth{Unfinished: 5, Counted: true}, h.Deliveries["broken"], "none is due: somebody has to decide")
		require.Len(t, h.Processes, 1)
		require.Equal(t, r.Instance(), h.Processes[0].Name)
		require.Contains(t, fmt.Sprint(h.Problems), "5 of the hook broken have failed")
	})
}

func TestThatOneHookFailsOftenDoesNotHideThatAnotherDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.After(hooks, "often", func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(1))
		var last atomic.Value
		events.After(hooks, "once", func(_ context.Context, e *events.ConversationCreated) error {
			if e.ConversationID == last.Load() {
				return errDead
			}
			return nil
		}, events.Attempts(1))
		r := start(t, hooks)
		for i := range store.MostLimit + 2 {
			snapshot := genesystest.BlindTransferToQueue().Fresh(seeded(uint64(i)))
			if i == store.MostLimit+1 {
				time.Sleep(time.Minute)
				last.Store(snapshot.ID)
			}
			r.tell(snapshot.Snapshots()[0])
		}
		time.Sleep(time.Minute)
		h := r.Health(t.Context())
		require.Len(t, h.Failed, 2)
		require.Equal(t, "often", h.Failed[0].Hook)
		require.Equal(t, store.MostLimit, h.Failed[0].N)
		require.False(t, h.Failed[0].Counted)
		require.Equal(t, "once", h.Failed[1].Hook)
		require.Equal(t, 1, h.Failed[1].N)
		require.True(t, h.Failed[1].Counted)
		require.Contains(t, fmt.Sprint(h.Problems), "1000 or more of the hook often have failed")
	})
}

func TestHealthSaysSinceWhenFactsWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Faulty(memstore.New(), storetest.Fault{Method: "Commit", Hangs: true, Times: 1})
		r := startOn(t, s, nil)
		synctest.Wait()
		began := time.Now()
		go func() {
			_ = r.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])})
		}()
		time.Sleep(20 * time.Second)
		h := r.Health(t.Context())
		require.Equal(t, 1, h.Facts)
		require.Equal(t, began.UTC(), h.FactsSince)
		require.Contains(t, fmt.Sprint(h.Problems), "facts wait to be stored since")
		time.Sleep(time.Minute)
		h = r.Health(t.Context())
		require.Zero(t, h.Facts)
		require.Zero(t, h.FactsSince)
	})
}

// forbidden is how a source fails whose OAuth client lacks a permission.
var forbidden = &genesys.APIError{Status: http.StatusForbidden, MissingPermissions: []string{"analytics:conversationDetail:view"}}

func TestTheHostDecidesWhetherTheOthersGoOnWhenASourceFailsForGood(t *testing.T) {
	until := func(ctx context.Context, _ conversation.Sink) error { <-ctx.Done(); return context.Cause(ctx) }
	fails := func(after time.Duration) func(context.Context, conversation.Sink) error {
		return func(context.Context, conversation.Sink) error { time.Sleep(after); return forbidden }
	}
	for name, x := range map[string]struct {
		decide func(*convtrack.SourceError) bool
		second func(context.Context, conversation.Sink) error
		goesOn bool

		problem string
	}{
		"by default it stops":              {nil, until, false, ""},
		"it stops when the host says so":   {func(*convtrack.SourceError) bool { return false }, until, false, ""},
		"it stops when the host panics":    {func(*convtrack.SourceError) bool { panic("oh") }, until, false, ""},
		"it goes on":                       {func(*convtrack.SourceError) bool { return true }, until, true, "the source polling has failed for good"},
		"it stops when all sources failed": {func(*convtrack.SourceError) bool { return true }, fails(time.Minute), false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var gaps []conversation.Gap
				var told *convtrack.SourceError
				first := &reporting{name: "polling", run: fails(time.Second)}
				second := &reporting{name: "socket", run: x.second}
				tracker, stop := runWith(t, memstore.New(), func(c *convtrack.Config) {
					c.OnGap = func(g conversation.Gap) { gaps = append(gaps, g) }
					if x.decide != nil {
						c.OnSourceFailed = func(err *convtrack.SourceError) bool { told = err; return x.decide(err) }
					}
				}, first, second)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				h := tracker.Health(t.Context())
				require.Contains(t, h.Sources["polling"].Failed, "analytics:conversationDetail:view", "the permission that is missing is named")
				if x.decide != nil {
					require.NotNil(t, told)
				}
				if x.goesOn {
					require.Equal(t, "polling", gaps[0].Source)
					require.Contains(t, fmt.Sprint(h.Problems), x.problem)
					require.NoError(t, tracker.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])}))
					require.NoError(t, stop(), "its host has stopped it")
					return
				}
				err := stop()
				var failed *convtrack.SourceError
				require.ErrorAs(t, err, &failed)
				require.ErrorContains(t, err, "analytics:conversationDetail:view")
			})
		})
	}
}

func TestWhoGoesAwayWhileHealthLooksMakesNoTroubleOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := storetest.Faulty(memstore.New(), storetest.Fault{Method: "SetValue", Slow: 500 * time.Millisecond, Times: 1})
		tracker, err := convtrack.New(s, &convtrack.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		ctx, goesAway := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, goesAway)
		require.Empty(t, tracker.Health(ctx).Store.Trouble)
		require.Empty(t, log.String())
	})
}

func TestHealthSaysSinceWhenAChangeIsRefusedHoweverOftenItWasTriedSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		events.Before(hooks, "screen", func(context.Context, *events.ConversationCreated) error { return errDead })
		r := start(t, hooks)
		began := time.Now()
		r.tell(genesystest.BlindTransferToQueue().Snapshots()[0])
		time.Sleep(6 * time.Hour)
		h := r.Health(t.Context())
		require.Len(t, h.Failed, 1)
		require.WithinDuration(t, began, h.Failed[0].Oldest, time.Minute)
	})
}
