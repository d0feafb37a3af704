package failure

import (
	"bytes"
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
		l.Worked("billing")
		l.Worked("billing")
		require.Equal(t, 1, strings.Count(out.String(), "works again"))
		l.ForGood(t.Context(), "c", &f, "its deliveries wait")
		require.Equal(t, 3, strings.Count(out.String(), "level=ERROR"), "what begins anew is said at once")
	})
}

func TestTriesThatFailAreSaidOnceUntilTheHookWorks(t *testing.T) {
	var out bytes.Buffer
	l := NewLog(slog.New(slog.NewTextHandler(&out, nil)))
	f := store.Failure{Hook: "billing", Error: "no tariff"}
	for range 100 {
		l.Again(t.Context(), "c", &f, time.Second)
	}
	require.Equal(t, 1, strings.Count(out.String(), "level=WARN"))
	l.Worked("billing")
	l.Again(t.Context(), "c", &f, time.Second)
	require.Equal(t, 2, strings.Count(out.String(), "level=WARN"))
}
