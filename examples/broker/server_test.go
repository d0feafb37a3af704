package main

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// broker is a NATS server that keeps its streams in a folder.
type broker struct {
	url  string
	port int
	stop func()
}

func serve(t *testing.T, folder string, port int) broker {
	t.Helper()
	if port == 0 {
		port = server.RANDOM_PORT
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: folder, NoLog: true, NoSigs: true})
	require.NoError(t, err)
	s.Start()
	require.True(t, s.ReadyForConnections(time.Minute))
	stop := func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
	t.Cleanup(stop)
	address, err := url.Parse(s.ClientURL())
	require.NoError(t, err)
	port, err = strconv.Atoi(address.Port())
	require.NoError(t, err)
	return broker{s.ClientURL(), port, stop}
}
