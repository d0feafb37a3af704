package architect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/dcmkit/convtrack/genesys"
)

// Why a flow was not run.
var (
	// ErrNotPublished is wrapped when the flow has no published version.
	ErrNotPublished = errors.New("the flow is not published; publish it in Architect")
	// ErrNoFlow is wrapped when there is no such flow, or it is deleted, or in
	// a division that the OAuth client's role does not see.
	ErrNoFlow = errors.New("there is no such flow in the divisions of the OAuth client's role")
	// ErrNotPermitted is wrapped when the OAuth client lacks a permission; the
	// *genesys.APIError beside it names it where Genesys Cloud does.
	ErrNotPermitted = errors.New("the OAuth client's role needs architect:flow:launch and architect:flowExecution:view")
	// ErrInput is wrapped when a launch is malformed; nothing was sent.
	ErrInput = errors.New("architect: malformed launch")
	// ErrStarting is wrapped when a launch with the same key is under way, or was
	// a moment ago and nobody knows how it went.
	ErrStarting = errors.New("a launch with the same key is under way")
	// ErrStillRunning is wrapped when the time to wait was over before the flow.
	ErrStillRunning = errors.New("the flow has not ended yet")
)

// FlowError says how an execution ended that did not complete. Its text names
// ids and codes alone.
type FlowError struct {
	ExecutionID string
	Status      Status // StatusFailed, StatusError or StatusTerminated
	Code        string // Genesys's code; empty where there is none
	// Message is what Genesys says of it. It can quote the flow's input, and is
	// not part of the error's text.
	Message string
}

// Error implements error.
func (e *FlowError) Error() string {
	text := fmt.Sprintf("architect: flow execution %s ended as %s", e.ExecutionID, e.Status)
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

func stillRunning(ctx context.Context, executionID string) error {
	return fmt.Errorf("architect: flow execution %s: %w: %w", executionID, ErrStillRunning, ctx.Err())
}

// permitted adds to an error what to do about it.
func permitted(err error) error {
	if genesys.IsForbidden(err) {
		return fmt.Errorf("%w: %w", ErrNotPermitted, err)
	}
	return err
}

// explain finds out why a launch was refused (protocol 5.3): by the code, which
// needs no permission, or else by how the flow looks, which the client may not be
// permitted to see.
func (f *Flows) explain(ctx context.Context, flowID string, err error) error {
	var refused *genesys.APIError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Status {
	case http.StatusForbidden:
		return permitted(err)
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict:
	default:
		return err
	}
	switch refused.Code {
	case "flow.config.not.published":
		return fmt.Errorf("%w: %w", ErrNotPublished, err)
	case "architect.flow.not.found":
		return fmt.Errorf("%w: %w", ErrNoFlow, err)
	}
	answer, failed := f.config.API.Call(ctx, genesys.Request{Path: "/api/v2/flows/" + url.PathEscape(flowID)})
	if genesys.HasStatus(failed, http.StatusNotFound) {
		return fmt.Errorf("%w: %w", ErrNoFlow, err)
	}
	var is struct {
		ID        string           `json:"id"`
		Published *json.RawMessage `json:"publishedVersion"`
		Deleted   bool             `json:"deleted"`
	}
	if failed != nil || json.Unmarshal(answer, &is) != nil || is.ID == "" {
		return err // it cannot be told; the refusal stands for itself
	}
	switch {
	case is.Deleted:
		return fmt.Errorf("%w: %w", ErrNoFlow, err)
	case is.Published == nil:
		return fmt.Errorf("%w: %w", ErrNotPublished, err)
	}
	return err
}
