package ingress

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Authenticator finds out by the header who calls. It returns a context that
// Handle gets, a [Denied] for who may not, and any other error when that cannot
// be told now. It runs outside of the handler's goroutine and should return when
// ctx ends.
type Authenticator func(ctx context.Context, header http.Header) (context.Context, error)

// Denied says that somebody may not call.
type Denied struct {
	Status     int           // 401 or 403; 429 for who calls too often
	Sentence   string        // tells the caller why, and never what he presented
	RetryAfter time.Duration // with 429
}

// Error implements error.
func (d *Denied) Error() string { return d.Sentence }

// Scheme is a way to present a secret.
type Scheme uint8

// The schemes.
const (
	Bearer Scheme = iota // Authorization: Bearer <secret>
	Basic                // Authorization: Basic, with the secret as password and any user
	APIKey               // X-Api-Key: <secret>
)

// errNoSecrets: there is nothing that anybody could present.
var errNoSecrets = errors.New("no secret is configured")

// Secrets returns an authenticator for whoever presents one of the secrets in
// one of the ways. secrets is called for each call, so that a rotation needs no
// restart; let it return both the old and the new one meanwhile. It must be safe
// for concurrent use. As long as it fails, or returns none, nobody is let in and
// nobody is told that what he presents is wrong.
func Secrets(secrets func(context.Context) ([]string, error), ways ...Scheme) Authenticator {
	return func(ctx context.Context, header http.Header) (context.Context, error) {
		valid, err := secrets(ctx)
		if err != nil {
			return nil, err
		}
		valid = slices.DeleteFunc(slices.Clone(valid), func(s string) bool { return s == "" })
		if len(valid) == 0 {
			return nil, errNoSecrets
		}
		presented, denied := present(header, ways)
		for _, p := range presented {
			if oneOf(p, valid) {
				return ctx, nil
			}
		}
		return nil, denied
	}
}

// present returns the secrets that a caller presents, and what he is told when
// none of them is valid. Where he presents several, the Authorization header
// decides that: it is what the connection authorises with.
func present(header http.Header, ways []Scheme) (secrets []string, otherwise *Denied) {
	otherwise = &Denied{Status: http.StatusUnauthorized, Sentence: "present a secret of this endpoint in the Authorization header"}
	if slices.Contains(ways, APIKey) {
		for _, key := range header.Values("X-Api-Key") {
			secrets = append(secrets, key)
			otherwise = &Denied{Status: http.StatusForbidden, Sentence: "the key in X-Api-Key is not valid"}
		}
	}
	for _, value := range header.Values("Authorization") {
		scheme, credentials, _ := strings.Cut(strings.TrimSpace(value), " ")
		credentials = strings.TrimSpace(credentials)
		switch {
		case strings.EqualFold(scheme, "Bearer") && slices.Contains(ways, Bearer):
			secrets = append(secrets, credentials)
			otherwise = &Denied{Status: http.StatusUnauthorized, Sentence: "the bearer token is not valid"}
		case strings.EqualFold(scheme, "Basic") && slices.Contains(ways, Basic):
			otherwise = &Denied{Status: http.StatusForbidden, Sentence: "the password is not valid"}
			if decoded, err := base64.StdEncoding.DecodeString(credentials); err == nil {
				_, password, _ := strings.Cut(string(decoded), ":")
				secrets = append(secrets, password)
			}
		}
	}
	return secrets, otherwise
}

// oneOf compares digests, each in the same time: neither the length of a secret
// nor how much of it is right can be measured.
func oneOf(presented string, valid []string) bool {
	digest := sha256.Sum256([]byte(presented))
	found := 0
	for _, v := range valid {
		other := sha256.Sum256([]byte(v))
		found |= subtle.ConstantTimeCompare(digest[:], other[:])
	}
	return found == 1
}
