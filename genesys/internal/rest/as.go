package rest

import (
	"context"
	"errors"

	"github.com/dcmkit/convtrack/genesys"
)

// CallAs calls the API once with a token of somebody else, a user who is logged
// in: it has a rate limit of its own, and whose it is renews it. The answer may
// have maxBody bytes. The error is a [*genesys.APIError], or wraps the end of
// ctx.
func CallAs(ctx context.Context, t Transport, token string, r genesys.Request, maxBody int64) ([]byte, error) {
	name := call{r.Verb(), Template(r.Path)}
	path, err := target(r)
	if err != nil {
		return nil, &genesys.APIError{Method: name.method, Path: name.path, Err: err}
	}
	answer, err := carry(func() (Answer, error) {
		return t.Do(ctx, Outgoing{Method: name.method, Path: path, Token: token, Body: r.Body, MaxBody: maxBody})
	})
	switch {
	case err == nil:
		return body(name, answer)
	case errors.Is(err, ErrTooLarge):
		return nil, unusable(name, answer, err)
	case ctx.Err() != nil:
		return nil, ended(name, ctx.Err())
	}
	return nil, &genesys.APIError{Method: name.method, Path: name.path, Err: lost(err)}
}
