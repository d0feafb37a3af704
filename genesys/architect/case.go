package architect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// Why there is no case.
var (
	errCaseLate     = errors.New("the host's Case did not return in time")
	errCaseExits    = errors.New("the host's Case panicked")
	errCaseOccupied = errors.New("too many calls of the host's Case have not returned")
)

// answerTime is what is left of a call's time for its answer, however long the
// store took.
const answerTime = 100 * time.Millisecond

// caseOf asks the host for the case. A host that does not return is left
// behind, so that the flow gets its answer; how many are left behind is bounded.
func (h *Handler) caseOf(ctx context.Context, c Call) (string, error) {
	if h.config.Case == nil {
		return "", nil
	}
	until := time.Now().Add(h.config.CaseWithin)
	if end, has := ctx.Deadline(); has && end.Add(-answerTime).Before(until) {
		until = end.Add(-answerTime)
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case h.cases <- struct{}{}:
	default:
		return "", errCaseOccupied
	}
	type result struct {
		id  string
		err error
	}
	found := make(chan result, 1)
	go func() {
		is := result{err: errCaseExits}
		defer func() {
			if p := recover(); p != nil { // its value is not shown: it may quote the call
				h.throttled.To(ctx, h.config.Logger, slog.LevelError, "the host's Case panicked", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			}
			<-h.cases
			found <- is
		}()
		id, err := h.config.Case(ctx, c)
		if err != nil {
			id = ""
		}
		is = result{id, err}
	}()
	select {
	case is := <-found:
		return is.id, is.err
	case <-ctx.Done():
		return "", errCaseLate
	}
}
