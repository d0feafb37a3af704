package genesys

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// API calls the REST API of one organisation. platform.New gives the real one,
// through the official SDK; genesystest gives one for its simulator.
//
// An API keeps to the organisation's rate limit: a call waits until the budget
// has room for it and until a Retry-After has passed. It retries nothing: who
// calls knows what is worth repeating. It is safe for concurrent use.
type API interface {
	// Call returns the body of the answer. The error is an [*APIError] when the
	// platform refused the call or could not be reached, or wraps the end of ctx.
	Call(ctx context.Context, r Request) ([]byte, error)
}

// An APIReporter is an API that says how much of its rate limit is left and whether
// its calls pause. Those of platform and rest are; a wrapper can pass it on.
type APIReporter interface {
	API
	Health() conversation.APIHealth
}

// APIHealth returns what an API says of itself; nil when it says nothing.
func APIHealth(api API) *conversation.APIHealth {
	reporter, says := api.(APIReporter)
	if !says {
		return nil
	}
	is := reporter.Health()
	return &is
}

// Request is a call of the REST API.
type Request struct {
	Method string // empty: GET, or POST when there is a body
	// Path begins with /api/v2/. Ids in it are escaped with url.PathEscape.
	Path  string
	Query url.Values
	Body  []byte // JSON; nil: none

	// Repair marks a call that is not urgent: catching up after a gap, late
	// data. Such calls get at most half of the rate limit.
	Repair bool

	// Sent, where it is not nil, is set when the request goes out, after it has
	// waited for its turn. What the answer says was so then or later; what was
	// heard in between may be newer. It need not be set by who answers at once.
	Sent *time.Time
}

// Verb returns the request's method.
func (r Request) Verb() string {
	switch {
	case r.Method != "":
		return r.Method
	case r.Body != nil:
		return http.MethodPost
	}
	return http.MethodGet
}

// ErrCredentials is wrapped by the error of a call when the login host has
// refused the client id or the secret.
var ErrCredentials = errors.New("the credentials were refused; check the client id, the secret, the region, and that the OAuth client is active and has the grant Client Credentials")

// ErrRequest is wrapped by the error of a call that was not sent because its
// [Request] is malformed.
var ErrRequest = errors.New("malformed request")

// ErrNotUnderstood is wrapped by the error of a call that was answered with
// success and with something else than was asked for: a proxy's page, half an
// answer, an object of another kind. It says nothing of what was asked, and
// passes like a network that is down.
var ErrNotUnderstood = errors.New("the answer is not understood")

// APIError says why a call of the REST API failed. Its text names the call, the
// status and Genesys's error code, never what was asked or answered: both can
// hold personal data.
type APIError struct {
	Method string
	// Path is the path of the call, with ids replaced by {id}.
	Path   string
	Status int // of the HTTP answer; 0 when there was none
	// Code is Genesys's code, as in "too.many.requests".
	Code string
	// MissingPermissions are the permissions that a 403 names, as in
	// "analytics:conversationDetail:view"; empty when it names none.
	MissingPermissions []string
	// CorrelationID is what Genesys's support asks for.
	CorrelationID string
	// RetryAfter is how long the platform wants to be left alone; zero when it
	// does not say.
	RetryAfter time.Duration
	// Err is the cause when there was no answer, or what to do about it.
	Err error
}

// Error implements error.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "genesys: %s %s: ", e.Method, e.Path)
	switch {
	case e.Status != 0:
		fmt.Fprintf(&b, "%d %s", e.Status, http.StatusText(e.Status))
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		b.WriteString("no answer")
	}
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if len(e.MissingPermissions) > 0 {
		fmt.Fprintf(&b, ": missing %s", strings.Join(e.MissingPermissions, ", "))
	}
	if e.Err != nil && e.Status != 0 {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", retry after %v", e.RetryAfter)
	}
	if e.CorrelationID != "" {
		fmt.Fprintf(&b, ", correlation id %s", e.CorrelationID)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *APIError) Unwrap() error { return e.Err }

// Permanent reports whether the same call would fail again: the platform
// understood it and refused it. A timeout, an overload, a fault of the
// platform, an expired token, a network that is down and a proxy's page pass.
func (e *APIError) Permanent() bool {
	if errors.Is(e.Err, ErrCredentials) || errors.Is(e.Err, ErrRequest) {
		return true
	}
	if errors.Is(e.Err, ErrNotUnderstood) {
		return false
	}
	switch e.Status {
	case 0, http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusTooEarly:
		return false
	}
	return e.Status < 500 || e.Status == http.StatusNotImplemented
}

// IsPermanent reports whether err is an [*APIError] that would come again.
func IsPermanent(err error) bool {
	var e *APIError
	return errors.As(err, &e) && e.Permanent()
}

// HasStatus reports whether err is an [*APIError] with that status.
func HasStatus(err error, status int) bool {
	var e *APIError
	return errors.As(err, &e) && e.Status == status
}

// LoginPath is the [APIError.Path] of what the login host has refused.
const LoginPath = "/oauth/token"

// IsForbidden reports whether the platform says that the client lacks a permission: it
// answered 403 and a code of its own, or named the permission. A proxy or a firewall
// does not, and the 403 of the login host says nothing of what the client may do; both
// may pass.
func IsForbidden(err error) bool {
	var e *APIError
	return errors.As(err, &e) && e.Status == http.StatusForbidden && e.Path != LoginPath && (e.Code != "" || len(e.MissingPermissions) > 0)
}

// MissingPermissions returns the permissions that an error names as missing, as in
// "analytics:conversationDetail:view"; nil when it names none.
func MissingPermissions(err error) []string {
	var e *APIError
	if !errors.As(err, &e) {
		return nil
	}
	return e.MissingPermissions
}
