package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/permission"
)

// call is how a call is named in errors and logs.
type call struct {
	method string
	path   string // a template
}

func (c call) attrs(status int, took time.Duration, err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("method", c.method), slog.String("path", c.path)}
	if status != 0 {
		attrs = append(attrs, slog.Int("status", status))
	}
	attrs = append(attrs, slog.Duration("took", took))
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	return attrs
}

// ended is the error of a call whose context has ended.
func ended(name call, err error) error {
	return fmt.Errorf("genesys: %s %s: %w", name.method, name.path, err)
}

// lost is the cause of a request without an answer, fit to be shown. A limit of
// ours that has passed must not look like the end of the caller's context.
func lost(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errors.New("no answer in time")
	}
	return WithoutURL(err)
}

// refusal turns an answer into an error. Of the body it takes the code, the
// correlation id and the names of missing permissions alone: messages and
// details can quote personal data.
func refusal(name call, a Answer) *genesys.APIError {
	var body struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		ContextID string `json:"contextId"`
		OAuth     any    `json:"error"` // of the login host; elsewhere it is a proxy's word
	}
	_ = json.Unmarshal(a.Body, &body) // a proxy's page tells nothing
	code := body.Code
	if s, ok := body.OAuth.(string); ok && code == "" && name.path == genesys.LoginPath {
		code = s
	}
	e := &genesys.APIError{
		Method: name.method, Path: name.path, Status: a.Status,
		Code:          token(code),
		CorrelationID: token(a.Header.Get("Inin-Correlation-Id")),
		RetryAfter:    retryAfter(a.Header, time.Now()),
	}
	if e.CorrelationID == "" {
		e.CorrelationID = token(body.ContextID)
	}
	if a.Status == http.StatusForbidden {
		e.MissingPermissions = permission.Names(body.Message)
	}
	if a.Status >= 300 && a.Status < 400 {
		e.Err = ErrRedirected
	}
	return e
}

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$`)

// token returns s when it has the form of a code or an id, else nothing: what
// stands there was chosen by somebody else.
func token(s string) string {
	if !tokenForm.MatchString(s) {
		return ""
	}
	return s
}

// retryAfter reads the Retry-After header: seconds or an HTTP date. It is zero
// when there is none, or none that can be read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, mostRetryAfter.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	// The date is in the clock of the platform.
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(at.Sub(now), 0), mostRetryAfter)
}

// mostRetryAfter is how long a Retry-After is believed.
const mostRetryAfter = 24 * time.Hour

// errClosed is the error of a call after Close.
var errClosed = errors.New("the client was closed")
