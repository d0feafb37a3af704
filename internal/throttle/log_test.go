package throttle_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/internal/throttle"
)

func TestWhatHappensOftenIsLoggedAtOnceAndThenOnceAMinuteWithHowOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger, throttled := slog.New(slog.NewTextHandler(&log, nil)), throttle.Log{}
		lines := func() []string {
			defer log.Reset()
			return strings.FieldsFunc(log.String(), func(r rune) bool { return r == '\n' })
		}
		fail := func() { throttled.To(t.Context(), logger, slog.LevelError, "it failed", "error", errors.New("why")) }
		fail()
		first := lines()
		require.Len(t, first, 1)
		require.Contains(t, first[0], `level=ERROR msg="it failed" error=why times=1`)
		for range 59 {
			time.Sleep(time.Second)
			fail()
		}
		require.Empty(t, lines())
		throttled.To(t.Context(), logger, slog.LevelWarn, "something else")
		require.Len(t, lines(), 1, "each kind for itself")
		time.Sleep(time.Second)
		fail()
		require.Contains(t, lines()[0], "times=60")
		time.Sleep(time.Hour)
		fail()
		require.Contains(t, lines()[0], "times=1")
	})
}
