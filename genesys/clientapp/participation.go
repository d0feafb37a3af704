package clientapp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/clientapp/internal/agent"
)

// asksPerMinute is how often in a minute the API is asked whether an agent takes
// part in a conversation, so that nobody uses up the host's rate limit.
const asksPerMinute = 60

// participation finds out who takes part in which conversation, from what the
// host knows and never from what the browser says. It is safe for concurrent
// use.
type participation struct {
	config Config
	rates  *agent.Rates

	mu    sync.Mutex
	known map[member]struct{} // who takes part, or has: that does not end
}

// mostKnown is how many memberships are remembered.
const mostKnown = 10_000

func newParticipation(c Config) *participation {
	return &participation{config: c, rates: agent.NewRates(asksPerMinute, asksPerMinute/2, mostKnown), known: map[member]struct{}{}}
}

type member struct{ conversationID, userID string }

func (p *participation) has(ctx context.Context, m member) (is bool, err error) {
	defer func() {
		if v := recover(); v != nil { // its value is not shown: it may quote the conversation
			is, err = false, fmt.Errorf("the host's Conversation or API panicked: %T\n%s", v, debug.Stack())
		}
	}()
	if p.config.AnyAgent || p.remembers(m) {
		return true, nil
	}
	if p.config.Conversation != nil {
		// Where it cannot be read the API is asked, as where it is not known.
		if c, err := p.config.Conversation(ctx, m.conversationID); err == nil && takesPart(c, m.userID) {
			p.remember(m)
			return true, nil
		}
	}
	if wait := p.rates.Take(m.userID, time.Now()); wait > 0 {
		return false, &agent.RateError{RetryAfter: wait}
	}
	body, err := p.config.API.Call(ctx, genesys.Request{Path: "/api/v2/conversations/" + url.PathEscape(m.conversationID)})
	switch {
	case genesys.HasStatus(err, http.StatusNotFound), genesys.HasStatus(err, http.StatusBadRequest):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("who takes part in a conversation cannot be read: %w", err)
	}
	message, err := genesys.Decode(body, time.Now())
	if err != nil && len(message.Conversations) == 0 {
		return false, err
	}
	for _, c := range message.Conversations {
		if takesPart(c, m.userID) {
			p.remember(m)
			return true, nil
		}
	}
	return false, nil
}

func takesPart(c *conversation.Conversation, userID string) bool {
	if c == nil {
		return false
	}
	for _, p := range c.Participants {
		if p.UserID == userID {
			return true
		}
	}
	return false
}

func (p *participation) remembers(m member) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, is := p.known[m]
	return is
}

func (p *participation) remember(m member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= mostKnown {
		clear(p.known)
	}
	p.known[m] = struct{}{}
}
