package integrationtest_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

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

var quiet = slog.New(slog.DiscardHandler)

type sourceFunc func(context.Context, conversation.Sink) error

func (f sourceFunc) Run(ctx context.Context, sink conversation.Sink) error { return f(ctx, sink) }

// run runs the tracker until stop is called.
func run(t *testing.T, tracker *convtrack.Tracker, sources ...convtrack.Source) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx, sources...) }()
	return func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func decode(t *testing.T, messages ...[]byte) []*conversation.Conversation {
	t.Helper()
	var all []*conversation.Conversation
	for _, data := range messages {
		m, err := genesys.Decode(data, time.Time{})
		require.NoError(t, err)
		all = append(all, m.Conversations...)
	}
	return all
}
