package genesystest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// mostEvent is how large an event of EventBridge may be. What becomes of larger
// ones at the platform is not known; here they are lost.
const mostEvent = 256 << 10

// bridge sends the detail events of all conversations on as EventBridge does
// (protocol 4): at least once and in no promised order.
type bridge struct {
	server *Server
	mu     sync.Mutex
	rules  []*rule
}

// rule is one target of the bridge.
type rule struct{ queue *frameQueue }

func newBridge(s *Server) *bridge { return &bridge{server: s} }

func (b *bridge) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.rules) > 0
}

// send gives an envelope to all targets. One that is too far behind loses it.
func (b *bridge) send(envelope func() Object) {
	b.mu.Lock()
	rules := b.rules
	b.mu.Unlock()
	if len(rules) == 0 {
		return
	}
	o := envelope()
	o["id"] = b.server.dice.uuid()
	data := encode(o)
	if len(data) > mostEvent {
		b.server.counts.dropped.Add(1)
		return
	}
	for _, r := range rules {
		for _, delay := range b.server.faults.envelopeDelays() {
			if !r.queue.add(frame{data: data, due: time.Now().Add(delay)}) {
				b.server.counts.dropped.Add(1)
			}
		}
	}
}

// Envelopes calls sink with the EventBridge envelope of every detail event from
// now on, one after the other. What sink gets is also the body of an SQS
// message. stop ends it; a call of sink may then still be under way. Close waits
// for sink to return.
func (s *Server) Envelopes(sink func(envelope []byte)) (stop func()) {
	return s.bridge.add(func(_ context.Context, f frame) (again time.Duration) {
		sink(f.data)
		return Never
	})
}

// Destination is an API destination of EventBridge: an HTTP endpoint.
type Destination struct {
	URL    string
	Header http.Header // of the connection: how it authorises
	// Client sends the requests; nil: one that ends with the server.
	Client *http.Client
	// Timeout is how long an answer may take; zero: 5 s.
	Timeout time.Duration
	// Backoff is the wait before the second attempt, doubled before each further
	// one up to a minute; zero: one second.
	Backoff time.Duration
	// Attempts is how often an envelope is sent before it is given up; zero: 185.
	Attempts int
	// Connection is how the connection authorises. One with an API key or a
	// password is de-authorised by a single 401 or 407, one with OAuth by a 403:
	// then nothing is sent any more. Empty: it never is.
	Connection Connection
}

// Connection is a kind of connection of EventBridge.
type Connection string

// The kinds of connections.
const (
	ConnectionAPIKey Connection = "API_KEY"
	ConnectionBasic  Connection = "BASIC"
	ConnectionOAuth  Connection = "OAUTH_CLIENT_CREDENTIALS"
)

// deauthorises reports whether an answer ends the connection.
func (c Connection) deauthorises(status int) bool {
	switch c {
	case ConnectionAPIKey, ConnectionBasic:
		return status == http.StatusUnauthorized || status == http.StatusProxyAuthRequired
	case ConnectionOAuth:
		return status == http.StatusForbidden
	}
	return false
}

// SendEnvelopes puts the envelope of every detail event from now on into a queue.
func (s *Server) SendEnvelopes(q *SQSQueue) (stop func()) {
	return s.Envelopes(func(envelope []byte) { q.Send(envelope) })
}

// PostEnvelopes posts the envelope of every detail event from now on to an API
// destination. What is not answered in time, or with 429 or 5xx, is posted
// again later; what is refused otherwise is given up.
func (s *Server) PostEnvelopes(d Destination) (stop func()) {
	if d.Timeout <= 0 {
		d.Timeout = 5 * time.Second
	}
	if d.Backoff <= 0 {
		d.Backoff = time.Second
	}
	if d.Attempts <= 0 {
		d.Attempts = 185
	}
	if d.Client == nil {
		transport := &http.Transport{}
		d.Client = &http.Client{Transport: transport}
		context.AfterFunc(s.ctx, transport.CloseIdleConnections)
	}
	over := false
	return s.bridge.add(func(ctx context.Context, f frame) (again time.Duration) {
		if over {
			s.counts.dropped.Add(1)
			return Never
		}
		status := d.post(ctx, f.data)
		over = d.Connection.deauthorises(status)
		switch {
		case status >= 200 && status < 300:
			return Never
		case status != 0 && status != http.StatusTooManyRequests && status < 500, f.tries+1 >= d.Attempts:
			s.counts.dropped.Add(1)
			return Never
		}
		return min(d.Backoff<<min(f.tries, 10), time.Minute)
	})
}

// post returns the status; 0: no answer.
func (d Destination) post(ctx context.Context, envelope []byte) int {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(envelope))
	if err != nil {
		return http.StatusBadRequest
	}
	for name, values := range d.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := d.Client.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, mostBody)) // so that the connection can be used again
	return res.StatusCode
}

// add runs a target. deliver returns after which time to deliver again, or
// Never.
func (b *bridge) add(deliver func(context.Context, frame) time.Duration) (stop func()) {
	r := &rule{newFrameQueue()}
	b.mu.Lock()
	b.rules = append(slices.Clone(b.rules), r)
	b.mu.Unlock()
	ctx, cancel := context.WithCancel(b.server.ctx)
	b.server.goes(func() {
		defer cancel()
		r.run(ctx, deliver)
	})
	return func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		b.rules = slices.DeleteFunc(slices.Clone(b.rules), func(other *rule) bool { return other == r })
	}
}

func (r *rule) run(ctx context.Context, deliver func(context.Context, frame) time.Duration) {
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.queue.wake:
		case <-due.C:
		}
		for ctx.Err() == nil {
			f, wait := r.queue.take()
			if f.data == nil {
				if wait != Never {
					due.Reset(wait)
				}
				break
			}
			if again := deliver(ctx, f); again != Never {
				f.tries++
				f.due = time.Now().Add(again)
				r.queue.add(f)
			}
		}
	}
}
