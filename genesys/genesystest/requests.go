package genesystest

import (
	"slices"
	"sync"
	"time"
)

// RequestRecord is a request that the server has got.
type RequestRecord struct {
	At     time.Time // when it arrived
	Method string
	// Path is the path's template, as in /api/v2/conversations/{id}. A path that
	// is not simulated stands as it came.
	Path   string
	Status int // 0: not answered, or not yet
	// Took is the time until the answer was written.
	Took time.Duration
}

// requestLog remembers the last requests.
type requestLog struct {
	mu      sync.Mutex
	keep    int
	entries []*RequestRecord
}

func newRequestLog(keep int) *requestLog { return &requestLog{keep: keep} }

func (l *requestLog) begin(method, path string) *RequestRecord {
	e := &RequestRecord{At: time.Now(), Method: method, Path: path}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) >= 2*l.keep {
		l.entries = slices.Delete(l.entries, 0, len(l.entries)-l.keep)
	}
	l.entries = append(l.entries, e)
	return e
}

func (l *requestLog) end(e *RequestRecord, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Status, e.Took = status, time.Since(e.At)
}

// Requests returns the requests that the server has got so far, logins and
// openings of sockets among them, in the order of their arrival. It remembers
// at least the last of [Keep].
func (s *Server) Requests() []RequestRecord {
	s.requests.mu.Lock()
	defer s.requests.mu.Unlock()
	list := make([]RequestRecord, len(s.requests.entries))
	for i, e := range s.requests.entries {
		list[i] = *e
	}
	return list
}
