package genesystest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// RequestFault is what happens to requests.
type RequestFault struct {
	// Match says which requests fail, by method and path template; nil: all of
	// the API, but not logins, openings of sockets and what a browser asks before
	// a request.
	Match func(method, path string) bool
	// Times is how many requests fail; zero: all until the fault is undone.
	Times int
	// Chance is the probability with which each fails; zero: always.
	Chance float64

	// Delay comes first. A request that has waited so long is answered as usual
	// unless one of the following says otherwise.
	Delay time.Duration
	// Hang leaves the request without an answer until the client gives up, or the
	// fault is undone and the connection is cut.
	Hang bool
	// Cut ends the connection without an answer.
	Cut bool
	// Page is the body of the answer in place of the right one, with status 200:
	// what a proxy, a login or a firewall puts in the way.
	Page string
	// Status is the answer's status.
	Status int
	// Code is the error code in the answer's body; empty: the usual one.
	Code string
	// Permissions are named in the body as missing, which goes with status 403.
	Permissions []string
	// RetryAfter is the header of the answer; zero: none.
	RetryAfter time.Duration
}

type requestFault struct {
	RequestFault
	left   int
	undone chan struct{}
	once   sync.Once
}

// Requests adds a fault of requests. Faults that were added earlier come first.
// undo removes it, once.
func (f *Faults) Requests(r RequestFault) (undo func()) {
	rf := &requestFault{RequestFault: r, left: r.Times, undone: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, rf)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.remove(rf)
		rf.once.Do(func() { close(rf.undone) })
	}
}

// TooManyRequests answers the next n requests with 429; zero: all until it is
// undone.
func (f *Faults) TooManyRequests(n int, retryAfter time.Duration) (undo func()) {
	return f.Requests(RequestFault{Times: n, Status: http.StatusTooManyRequests, RetryAfter: retryAfter})
}

// ServerErrors answers the next n requests with the status, for example 503;
// zero: all until it is undone.
func (f *Faults) ServerErrors(n, status int) (undo func()) {
	return f.Requests(RequestFault{Times: n, Status: status})
}

// Slow delays all answers.
func (f *Faults) Slow(by time.Duration) (undo func()) { return f.Requests(RequestFault{Delay: by}) }

// Hang leaves all requests without an answer.
func (f *Faults) Hang() (undo func()) { return f.Requests(RequestFault{Hang: true}) }

// LoginDown makes the login host unreachable: connections for a token are cut.
func (f *Faults) LoginDown() (undo func()) {
	return f.Requests(RequestFault{Cut: true, Match: func(_, path string) bool { return path == "/oauth/token" }})
}

func (f *Faults) remove(rf *requestFault) {
	f.requests = slices.DeleteFunc(slices.Clone(f.requests), func(other *requestFault) bool { return other == rf })
}

// strike returns the fault that meets the request. Faults can be added and undone
// while a test's own Match is asked, and by it.
func (f *Faults) strike(method, path string) (*requestFault, bool) {
	f.matching.Lock()
	defer f.matching.Unlock()
	f.mu.Lock()
	faults := f.requests
	f.mu.Unlock()
	for _, rf := range faults {
		if rf.matches(method, path) && f.meets(rf) {
			return rf, true
		}
	}
	return nil, false
}

func (rf *requestFault) matches(method, path string) bool {
	if rf.Match != nil {
		return rf.Match(method, path)
	}
	return strings.HasPrefix(path, "/api/")
}

// meets reports whether the fault meets a request that it matches.
func (f *Faults) meets(rf *requestFault) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.requests, rf) || rf.Chance > 0 && !f.dice.chance(rf.Chance) {
		return false
	}
	if rf.Times > 0 {
		if rf.left--; rf.left == 0 {
			f.remove(rf)
		}
	}
	return true
}

// happen lets the fault happen. Its answer is nil when the request is to be
// answered as usual; answered is false when it is not to be answered at all.
func (rf *requestFault) happen(server context.Context, w http.ResponseWriter, r *http.Request) (a *answer, answered bool) {
	// The server notices that a client has gone only when the body is read.
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	defer context.AfterFunc(server, stop)()
	if wait(ctx, rf.Delay) != nil {
		panic(http.ErrAbortHandler)
	}
	if rf.Hang {
		select {
		case <-ctx.Done():
		case <-rf.undone:
		}
	}
	if rf.Hang || rf.Cut {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			cut(conn)
		}
		return nil, false
	}
	if rf.Page != "" {
		return &answer{status: http.StatusOK, page: rf.Page}, true
	}
	if rf.Status == 0 {
		return nil, true
	}
	code := rf.Code
	if code == "" {
		code = usualCode(rf.Status)
	}
	message := http.StatusText(rf.Status)
	if len(rf.Permissions) > 0 {
		message = fmt.Sprintf("The user needs one of the permissions [%s].", strings.Join(rf.Permissions, ", "))
	}
	answer := refuse(rf.Status, code, message)
	if rf.Status == http.StatusTooManyRequests && rf.Code == "" && rf.RetryAfter > 0 {
		answer = tooManyRequests(rf.RetryAfter)
	}
	answer.retryAfter = rf.RetryAfter
	return &answer, true
}

// usualCode is the error code that goes with a status (protocol 8.4).
func usualCode(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "bad.credentials"
	case http.StatusForbidden:
		return "not.authorized"
	case http.StatusNotFound:
		return "not.found"
	case http.StatusRequestTimeout:
		return "client.timeout"
	case http.StatusTooManyRequests:
		return "too.many.requests"
	case http.StatusInternalServerError:
		return "internal.server.error"
	case http.StatusServiceUnavailable:
		return "service.unavailable"
	case http.StatusGatewayTimeout:
		return "request.timeout"
	}
	return "bad.request"
}
