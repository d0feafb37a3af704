package agent

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/dcmkit/convtrack/genesys"
)

// Why somebody may not call. The sentences are for the one who calls.
var (
	// ErrToken: the token has expired, was revoked, or never was one.
	ErrToken = errors.New("the token is not valid, or not any more; log in again")
	// ErrOrganization: the token is of another organisation.
	ErrOrganization = errors.New("the token is of another Genesys Cloud organization than the one that is configured here")
	// ErrClient: the token was made for another application.
	ErrClient = errors.New("the token was made for another OAuth client than the one that is configured here")
	// ErrNotAUser: the token is of an application of its own (client credentials).
	ErrNotAUser = errors.New("the token is not of a user")
	// ErrClone: the user is at home in another organisation and works here as a
	// trusted one.
	ErrClone = errors.New("the user is a guest of another organization")
	// ErrInactive: the user is not active any more.
	ErrInactive = errors.New("the user is not active in Genesys Cloud")
	// ErrScope: the user may not be asked for with this token.
	ErrScope = errors.New("the OAuth client may not read who the user is; give it the scope user-basic-info")
	// ErrRate: the user calls too often. It is wrapped by a [RateError].
	ErrRate = errors.New("too many calls of one user; come again")
	// ErrUnverified is wrapped by the errors that say nothing of the token: Genesys
	// Cloud could not be asked now, or has not answered.
	ErrUnverified = errors.New("the user cannot be verified now; come again")
)

// RateError says when a user may call again.
type RateError struct{ RetryAfter time.Duration }

// Error implements error.
func (e *RateError) Error() string { return ErrRate.Error() }

// Unwrap returns ErrRate.
func (e *RateError) Unwrap() error { return ErrRate }

// unverified is the error when it cannot be told who calls.
func unverified(why error) error { return fmt.Errorf("%w: %w", ErrUnverified, why) }

// errBusy: so many tokens are being verified that no further one is.
var errBusy = errors.New("too many users are verified at a time")

// Status returns the status that a caller is answered with for an error of
// [Verifier.Verify], and when to come again, as far as that is known: 401 asks
// for another token, 403 says that none of this user's will do, 429 and 503
// pass.
func Status(err error) (status int, retryAfter time.Duration) {
	var rate *RateError
	var api *genesys.APIError
	switch {
	case errors.Is(err, ErrUnverified):
		if errors.As(err, &api) {
			retryAfter = api.RetryAfter
		}
		return http.StatusServiceUnavailable, retryAfter
	case errors.As(err, &rate):
		return http.StatusTooManyRequests, rate.RetryAfter
	case errors.Is(err, ErrToken):
		return http.StatusUnauthorized, 0
	}
	for _, refused := range []error{ErrOrganization, ErrClient, ErrNotAUser, ErrClone, ErrInactive, ErrScope} {
		if errors.Is(err, refused) {
			return http.StatusForbidden, 0
		}
	}
	return http.StatusServiceUnavailable, 0
}
