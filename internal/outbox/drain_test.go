package outbox

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

const (
	patience = 10 * time.Second
	left     = "deliveries that are due may be left"
)

// drained drains an outbox of which the store has a delivery that nobody has
// claimed, and returns how long that took.
func drained(t *testing.T, broken func(*breakable)) (*rig, *journal, time.Duration) {
	hooks := events.NewHooks()
	j := hook(hooks, "h", nil)
	r := newRig(t, hooks, 100)
	r.stopClaiming()
	r.backlog["c"] = map[string]bool{"h": true}
	require.NoError(t, r.announce("c"))
	r.store.set(func() { broken(r.store) })
	began := time.Now()
	r.Drain(t.Context(), t.Context(), patience, true)
	return r, j, time.Since(began)
}

func TestDrainingAsksAgainWhenTheStoreFailsForAMoment(t *testing.T) {
	for what, broken := range map[string]func(*breakable, func() error){
		"claim":  func(b *breakable, fail func() error) { b.leases = fail },
		"record": func(b *breakable, fail func() error) { b.before = func(store.Batch) error { return fail() } },
		"load":   func(b *breakable, fail func() error) { b.load = fail },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failures := 0
				r, j, took := drained(t, func(b *breakable) {
					broken(b, func() error {
						if failures++; failures <= 2 {
							return errLost
						}
						return nil
					})
				})
				require.Equal(t, []string{"c.1"}, j.read())
				require.Empty(t, r.unfinished("c"))
				require.Greater(t, failures, 2)
				require.Less(t, took, patience)
				require.Zero(t, r.log.about(left))
			})
		})
	}
}

func TestDrainingDeliversWhatIsHeldWithoutBeingKnownAsAnAnswerWasLost(t *testing.T) {
	for _, times := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(times, " times"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lost := 0
				r, j, took := drained(t, func(b *breakable) {
					b.claim = func() error {
						if lost++; lost <= times {
							return errLost
						}
						return nil
					}
				})
				require.Equal(t, []string{"c.1"}, j.read())
				require.Empty(t, r.unfinished("c"))
				require.Less(t, took, patience)
				require.Zero(t, r.log.about(left))
			})
		})
	}
}

func TestDrainingEndsAndSaysWhatIsLeftWhenTheStoreDoesNotAnswer(t *testing.T) {
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for what, broken := range map[string]func(*breakable, context.Context){
		"a claim fails":  func(b *breakable, _ context.Context) { b.leases = func() error { return errLost } },
		"a claim hangs":  func(b *breakable, _ context.Context) { b.hangs = hang },
		"a load fails":   func(b *breakable, _ context.Context) { b.load = func() error { return errLost } },
		"a record fails": func(b *breakable, _ context.Context) { b.before = func(store.Batch) error { return errLost } },
		"a record hangs": func(b *breakable, end context.Context) { b.before = func(store.Batch) error { return hang(end) } },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end, release := context.WithCancel(t.Context())
				defer release()
				r, _, took := drained(t, func(b *breakable) { broken(b, end) })
				require.LessOrEqual(t, took, patience*3/2)
				require.Equal(t, 1, r.log.about(left))
				require.NotEmpty(t, r.unfinished("c"), "the store has it")
			})
		})
	}
}

func TestDrainingWaitsForAHookHoweverLongItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		j := hook(hooks, "h", func(context.Context, string) error { time.Sleep(5 * patience); return nil }, events.Timeout(time.Hour))
		r := newRig(t, hooks, 100)
		r.stopClaiming()
		require.NoError(t, r.announce("c"))
		r.Drain(t.Context(), t.Context(), patience, true)
		require.Equal(t, []string{"c.1"}, j.read())
		require.Empty(t, r.unfinished("c"))
		require.Zero(t, r.log.about(left))
	})
}

func TestWhoeverStopsDrainingKnowsThatSomethingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		hook(hooks, "h", func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }, events.Timeout(time.Hour))
		r := newRig(t, hooks, 100)
		r.stopClaiming()
		require.NoError(t, r.announce("c"))
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		r.Drain(ctx, t.Context(), patience, true)
		require.Zero(t, r.log.about(left))
	})
}

func TestDrainingThatIsGivenUpSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, events.NewHooks(), 100)
		r.stopClaiming()
		work, abort := context.WithCancel(t.Context())
		abort()
		r.Drain(t.Context(), work, patience, true)
		require.Equal(t, 1, r.log.about(left))
	})
}
