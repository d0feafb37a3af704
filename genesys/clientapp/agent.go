package clientapp

import (
	"context"
	"net/http"
	"strings"

	"github.com/dcmkit/convtrack/genesys/clientapp/internal/agent"
	"github.com/dcmkit/convtrack/genesys/internal/ingress"
)

// Agent is who has logged in at the page: an active user of the organisation.
type Agent struct {
	ID         string // at Genesys Cloud
	Name       string
	Email      string
	DivisionID string // the home division; empty when Genesys Cloud does not say
}

// agentKey is where the context of a call has its agent.
type agentKey struct{}

func agentOf(ctx context.Context) Agent {
	who, _ := ctx.Value(agentKey{}).(Agent)
	return who
}

// authenticate finds out who calls by the token that the page was given when the
// agent logged in.
func (a *App) authenticate(ctx context.Context, header http.Header) (context.Context, error) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	who, err := a.verifier.Verify(ctx, strings.TrimSpace(token))
	if err == nil {
		return context.WithValue(ctx, agentKey{}, Agent(who)), nil
	}
	switch status, wait := agent.Status(err); status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return nil, &ingress.Denied{Status: status, Sentence: err.Error(), RetryAfter: wait}
	}
	return nil, err
}
