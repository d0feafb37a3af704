package access

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

// slow is a store whose Load takes a while, and heeds its context.
type slow struct {
	store.Store
	load func(ctx context.Context) error
}

func (s *slow) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	return s.Store.Load(ctx, ids...)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestAStoreThatHangsIsGivenUpAfterTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(&slow{memstore.New(), func(ctx context.Context) error { return wait(ctx, time.Hour) }}, slog.New(slog.DiscardHandler))
		began := time.Now()
		_, err := s.Load(t.Context(), "c")
		var timeout *TimeoutError
		require.ErrorAs(t, err, &timeout)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, Limit, time.Since(began))
	})
}

func TestAStoreThatPanicsHasFailedAndTheLogSaysWhere(t *testing.T) {
	var out bytes.Buffer
	a := New(&slow{memstore.New(), func(context.Context) error { panic("no such row") }}, slog.New(slog.NewTextHandler(&out, nil)))
	for range 3 {
		_, err := a.Load(t.Context(), "c")
		require.ErrorContains(t, err, "the store panicked with a string")
	}
	require.Equal(t, 1, strings.Count(out.String(), "level=ERROR"), "once a minute")
	require.Contains(t, out.String(), "access_test.go")
}

func TestTheHostsCodeInsideACallIsNotTheStoresTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := func(ctx context.Context) error {
			for range 3 { // as the Before hooks of a change
				if err := wait(ctx, Limit/4); err != nil {
					return err
				}
				in, done := EnterHost(ctx)
				require.True(t, InHost(in))
				require.False(t, InHost(ctx))
				err := wait(in, 2*Limit)
				done()
				if err != nil {
					return err
				}
			}
			return nil
		}
		s := New(&slow{memstore.New(), host}, slog.New(slog.DiscardHandler))
		_, err := s.Load(t.Context(), "c")
		require.NoError(t, err, "the store took three quarters of the limit")

		s = New(&slow{memstore.New(), func(ctx context.Context) error {
			_, done := EnterHost(ctx)
			done()
			return wait(ctx, time.Hour)
		}}, slog.New(slog.DiscardHandler))
		_, err = s.Load(t.Context(), "c")
		var timeout *TimeoutError
		require.ErrorAs(t, err, &timeout, "after the host's code the limit goes on")
	})
}

func TestAnOutageIsSaidAtItsBeginningOnceAMinuteAndAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var down error
		s := New(&slow{memstore.New(), func(context.Context) error { return down }}, slog.New(slog.NewTextHandler(&out, nil)))
		load := func() {
			if _, err := s.Load(t.Context(), "c"); err != nil {
				s.Failed("loading", err)
			}
		}
		load()
		require.Empty(t, out.String())
		down = errors.New("connection refused")
		for range 350 {
			load()
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, 1, strings.Count(out.String(), "\n"), "35 s of outage are one line")
		time.Sleep(reminder)
		load()
		require.Equal(t, 2, strings.Count(out.String(), "\n"))
		require.Contains(t, out.String(), "still")
		down = nil
		load()
		load()
		require.Equal(t, 1, strings.Count(out.String(), "the store is back"))
		time.Sleep(reminder)
		down = errors.New("connection refused")
		load()
		require.Equal(t, 4, strings.Count(out.String(), "\n"), "the next one is another one")
	})
}

func TestOneKindOfCallThatFailsWhileOthersAreAnsweredIsSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := New(memstore.New(), slog.New(slog.NewTextHandler(&out, nil)))
		for range 60 {
			s.Failed("giving a sign of life", errors.New("no"))
			_, err := s.Load(t.Context(), "c")
			require.NoError(t, err)
			time.Sleep(5 * time.Second)
		}
		require.LessOrEqual(t, strings.Count(out.String(), "does not answer"), 5)
		require.LessOrEqual(t, strings.Count(out.String(), "is back"), 5)
	})
}
