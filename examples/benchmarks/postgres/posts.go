package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/genesys/eventbridge"
)

// postsEachSecond is how many envelopes EventBridge posts.
const postsEachSecond = 200

// posts measures how long EventBridge waits for the answer to an envelope, which
// is stored by then: over HTTP on the loopback interface, at a steady rate, each to
// any of the trackers, as a load balancer does.
func posts(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	f, err := newFleet(ctx, s, heardBy, nil, works)
	if err != nil {
		return 0, err
	}
	var urls []string
	for _, t := range f.trackers {
		h, err := eventbridge.NewHandler(t.Observe, eventbridge.HandlerConfig{Logger: silent(),
			Secrets: func(context.Context) ([]string, error) { return []string{callToken}, nil }})
		if err != nil {
			return 0, err
		}
		server := httptest.NewServer(h)
		defer server.Close()
		urls = append(urls, server.URL)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: postsEachSecond}}
	defer client.CloseIdleConnections()
	var traffic sync.Mutex
	posted := 0
	round := func(d time.Duration) ([]time.Duration, error) {
		took, err := steadily(ctx, postsEachSecond, d, func(ctx context.Context, n int) error {
			traffic.Lock()
			posted++
			body := envelope(posted, f.traffic.notification(n%live))
			traffic.Unlock()
			return post(ctx, client, urls[rand.IntN(len(urls))], body)
		})
		return took, errors.Join(err, f.settle(ctx))
	}
	if _, err := round(o.each / 2); err != nil { // to get warm
		return 0, err
	}
	fmt.Fprintf(w, "\n## Posts of EventBridge to %d trackers behind a load balancer\n", heardBy)
	t := newTable("round", "posts a second", "posts", "median ms", "99 in 100 ms", "slowest ms")
	for n := range o.rounds {
		took, err := round(o.each)
		if err != nil {
			return 0, err
		}
		t.row(fmt.Sprint(n+1), fmt.Sprint(postsEachSecond), fmt.Sprint(len(took)), milliseconds(quantile(took, 0.5)), milliseconds(quantile(took, 0.99)), milliseconds(quantile(took, 1)))
	}
	t.write(w)
	return 0, s.clear(ctx)
}

// post posts with the token of the benchmark and reads the answer.
func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+callToken)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("a post is answered %s", answer.Status)
	}
	return errors.Join(err, answer.Body.Close())
}
