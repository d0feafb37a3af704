package clientapp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pipes is a network without sockets, in which virtual time moves on. Nothing is
// buffered: who does not read holds up who writes.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error {
	close(p)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p <- theirs
	return ours, nil
}

// over serves the app with one version of HTTP alone.
func (h *host) over(version func(*http.Protocols, bool)) (pipes, *http.Client) {
	network, protocols := make(pipes), &http.Protocols{}
	version(protocols, true)
	server := &http.Server{Handler: h.app, Protocols: protocols}
	go func() { _ = server.Serve(network) }()
	client := &http.Client{Transport: &http.Transport{DialContext: network.dial, Protocols: protocols}}
	h.Cleanup(func() {
		client.CloseIdleConnections()
		_ = server.Close()
	})
	return network, client
}

// TestAQuietStreamLastsFiveMinutesWithEveryVersionOfHTTP: over HTTP/2 a deadline for
// writing ends a stream, whether somebody writes or not.
func TestAQuietStreamLastsFiveMinutesWithEveryVersionOfHTTP(t *testing.T) {
	for name, version := range map[string]func(*http.Protocols, bool){
		"HTTP/1.1": (*http.Protocols).SetHTTP1, "HTTP/2.0": (*http.Protocols).SetUnencryptedHTTP2,
	} {
		inVirtualTime(t, func(t *testing.T, h *host) {
			_, client := h.over(version)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://dcm.example.com/case?conversationId="+h.plays(), nil)
			require.NoError(t, err)
			r.Header.Set("Authorization", "Bearer "+h.login("user-a"))
			began := time.Now()
			answer, err := client.Do(r)
			require.NoError(t, err)
			defer func() { _ = answer.Body.Close() }()
			require.Equal(t, name, answer.Proto)
			told, err := io.ReadAll(answer.Body)
			require.NoError(t, err, "%s: it is cut off after %v", name, time.Since(began))
			require.Equal(t, 5*time.Minute, time.Since(began), name)
			require.GreaterOrEqual(t, strings.Count(string(told), ":\n\n"), 20, name)
		}, nil)
	}
}

func TestABrowserThatDoesNotReadIsWaitedForTenSecondsAtMost(t *testing.T) {
	for name, reads := range map[string]time.Duration{"the beginning": 0, "the end": time.Minute} {
		inVirtualTime(t, func(t *testing.T, h *host) {
			network, _ := h.over((*http.Protocols).SetHTTP1)
			browser, err := network.dial(t.Context(), "", "")
			require.NoError(t, err)
			defer func() { _ = browser.Close() }()
			_, err = fmt.Fprintf(browser, "GET /case?conversationId=%s HTTP/1.1\r\nHost: dcm\r\nAuthorization: Bearer %s\r\n\r\n", h.plays(), h.login("user-a"))
			require.NoError(t, err)
			require.NoError(t, browser.SetReadDeadline(time.Now().Add(reads)))
			_, err = io.Copy(io.Discard, browser)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded, name)
			if reads > 0 {
				h.app.Close()
			}
			time.Sleep(11 * time.Second)
			require.Zero(t, h.app.Stats().Streams, name)
			_, err = browser.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF, "%s: the connection is not closed", name)
		}, nil)
	}
}
