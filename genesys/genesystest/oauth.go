package genesystest

import (
	"net/http"
	"sync"
	"time"
)

// tokens are the access tokens that the login has given out.
type tokens struct {
	server *Server
	mu     sync.Mutex
	valid  map[string]*token
}

type token struct {
	value   string
	client  string
	expires time.Time
}

func newTokens(s *Server) *tokens { return &tokens{server: s, valid: map[string]*token{}} }

// login answers POST /oauth/token (protocol 8.2).
func (s *Server) login(r *http.Request) answer {
	fail := func(code, why string) answer {
		return answer{status: http.StatusBadRequest, body: Object{"error": code, "description": why, "error_description": why}}
	}
	id, secret, ok := r.BasicAuth()
	switch {
	case !ok || !s.knows(id, secret):
		return fail("invalid_client", "client not found or its secret is wrong")
	case r.PostFormValue("grant_type") != "client_credentials":
		return fail("unsupported_grant_type", "only client_credentials is simulated")
	}
	t := s.tokens.issue(id)
	return answer{status: http.StatusOK, body: Object{"access_token": t.value, "token_type": "bearer", "expires_in": int(s.tokenLifetime / time.Second)}}
}

func (c config) knows(id, secret string) bool {
	if id == c.clientID {
		return secret == c.clientSecret
	}
	other, known := c.otherClients[id]
	return known && secret == other
}

func (ts *tokens) issue(client string) *token {
	now := time.Now()
	t := &token{value: "sim-" + ts.server.dice.uuid(), client: client, expires: now.Add(ts.server.tokenLifetime)}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for value, old := range ts.valid {
		if !now.Before(old.expires) {
			delete(ts.valid, value)
		}
	}
	ts.valid[t.value] = t
	return t
}

// check returns the token, or nil when it is unknown, expired or revoked.
func (ts *tokens) check(value string) *token {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.valid[value]
	if t == nil || !time.Now().Before(t.expires) {
		return nil
	}
	return t
}

// revoke makes all tokens invalid and returns how many there were.
func (ts *tokens) revoke() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	n := len(ts.valid)
	clear(ts.valid)
	return n
}
