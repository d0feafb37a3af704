package app

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack"
)

// readiness tells whether the backend can do its work: the tracker runs, the store
// takes writes, and every source hears.
type readiness struct {
	glance   *glance
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
	is := r.glance.health(ctx)
	found := []obstacle{}
	for _, check := range []struct {
		what string
		why  string
	}{
		{"backend", r.stops()},
		{"tracker", r.begins(is)},
		{"store", refuses(is.Store)},
		{"polling", r.pollingDeaf(is)},
		{"notifications", r.socketDeaf(is)},
		{"eventbridge", r.queueDeaf(is)},
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

// begins says that the tracker does not run yet: it is one of the processes that
// share the store from then on.
func (r *readiness) begins(is convtrack.Health) string {
	self := func(p convtrack.ProcessHealth) bool { return p.Name == r.glance.tracker.Instance() }
	if slices.Contains(is.Uncounted, "processes") || slices.ContainsFunc(is.Processes, self) {
		return ""
	}
	return "it has not begun to run"
}

// refuses says what is wrong with the store; not its error, which can name hosts and
// users.
func refuses(is convtrack.StoreHealth) string {
	if is.Trouble == "" {
		return ""
	}
	return "it is " + is.Trouble + " since " + is.TroubleSince.Format(time.RFC3339)
}

// blind says since when a source hears nothing, and what it lacks; empty when it
// hears.
func blind(is convtrack.SourceHealth) string {
	if is.BlindSince.IsZero() {
		return ""
	}
	why := "it is blind since " + is.BlindSince.Format(time.RFC3339)
	if len(is.MissingPermissions) > 0 {
		return why + ": grant " + strings.Join(is.MissingPermissions, ", ")
	}
	if is.API != nil { // such a reason names the call and the status alone, others can name hosts
		return why + ": " + is.Reason
	}
	return why
}

func (r *readiness) pollingDeaf(h convtrack.Health) string {
	if r.sources.poller == nil {
		return ""
	}
	is := h.Sources[r.sources.poller.String()]
	if is.HeardSince.IsZero() && is.BlindSince.IsZero() && is.LastHeard.IsZero() {
		return "the API has not been asked yet"
	}
	return blind(is)
}

// shareTime is how long after the start the topics of processes that share a
// store may take to be shared out.
const shareTime = time.Minute

func (r *readiness) socketDeaf(h convtrack.Health) string {
	if r.sources.socket == nil {
		return ""
	}
	if why := blind(h.Sources[r.sources.socket.String()]); why != "" {
		return why
	}
	switch is := r.sources.socket.Stats(); {
	case is.Looked.IsZero():
		return "queues and users have not been found yet"
	case is.Followed == 0:
		return "no queue and no user is found; does the OAuth client's role see their divisions?"
	case time.Since(r.started) <= shareTime && (is.Channels == 0 || is.Listening < is.Channels):
		return "a WebSocket is not connected yet"
	case is.Channels == 0 || is.Listening < is.Channels:
		return "" // it is not blind, so other processes hear the topics
	case is.Topics == 0:
		return "nothing is subscribed yet"
	}
	return ""
}

func (r *readiness) queueDeaf(h convtrack.Health) string {
	if r.sources.queue == nil {
		return ""
	}
	is := h.Sources[r.sources.queue.String()]
	if is.BlindSince.IsZero() && is.LastHeard.IsZero() {
		return "SQS has not answered yet"
	}
	return blind(is)
}
