package architect

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Times of waiting.
const (
	firstLook   = 500 * time.Millisecond // after the start
	longestLook = 15 * time.Second       // between two looks
	// knownAfter is how long an execution may not be known yet.
	knownAfter = 10 * time.Second
)

// Wait waits until an execution has ended and returns it. The error is
// a [*FlowError] when it ended otherwise than by completing, and wraps
// [ErrStillRunning] when ctx, or FlowsConfig.Within, ended first: the flow goes
// on then, and Wait may be called again. What passes, as a network that is down,
// is waited for.
func (f *Flows) Wait(ctx context.Context, executionID string) (Execution, error) {
	if _, has := ctx.Deadline(); !has {
		limited, cancel := context.WithTimeout(ctx, f.config.Within)
		defer cancel()
		ctx = limited
	}
	growing := pause.Growing(firstLook, longestLook)
	began := time.Now()
	for {
		if !pause.Sleep(ctx, growing.NextBackOff()) {
			return Execution{ID: executionID, Status: StatusRunning}, stillRunning(ctx, executionID)
		}
		e, info, err := f.look(ctx, executionID)
		switch {
		case ctx.Err() != nil:
			return Execution{ID: executionID, Status: StatusRunning}, stillRunning(ctx, executionID)
		case genesys.HasStatus(err, http.StatusNotFound) && time.Since(began) < knownAfter:
			continue
		case genesys.IsPermanent(err) && (genesys.IsForbidden(err) || !genesys.HasStatus(err, http.StatusForbidden)):
			return Execution{ID: executionID, Status: StatusUnknown}, permitted(err)
		case err != nil:
			f.config.Logger.Warn("it is not known yet whether a flow has ended", "execution", executionID, "error", err)
			continue
		}
		switch e.Status {
		case StatusCompleted:
			return e, nil
		case StatusFailed, StatusError, StatusTerminated:
			return e, &FlowError{ExecutionID: executionID, Status: e.Status, Code: info.Code, Message: info.Message}
		}
		// RUNNING, UNKNOWN, and what is not known here yet.
	}
}

// errorInfo is what Genesys says about an execution that failed.
type errorInfo struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// look reads how an execution is.
func (f *Flows) look(ctx context.Context, id string) (Execution, errorInfo, error) {
	answer, err := f.config.API.Call(ctx, genesys.Request{Path: executionsPath + "/" + url.PathEscape(id)})
	if err != nil {
		return Execution{}, errorInfo{}, err
	}
	var is struct {
		Status    Status         `json:"status"`
		Launched  string         `json:"dateLaunched"`
		Completed string         `json:"dateCompleted"`
		Reason    string         `json:"completionReason"`
		Output    map[string]any `json:"outputData"`
		ErrorInfo errorInfo      `json:"flowErrorInfo"`
	}
	if json.Unmarshal(answer, &is) != nil || is.Status == "" {
		return Execution{}, errorInfo{}, &genesys.APIError{Method: http.MethodGet, Path: executionsPath + "/{id}", Err: fmt.Errorf("%w: it has no status", genesys.ErrNotUnderstood)}
	}
	return Execution{ID: id, Status: is.Status, Launched: date(is.Launched), Completed: date(is.Completed), Reason: is.Reason, Output: is.Output}, is.ErrorInfo, nil
}

// date reads a time; one that is missing or not understood is no time.
func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
