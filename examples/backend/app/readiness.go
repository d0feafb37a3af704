package app

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// readiness tells whether the backend can do its work: the store answers, and
// every source hears.
type readiness struct {
	store    *storeProbe
	sources  *sources
	started  time.Time
	stopping atomic.Bool
}

// obstacle is something that is not ready.
type obstacle struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// ServeHTTP answers GET /readyz.
func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	answer := struct {
		Ready    bool       `json:"ready"`
		NotReady []obstacle `json:"notReady"`
	}{NotReady: r.obstacles(req.Context())}
	answer.Ready = len(answer.NotReady) == 0
	w.Header().Set("Content-Type", "application/json")
	if !answer.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(answer) // who asked has gone, if it fails
}

func (r *readiness) obstacles(ctx context.Context) []obstacle {
	found := []obstacle{}
	for _, check := range []struct {
		what string
		why  string
	}{
		{"backend", r.stops()},
		{"store", r.storeSilent(ctx)},
		{"polling", r.pollingDeaf()},
		{"notifications", r.socketDeaf()},
		{"eventbridge", r.queueDeaf()},
	} {
		if check.why != "" {
			found = append(found, obstacle{check.what, check.why})
		}
	}
	return found
}

func (r *readiness) stops() string {
	if r.stopping.Load() {
		return "it stops"
	}
	return ""
}

func (r *readiness) storeSilent(ctx context.Context) string {
	if r.store.err(ctx) != nil {
		return "it does not take writes" // the error can name hosts and users
	}
	return ""
}

func (r *readiness) pollingDeaf() string {
	if r.sources.api == nil {
		return ""
	}
	return r.sources.api.deaf()
}

// shareTime is how long after the start the topics of processes that share a
// store may take to be shared out.
const shareTime = time.Minute

func (r *readiness) socketDeaf() string {
	if r.sources.socket == nil {
		return ""
	}
	switch is := r.sources.socket.Stats(); {
	case is.Looked.IsZero():
		return "queues and users have not been found yet"
	case is.Followed == 0:
		return "no queue and no user is found; does the OAuth client's role see their divisions?"
	case is.Channels == 0 && time.Since(r.started) > shareTime:
		return "" // other processes hear all topics
	case is.Channels == 0 || is.Listening < is.Channels:
		return "a WebSocket is not connected"
	case is.Topics == 0:
		return "nothing is subscribed yet"
	}
	return ""
}

// queueTime is after how long without an answer of SQS a queue is not heard. A
// poll takes up to 10 s.
const queueTime = 30 * time.Second

func (r *readiness) queueDeaf() string {
	if r.sources.queue == nil {
		return ""
	}
	switch is := r.sources.queue.Stats(); {
	case is.LastHeard.IsZero():
		return "SQS has not answered yet"
	case time.Since(is.LastHeard) > queueTime:
		return "SQS has not answered for " + time.Since(is.LastHeard).Round(time.Second).String()
	}
	return ""
}
