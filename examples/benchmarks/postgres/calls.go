package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/architect"
)

// What a customer's flows ask for, and what they may wait.
const (
	callsPerSecond = 200
	mostCallTime   = 250 * time.Millisecond // of 99 in a hundred
)

// calls measures how long a flow waits for the answer of the data action, which
// is durable by then: over HTTP on the loopback interface, at a steady rate,
// whether or not the calls before are answered.
func calls(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	f, err := trackerAlone(ctx, s)
	if err != nil {
		return 0, err
	}
	f.run(ctx, s, instantReader{})
	url, err := serveCalls(ctx, s, f)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callsPerSecond}}
	defer client.CloseIdleConnections()
	if _, err := atSteadyRate(ctx, client, url, o.each/2); err != nil { // to get warm
		return 0, err
	}
	fmt.Fprintln(w, "\n## Calls of the data action")
	t := newTable("round", "calls a second", "calls", "median ms", "99 in 100 ms", "slowest ms", "goal", "verdict")
	for n := range o.rounds {
		took, err := atSteadyRate(ctx, client, url, o.each)
		if err != nil {
			return missed, err
		}
		slices.Sort(took)
		p99, verdict := took[(len(took)*99-1)/100], "met"
		if p99 > mostCallTime {
			verdict = "**missed**"
			missed++
		}
		t.row(fmt.Sprint(n+1), fmt.Sprint(callsPerSecond), fmt.Sprint(len(took)), milliseconds(took[len(took)/2]), milliseconds(p99), milliseconds(took[len(took)-1]),
			fmt.Sprintf("≤ %d ms", mostCallTime.Milliseconds()), verdict)
	}
	t.write(w)
	return missed, s.clear(ctx)
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }

const callToken = "a-token-of-this-benchmark"

// serveCalls serves the handler until the server is cleared.
func serveCalls(ctx context.Context, s *server, f *fleet) (url string, err error) {
	h, err := architect.NewHandler(architect.HandlerConfig{Sink: f.trackers[0].Observe, Logger: silent(),
		Secrets: func(context.Context) ([]string, error) { return []string{callToken}, nil }})
	if err != nil {
		return "", err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	s.later(func(ctx context.Context) error {
		h.Close()
		err := server.Shutdown(ctx)
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
	return "http://" + listener.Addr().String(), nil
}

// atSteadyRate calls for a while, and returns how long each call took.
func atSteadyRate(ctx context.Context, client *http.Client, url string, d time.Duration) ([]time.Duration, error) {
	return steadily(ctx, callsPerSecond, d, func(ctx context.Context, n int) error { return call(ctx, client, url, n) })
}

// call reports one of 400 conversations.
func call(ctx context.Context, client *http.Client, url string, n int) error {
	id := spread(uint64(n%live) + 1)
	body := fmt.Appendf(nil, `{"source":"in-queue","topic":"benchmark","conversationId":"%s-0000-4000-8000-%s","eventTime":"2025-01-10T09:00:00.000Z"}`, id[:8], id[:])
	return post(ctx, client, url, body)
}

// instantReader is a source that reads what is hinted at in no time.
type instantReader struct{}

func (instantReader) Run(ctx context.Context, _ conversation.Sink) error {
	<-ctx.Done()
	return nil
}

func (instantReader) Read(context.Context, string) error { return nil }
