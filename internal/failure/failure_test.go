package failure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

func TestWhatIsStoredOfAFailureIsBounded(t *testing.T) {
	huge := &events.HookError{Hook: "h", Err: errors.New(strings.Repeat("ü", 1<<20)), Stack: strings.Repeat("s", 1<<20)}
	f := Of("h", store.Event{ID: "e", Type: "t"}, 3, huge, time.Time{})
	require.LessOrEqual(t, len(f.Error), mostError)
	require.LessOrEqual(t, len(f.Stack), mostStack)
	require.True(t, utf8.ValidString(f.Error))
	require.True(t, strings.HasSuffix(f.Error, "(cut)"), "it says so")
	require.Equal(t, 3, f.Attempts)
}

func TestATextThatNoStoreCanKeepIsMadeOneThatItCan(t *testing.T) {
	f := Of("h", store.Event{}, 1, errors.New("a\x00b\xffc"), time.Time{})
	require.Equal(t, "ab\uFFFDc", f.Error)
}

func TestAHookThatFailsForGoodIsSaidAtOnceAndThenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := NewLog(slog.New(slog.NewTextHandler(&out, nil)))
		f := store.Failure{Hook: "billing", EventID: "e", Error: "no tariff"}
		for i := range 120 {
			l.ForGood(t.Context(), fmt.Sprint("c", i), &f, "its deliveries wait")
			time.Sleep(time.Second)
		}
		require.Equal(t, 2, strings.Count(out.String(), "level=ERROR"))
		require.Contains(t, out.String(), "Retry or Skip", "it says what to do")
		time.Sleep(time.Minute)
		l.Worked("billing")
		l.Worked("billing")
		require.Equal(t, 1, strings.Count(out.String(), "works again"))
		l.ForGood(t.Context(), "c", &f, "its deliveries wait")
		require.Equal(t, 3, strings.Count(out.String(), "level=ERROR"), "what begins anew is said at once")
	})
}

func TestTriesThatFailAreSaidOnceUntilTheHookWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := NewLog(slog.New(slog.NewTextHandler(&out, nil)))
		f := store.Failure{Hook: "billing", Error: "no tariff"}
		for range 100 {
			l.Again(t.Context(), "c", &f, time.Second)
		}
		require.Equal(t, 1, strings.Count(out.String(), "level=WARN"))
		time.Sleep(time.Minute)
		l.Worked("billing")
		l.Again(t.Context(), "c", &f, time.Second)
		require.Equal(t, 2, strings.Count(out.String(), "level=WARN"))
	})
}

func TestAHookThatFailsForSomeAndWorksForOthersDoesNotWorkAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := NewLog(slog.New(slog.NewTextHandler(&out, nil)))
		f := store.Failure{Hook: "billing", EventID: "e", Error: "no tariff"}
		for i := range 120 {
			l.Again(t.Context(), fmt.Sprint("c", i), &f, time.Second)
			l.ForGood(t.Context(), fmt.Sprint("c", i), &f, "its deliveries wait")
			l.Worked("billing")
			time.Sleep(time.Second)
		}
		require.Equal(t, 1, strings.Count(out.String(), "level=WARN"))
		require.Equal(t, 2, strings.Count(out.String(), "level=ERROR"))
		require.NotContains(t, out.String(), "works again")
		time.Sleep(time.Minute)
		l.Worked("billing")
		require.Equal(t, 1, strings.Count(out.String(), "works again"))
	})
}

// TestAStopDoesNotCutOffWhatTheHostIsBeingTold: nobody would tell it again.
func TestAStopDoesNotCutOffWhatTheHostIsBeingTold(t *testing.T) {
	for name, takes := range map[string]time.Duration{"within the time of the stop": time.Second, "longer": time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told, cut []string
				n := NewNotices(func(ctx context.Context, item store.FailedItem) {
					select {
					case <-time.After(takes):
						told = append(told, item.ID)
					case <-ctx.Done():
						cut = append(cut, item.ID)
					}
				}, slog.New(slog.DiscardHandler))
				for _, id := range []string{"a", "b", "c"} {
					n.Add(store.FailedItem{ID: id})
				}
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				n.Loop(ctx) // the first call goes on
				rest, end := context.WithTimeout(t.Context(), 5*time.Second)
				defer end()
				n.Rest(rest)
				if takes < 5*time.Second {
					require.Equal(t, []string{"a", "b", "c"}, told)
					require.Empty(t, cut)
					return
				}
				require.Equal(t, []string{"a"}, cut, "no longer than the stop may take")
			})
		})
	}
}
