package main

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// administer makes a stream as an administrator does, on a server of its own.
// What it returns is the configuration that the stream has.
func administer(t *testing.T, config jetstream.StreamConfig) (url string, has func() jetstream.StreamConfig) {
	t.Helper()
	url = serve(t, t.TempDir(), 0).url
	conn, err := nats.Connect(url)
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	stream, err := js.CreateStream(t.Context(), config)
	require.NoError(t, err)
	return url, func() jetstream.StreamConfig {
		info, err := stream.Info(t.Context())
		require.NoError(t, err)
		return info.Config
	}
}

func TestAStreamThatIsThereKeepsItsConfigurationAndRemembersIDsForLongEnough(t *testing.T) {
	for name, c := range map[string]struct {
		config    jetstream.StreamConfig
		remembers time.Duration
	}{
		"limits":             {jetstream.StreamConfig{Subjects: []string{"convtrack", "other"}, MaxAge: 48 * time.Hour, MaxMsgs: 1000}, time.Hour},
		"work queue":         {jetstream.StreamConfig{Subjects: []string{"convtrack"}, Retention: jetstream.WorkQueuePolicy}, time.Hour},
		"in memory":          {jetstream.StreamConfig{Subjects: []string{"convtrack"}, Storage: jetstream.MemoryStorage}, time.Hour},
		"nothing is deleted": {jetstream.StreamConfig{Subjects: []string{"convtrack"}, DenyDelete: true}, time.Hour},
		"remembers longer":   {jetstream.StreamConfig{Subjects: []string{"convtrack"}, Duplicates: 3 * time.Hour}, 3 * time.Hour},
		"all subjects":       {jetstream.StreamConfig{Subjects: []string{"*"}}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Name = "convtrack"
			url, has := administer(t, c.config)
			want := has()
			want.Duplicates = c.remembers
			code, _, errs := play(t, "-nats", url, "-calls", "1")
			require.Zero(t, code, errs)
			require.Equal(t, want, has())
		})
	}
}

func TestAStreamThatCannotBeUsedIsExplainedAndStaysAsItIs(t *testing.T) {
	for says, config := range map[string]jetstream.StreamConfig{
		`the stream "convtrack" does not have the subject "convtrack": add it`: {Subjects: []string{"convtrack.events", "other"}},
		`the stream "convtrack" remembers ids for 2m0s, and must for 1h0m0s`:   {Subjects: []string{"convtrack"}, MaxAge: 30 * time.Minute},
	} {
		config.Name = "convtrack"
		url, has := administer(t, config)
		was := has()
		code, _, errs := play(t, "-nats", url, "-calls", "1")
		require.Equal(t, 1, code)
		require.Contains(t, errs, says)
		require.NotContains(t, errs, "-js")
		require.Equal(t, was, has())
	}
}

func TestAServerWithoutJetStreamIsExplained(t *testing.T) {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(s.Shutdown)
	require.True(t, s.ReadyForConnections(time.Minute))
	code, _, errs := play(t, "-nats", s.ClientURL(), "-calls", "1")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "does the server run with JetStream, as in nats-server -js?")
}
