package convtrack_test

import (
	"log/slog"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) {
	if victim, is := os.LookupEnv(victimVariable); is {
		live(victim)
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if started != nil && started.Close() != nil {
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}
