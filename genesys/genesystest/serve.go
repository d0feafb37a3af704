package genesystest

import (
	"net/http"
	"strings"
)

// call is a request by a client that is logged in.
type call struct {
	*http.Request
	token *token
}

type endpoint func(*call) answer

// answer lets a request through to its endpoint when it is authorised and
// within the limits.
func (s *Server) answer(h http.Header, r *http.Request, e endpoint) answer {
	value, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		return refuse(http.StatusUnauthorized, "authentication.required", "No authentication bearer token specified in authorization header.")
	}
	t := s.tokens.check(value, r.URL.Query().Get("preserveIdleTTL") == "true")
	if t == nil {
		return refuse(http.StatusUnauthorized, "bad.credentials", "Invalid login credentials.")
	}
	if refused := s.limits.count(h, t.owner()); refused != nil {
		return *refused
	}
	c := &call{r, t}
	if refused := s.rights.refuse(c, s.organization); refused != nil {
		return *refused
	}
	return e(c)
}

// logged writes a request into the log and lets the faults have their say
// before do answers it and returns the status.
func (s *Server) logged(path string, do func(http.ResponseWriter, *http.Request) int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.counts.requests.Add(1)
		s.share(w.Header(), r)
		entry := s.requests.begin(r.Method, path)
		fault, struck := s.faults.strike(r.Method, path)
		if !struck {
			s.requests.end(entry, do(w, r))
			return
		}
		a, answered := fault.happen(s.ctx, w, r)
		switch {
		case !answered:
			return
		case a == nil:
			s.requests.end(entry, do(w, r))
		default:
			a.write(w, s.dice.uuid())
			s.requests.end(entry, a.status)
		}
	}
}

// ServeHTTP implements http.Handler. It accepts the doubled slashes that a
// gateway configuration of the SDK makes (protocol 8.5).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.running.Add(1)
	s.mu.Unlock()
	defer s.running.Done()
	for strings.Contains(r.URL.Path, "//") {
		r.URL.Path = strings.ReplaceAll(r.URL.Path, "//", "/")
		r.URL.RawPath = strings.ReplaceAll(r.URL.RawPath, "//", "/")
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	s.mux.ServeHTTP(w, r)
}

// mostBody is how large a request may be.
const mostBody = 4 << 20
