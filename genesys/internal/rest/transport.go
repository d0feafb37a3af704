package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// Transport carries a request to the platform and brings back the answer,
// whatever its status. An error means that there was no answer, or no whole
// one; the Answer then has the status and the header as far as they came. Both
// methods end when their context does. A Transport follows no
// redirect: the token is for the host that it was made for.
//
// It is safe for concurrent use.
type Transport interface {
	// Do sends a request to the API.
	Do(ctx context.Context, o Outgoing) (Answer, error)
	// Login asks the login host for a token with the client credentials grant.
	Login(ctx context.Context, clientID, clientSecret string) (Answer, error)
}

// Outgoing is a request as it is sent.
type Outgoing struct {
	Method string
	// Path begins with a slash; it is escaped and holds the query.
	Path  string
	Token string
	Body  []byte // JSON; nil: none
	// MaxBody is the size of the answer, in bytes, beyond which it is refused
	// with ErrTooLarge.
	MaxBody int64
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// ErrTooLarge is wrapped by the error for an answer that is larger than
// Outgoing.MaxBody.
var ErrTooLarge = errors.New("the answer is too large")

// ErrRedirected is wrapped by the error for an answer that sends the request
// to another place.
var ErrRedirected = errors.New("the host redirects to another place; check the base URL")

// MaxLoginBody is how large the answer of the login host may be, in bytes.
const MaxLoginBody = 64 << 10

// ReadBody reads an answer of at most limit bytes.
func ReadBody(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return body, nil
}

var apiHost = regexp.MustCompile(`(?i)//api\.`)

// LoginURL returns where the token for an API is to be had: the host's leading
// "api." becomes "login."; any other host has the login at its own
// /oauth/token (protocol 8.2).
func LoginURL(baseURL string) string {
	return apiHost.ReplaceAllLiteralString(strings.TrimRight(baseURL, "/"), "//login.") + "/oauth/token"
}

// whole forgives an answer that says no that its body broke off: status and
// header say enough.
func whole(a Answer, err error) (Answer, error) {
	if err != nil && a.Status >= 400 {
		a.Body, err = nil, nil
	}
	return a, err
}

// LoginForm is the body of the request for a token.
const LoginForm = "grant_type=client_credentials"
