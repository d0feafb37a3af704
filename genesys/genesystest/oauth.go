package genesystest

import (
	"net/http"
	"time"
)

// login answers POST /oauth/token (protocol 8.2).
func (s *Server) login(r *http.Request) answer {
	if r.PostFormValue("grant_type") == "authorization_code" {
		return s.redeem(r)
	}
	id, secret, ok := r.BasicAuth()
	switch {
	case !ok || !s.knows(id, secret):
		return noToken("invalid_client", "client not found or its secret is wrong")
	case r.PostFormValue("grant_type") != "client_credentials":
		return noToken("unsupported_grant_type", "only client_credentials and authorization_code are simulated")
	}
	return s.tokens.issue(Login{ClientID: id}).answer()
}

func (c config) knows(id, secret string) bool {
	if id == c.clientID {
		return secret == c.clientSecret
	}
	other, known := c.otherClients[id]
	return known && secret == other
}

// answer is the answer of the login host that brings the token.
func (t *token) answer() answer {
	return ok(Object{"access_token": t.value, "token_type": "bearer", "expires_in": int(t.Lifetime / time.Second)})
}

// noToken is the answer of the login host that brings none (RFC 6749, 5.2).
func noToken(code, why string) answer {
	return answer{status: http.StatusBadRequest, body: Object{"error": code, "description": why, "error_description": why}}
}
