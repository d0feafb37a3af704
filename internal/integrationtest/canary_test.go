package integrationtest_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/notifications"
	"github.com/dcmkit/convtrack/genesys/polling"
	"github.com/dcmkit/convtrack/internal/telemetry/telemetrytest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// TestNoPersonalDataAndNoSecretReachesTheLogAMetricOrATrace has everything log at
// debug level, and everything traced, while everything fails that can, and looks for what must not be there.
func TestNoPersonalDataAndNoSecretReachesTheLogAMetricOrATrace(t *testing.T) {
	var log logbook
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	server := genesystest.NewServer(t, genesystest.Credentials("canary-client", "CANARY-SECRET"), genesystest.HeartbeatEvery(100*time.Millisecond))
	story := genesystest.BlindTransferToQueue()
	for _, l := range story.Legs {
		l.Name, l.Address = "CANARY-NAME", "tel:+31-CANARY-NUMBER"
	}
	story.Attributes = append(story.Attributes, genesystest.Attribute{At: time.Second, Participant: "p-cust", Values: map[string]string{"CANARY-KEY": "CANARY-VALUE"}})
	story.Tag = "CANARY-TAG"

	db, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "canary.db"), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	hooks := events.NewHooks()
	fails := 0
	events.Before(hooks, "fails", func(context.Context, *events.AgentConnected) error {
		if fails++; fails < 3 {
			return errors.New("not now")
		}
		return nil
	})
	events.After(hooks, "panics", func(_ context.Context, e *events.AgentTransferred) error { panic("a bad hook") })
	// What a hook returns is in the log, as Config.Logger says; nowhere else.
	events.After(hooks, "quotes", func(context.Context, *events.ConversationCreated) error { return errors.New("QUOTED") }, events.Attempts(1))
	recorder := telemetrytest.New()
	tracker, err := convtrack.New(db, &convtrack.Config{Hooks: hooks, Logger: logger, MeterProvider: recorder.Meters, TracerProvider: recorder.Tracers})
	require.NoError(t, err)
	socket, err := notifications.New(notifications.Config{API: server.API(), Topics: append(notifications.UserTopics("user-a", "user-b"), "v2.nonsense"),
		DetailEvents: notifications.DetailEvents(), Tracked: tracker, Logger: logger})
	require.NoError(t, err)
	poller, err := polling.New(polling.Config{API: server.API(), Tracked: tracker, Logger: logger, DiscoverEvery: time.Second, FollowEvery: time.Second})
	require.NoError(t, err)
	stop := run(t, tracker, socket, poller)

	playing := server.Play(story, genesystest.Speed(60))
	f := server.Faults()
	for _, fault := range []func(){
		func() { f.CutSockets() },
		func() { f.AnnounceClosing(100 * time.Millisecond) },
		func() { f.EvictChannels() },
		func() { f.RevokeTokens(true) },
		func() { f.Requests(genesystest.RequestFault{Status: http.StatusInternalServerError, Times: 3}) },
		func() {
			f.Requests(genesystest.RequestFault{Status: http.StatusTooManyRequests, RetryAfter: time.Second, Times: 2})
		},
		func() { f.Requests(genesystest.RequestFault{Cut: true, Times: 2}) },
	} {
		fault()
		time.Sleep(700 * time.Millisecond)
	}
	require.NoError(t, playing.Wait(t.Context()))
	for _, provoked := range []string{"level=DEBUG", "blind", "not listening", "a topic is refused", "panic", "not now"} {
		require.Eventually(t, func() bool { return strings.Contains(log.String(), provoked) }, time.Minute, 10*time.Millisecond,
			"the test no longer provokes %q", provoked)
	}
	told := recorder.Text(t) // levels are told while it runs
	stop()
	told += recorder.Text(t)

	text := log.String()
	for _, canary := range []string{"CANARY", "sim-", "streaming-0-", "Bearer", "Basic"} {
		require.NotContains(t, text, canary)
		require.NotContains(t, told, canary)
	}
	require.Contains(t, text, "QUOTED")
	for _, canary := range []string{"QUOTED", "not now", "a bad hook", "v2."} {
		require.NotContains(t, told, canary)
	}
	for _, provoked := range []string{"observe notifications", "observe polling", "commit [", "before fails", "process panics", "process quotes", "convtrack.source.blind.age", "messaging.process.duration"} {
		require.Contains(t, told, provoked)
	}
}

// logbook is a buffer that may be written to from everywhere.
type logbook struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}
