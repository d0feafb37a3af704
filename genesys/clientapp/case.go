package clientapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime/debug"
	"time"
)

// Case is what the panel shows of the host's case. The page shows it as text,
// whatever it holds.
type Case struct {
	ID     string `json:"id"` // empty: there is none yet
	Title  string `json:"title,omitempty"`
	Status string `json:"status,omitempty"` // in the agent's words
	// URL opens the case in a new tab: https, or http on a loopback address.
	URL   string `json:"url,omitempty"`
	Owner string `json:"owner,omitempty"` // as the agents know him
	// OwnerID is the owner's id at Genesys Cloud, if he has one: the panel marks
	// the agent's own cases.
	OwnerID string `json:"ownerId,omitempty"`
}

// caseWithin is how long the host's Case may take.
const caseWithin = 2 * time.Second

var errCaseExits = errors.New("the host's Case panicked")

// caseOf asks the host for the case.
func (a *App) caseOf(ctx context.Context, conversationID string, agent Agent) (is Case, err error) {
	if a.config.Case == nil {
		return Case{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, caseWithin)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // its value is not shown: it may quote a case
			a.throttled.To(ctx, a.config.Logger, slog.LevelError, "the host's Case panicked", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			is, err = Case{}, errCaseExits
		}
	}()
	is, err = a.config.Case(ctx, conversationID, agent)
	if !isLink(is.URL) {
		is.URL = ""
	}
	return is, err
}

// isLink reports whether a click on it opens a page, and runs nothing in ours.
func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}
