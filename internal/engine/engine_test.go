package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/membership"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errStopped = errors.New("stopped")
	errRunning = errors.New("running")
	errDown    = errors.New("down")
)

// database is a memory store that can fail or hang.
type database struct {
	store.Store
	release, commit, claim, value func(ctx context.Context) error // nil: it works
}

func (d *database) Release(ctx context.Context, owner string) error {
	if d.release != nil {
		if err := d.release(ctx); err != nil {
			return err
		}
	}
	return d.Store.Release(ctx, owner)
}

func (d *database) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if d.commit != nil {
		if err := d.commit(ctx); err != nil {
			return store.Committed{}, err
		}
	}
	return d.Store.Commit(ctx, b)
}

func (d *database) Claim(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	if d.claim != nil {
		if err := d.claim(ctx); err != nil {
			return nil, time.Time{}, err
		}
	}
	return d.Store.Claim(ctx, c)
}

func (d *database) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if d.value != nil {
		if err := d.value(ctx); err != nil {
			return nil, 0, err
		}
	}
	return d.Store.Value(ctx, name)
}

func newEngine(s store.Store, hooks *events.Hooks) *Engine {
	return New(Config{Store: s, Hooks: hooks, Log: slog.New(slog.DiscardHandler), Instance: "me",
		BatchSize: 10, Committers: 2, CacheSize: 100, MaxPending: 50, MaxDeliveries: 100, BeforeWorkers: 4, AfterTransactions: 4,
		BeforeAttempts: 3, StoreAttempts: 3, BeforeBackoff: events.Exponential(time.Millisecond, time.Second),
		Settling: change.Settling{Soon: time.Second, Late: time.Second}, Lease: 15 * time.Second, DrainTimeout: 10 * time.Second,
		Shares:  func() map[string]membership.Share { return nil },
		Stopped: errStopped, Running: errRunning})
}

func untilDone(ctx context.Context, _ context.CancelCauseFunc) error { <-ctx.Done(); return nil }

func said(id string) []*conversation.Conversation {
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	return []*conversation.Conversation{conversation.State(&conversation.Conversation{ID: id, Start: at}, conversation.Statement{By: conversation.SourceREST, At: at, Seen: at})}
}

// Whenever it is stopped, nobody who observes waits for ever, and what was
// answered with nil is stored.
func TestWhoeverObservesIsAnsweredWheneverTheEngineStops(t *testing.T) {
	for round := range 100 {
		s := memstore.New()
		e := newEngine(s, events.NewHooks())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx, nil, untilDone) }()
		var observers sync.WaitGroup
		for i := range 8 {
			observers.Go(func() {
				for n := range 30 {
					id := fmt.Sprintf("c-%d-%d", i, n%4)
					err := e.Hear(t.Context(), said(id))
					if err != nil && !errors.Is(err, errStopped) {
						t.Errorf("round %d: %v", round, err)
					}
					if records, _ := s.Load(t.Context(), id); err == nil && records[0].Version == 0 {
						t.Errorf("round %d: %s is not stored", round, id)
					}
				}
			})
		}
		time.Sleep(time.Duration(round*20) * time.Microsecond)
		stop()
		require.NoError(t, <-ended)
		observers.Wait()
		require.ErrorIs(t, e.Hear(t.Context(), said("late")), errStopped)
	}
}

func TestARunThatCannotBeginTellsThoseWhoWaitAndMayBeTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		s := &database{Store: memstore.New()}
		s.release = func(context.Context) error {
			time.Sleep(time.Second)
			if down {
				return errDown
			}
			return nil
		}
		e := newEngine(s, events.NewHooks())
		waiting := make(chan error, 1)
		go func() { waiting <- e.Hear(t.Context(), said("c")) }()
		synctest.Wait()
		require.ErrorIs(t, e.Run(t.Context(), nil, untilDone), errDown)
		require.ErrorIs(t, <-waiting, errDown)
		require.ErrorIs(t, e.Hear(t.Context(), said("c")), errDown, "until somebody calls Run again")

		down = false
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx, nil, untilDone) }()
		synctest.Wait()
		require.NoError(t, e.Hear(t.Context(), said("c")))
		require.ErrorIs(t, e.Run(t.Context(), nil, untilDone), errRunning)
		stop()
		require.NoError(t, <-ended)
		require.ErrorIs(t, e.Run(t.Context(), nil, untilDone), errRunning)
	})
}

func TestAStopReturnsInTimeAlthoughTheDatabaseHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		s := &database{Store: memstore.New()}
		wait := func(ctx context.Context) error {
			if hangs.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		s.commit, s.release = wait, wait
		hooks := events.NewHooks()
		events.After(hooks, "slow", func(ctx context.Context, _ events.Event) error { <-ctx.Done(); return ctx.Err() })
		e := newEngine(s, hooks)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx, nil, untilDone) }()
		synctest.Wait()
		require.NoError(t, e.Hear(t.Context(), said("c")))
		hangs.Store(true)
		waiting := make(chan error, 1)
		go func() { waiting <- e.Hear(t.Context(), said("d")) }()
		synctest.Wait()
		began := time.Now()
		stop()
		require.NoError(t, <-ended)
		require.LessOrEqual(t, time.Since(began), 10*time.Second)
		require.Error(t, <-waiting)
	})
}

// The drain timeout is all that a stop may take, whatever hangs, and however well it
// heeds its context.
func TestAStopTakesNoLongerThanTheDrainTimeoutWhateverHangs(t *testing.T) {
	for _, timeout := range []time.Duration{100 * time.Millisecond, time.Second, 3 * time.Second, 30 * time.Second} {
		for _, heeds := range []bool{true, false} {
			for _, what := range []string{"nothing", "commit", "release", "source", "hook", "all"} {
				t.Run(fmt.Sprintf("%s, %v, heeds its context %v", what, timeout, heeds), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { stopInTime(t, what, timeout, heeds) })
				})
			}
		}
	}
}

// A store that hangs, and does not heed its context, while Run begins or while what is
// due is delivered at the end of the sources, is left behind as in any other stop.
func TestAStopIsInTimeAlsoAtTheBeginningAndAtTheEndOfTheSources(t *testing.T) {
	for _, what := range []string{"release at the beginning", "value at the beginning", "claim", "value"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hangs atomic.Bool
				end := make(chan struct{})
				hang := func(of string) func(context.Context) error {
					return func(context.Context) error {
						if strings.HasPrefix(what, of) && (hangs.Load() || strings.HasSuffix(what, "beginning")) {
							<-end
						}
						return nil
					}
				}
				s := &database{Store: memstore.New(), release: hang("release"), claim: hang("claim"), value: hang("value")}
				e := newEngine(s, events.NewHooks())
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() {
					ended <- e.Run(ctx, nil, func(context.Context, context.CancelCauseFunc) error {
						time.Sleep(time.Minute)
						hangs.Store(true)
						return nil // they have ended by themselves
					})
				}()
				time.Sleep(2 * time.Minute)
				began := time.Now()
				stop()
				err := <-ended
				require.Equal(t, strings.HasSuffix(what, "beginning"), err != nil, "%v", err)
				require.LessOrEqual(t, time.Since(began), e.config.DrainTimeout)
				close(end)
			})
		})
	}
}

func stopInTime(t *testing.T, what string, timeout time.Duration, heeds bool) {
	var hangs atomic.Bool
	end := make(chan struct{})
	hang := func(of string) func(context.Context) error {
		return func(ctx context.Context) error {
			done := ctx.Done()
			if !heeds {
				done = nil
			}
			if hangs.Load() && (what == of || what == "all") {
				select {
				case <-done:
				case <-end:
				}
			}
			return nil
		}
	}
	s := &database{Store: memstore.New(), commit: hang("commit"), release: hang("release")}
	hooks := events.NewHooks()
	events.After(hooks, "hook", func(ctx context.Context, _ events.Event) error { return hang("hook")(ctx) })
	e := newEngine(s, hooks)
	e.config.DrainTimeout = timeout
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	source := hang("source")
	go func() {
		ended <- e.Run(ctx, nil, func(ctx context.Context, _ context.CancelCauseFunc) error {
			<-ctx.Done()
			return source(context.WithoutCancel(ctx)) // that says goodbye
		})
	}()
	synctest.Wait()
	hangs.Store(true)
	var hearing sync.WaitGroup
	hearing.Go(func() { _ = e.Hear(t.Context(), said("c")) }) // it is stored or not
	synctest.Wait()
	began := time.Now()
	stop()
	require.NoError(t, <-ended)
	took := time.Since(began)
	require.LessOrEqual(t, took, timeout)
	if what == "nothing" {
		require.Zero(t, took, "nothing is waited for in vain")
	}
	close(end)
	hearing.Wait()
}

func TestWhatTheDomainCannotWorkOutIsAnErrorOfThatConversationAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(memstore.New(), events.NewHooks())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx, nil, untilDone) }()
		broken := said("broken")
		broken[0].Participants = []*conversation.Participant{nil}
		require.ErrorContains(t, e.Hear(t.Context(), broken), "broken")
		require.NoError(t, e.Hear(t.Context(), said("c")))
		stop()
		require.NoError(t, <-ended)
	})
}
