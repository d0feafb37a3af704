package app

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/dcmkit/convtrack/genesys"
)

// answering is an API that remembers whether it answers. It is safe for
// concurrent use.
type answering struct {
	genesys.API

	mu    sync.Mutex
	known bool
	last  error // of the last call; nil: it was answered
}

// Call implements genesys.API.
func (a *answering) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	body, err := a.API.Call(ctx, r)
	var answer *genesys.APIError
	switch {
	case errors.Is(err, context.Canceled), errors.As(err, &answer) && answer.Status == http.StatusTooManyRequests:
		return body, err // that says nothing of it, or that it answers later
	case genesys.IsPermanent(err) && !errors.Is(err, genesys.ErrCredentials):
		a.note(nil) // a refusal is an answer
	default:
		a.note(err)
	}
	return body, err
}

func (a *answering) note(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known, a.last = true, err
}

// deaf says why nothing is heard through the API; empty when something is.
func (a *answering) deaf() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.known:
		return "the API has not been asked yet"
	case a.last != nil:
		return a.last.Error() // names the call and the status alone
	}
	return ""
}
