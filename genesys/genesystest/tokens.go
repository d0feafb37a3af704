package genesystest

import (
	"cmp"
	"sync"
	"time"
)

// Login says who logs in with which OAuth client.
type Login struct {
	// ClientID is the OAuth client that asks for the token.
	ClientID string
	// UserID is who logs in; empty: nobody, as with client credentials.
	UserID string
	// OrganizationID is the organisation of the token; empty: the server's.
	OrganizationID string
	// Cloned says that the user is the clone of one of another organisation, who
	// works here as a trusted one.
	Cloned bool
	// Scopes are those of the OAuth client.
	Scopes []string
	// Lifetime is how long the token is valid; zero: that of [TokenLifetime].
	Lifetime time.Duration
}

// LogIn logs somebody in without a page, and returns the access token. Neither
// the user nor the client nor the organisation must be known: so a test has
// tokens of others.
func (s *Server) LogIn(l Login) (token string) { return s.tokens.issue(l).value }

// RevokeToken makes one token invalid, as a log-out or the inactivity timeout
// does. It reports whether it was valid.
func (s *Server) RevokeToken(token string) bool {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	_, valid := s.tokens.valid[token]
	delete(s.tokens.valid, token)
	return valid
}

// tokens are the access tokens that the login has given out.
type tokens struct {
	server *Server
	mu     sync.Mutex
	valid  map[string]*token
}

type token struct {
	value string
	Login
	expires, idles time.Time
}

// owner is who has limits and channels of its own: a client, and each user of a
// client.
type owner struct{ client, user string }

func (t *token) owner() owner { return owner{t.ClientID, t.UserID} }

func newTokens(s *Server) *tokens { return &tokens{server: s, valid: map[string]*token{}} }

func (ts *tokens) issue(l Login) *token {
	l.OrganizationID = cmp.Or(l.OrganizationID, ts.server.organization)
	l.Lifetime = cmp.Or(l.Lifetime, ts.server.tokenLifetime)
	now := time.Now()
	t := &token{value: "sim-" + ts.server.dice.uuid(), Login: l, expires: now.Add(l.Lifetime), idles: now.Add(ts.server.idleTimeout)}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for value, old := range ts.valid {
		if !ts.isValid(old, now) {
			delete(ts.valid, value)
		}
	}
	ts.valid[t.value] = t
	return t
}

// isValid needs the lock.
func (ts *tokens) isValid(t *token, now time.Time) bool {
	return now.Before(t.expires) && (!ts.idle(t) || now.Before(t.idles))
}

// idle reports whether the token is subject to the inactivity timeout: it is a
// user that is inactive.
func (ts *tokens) idle(t *token) bool { return ts.server.idleTimeout > 0 && t.UserID != "" }

// check returns the token, or nil when it is unknown, expired or revoked. Unless
// it is to stay as idle as it is, it counts as used.
func (ts *tokens) check(value string, preserveIdle bool) *token {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	now := time.Now()
	t := ts.valid[value]
	if t == nil || !ts.isValid(t, now) {
		return nil
	}
	if !preserveIdle {
		t.idles = now.Add(ts.server.idleTimeout)
	}
	seen := *t
	return &seen
}

// revoke makes all tokens invalid and returns how many there were.
func (ts *tokens) revoke() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	n := len(ts.valid)
	clear(ts.valid)
	return n
}
