package rest

import (
	"sync/atomic"
	"time"
)

// Stats are counts since the Client was made, and present levels. Requests for
// tokens are counted apart: they go to another host, which has its own limits.
type Stats struct {
	Calls        int64 // requests that were sent
	Succeeded    int64 // with a status of 200 to 299
	ClientErrors int64 // 300 to 499, those that were throttled included
	ServerErrors int64 // 500 and above
	NoAnswer     int64 // without an answer: the network, a timeout, an end of the context
	Throttled    int64 // with status 429
	Waits        int64 // requests that had to wait for their turn
	Waited       time.Duration
	TokenCalls   int64 // requests for a token
	TokenErrors  int64 // those that gave none

	Allowed     int       // requests that the platform allows in a minute
	Remaining   int       // of them, how many could be sent now
	InFlight    int       // requests under way
	Waiting     int       // calls that wait for their turn
	PausedUntil time.Time // after a 429: when requests go on; else zero
	TokenExpiry time.Time // when the present token expires; zero: there is none
}

type counters struct {
	calls, succeeded, clientErrors, serverErrors, noAnswer, throttled, waits, waited, tokenCalls, tokenErrors atomic.Int64
}

func (c *counters) answered(status int) {
	c.calls.Add(1)
	switch {
	case status >= 500:
		c.serverErrors.Add(1)
	case status >= 300 || status < 200:
		c.clientErrors.Add(1)
	default:
		c.succeeded.Add(1)
	}
	if status == 429 {
		c.throttled.Add(1)
	}
}

// Stats returns the present counts.
func (c *Client) Stats() Stats {
	n := &c.counters
	s := Stats{
		Calls: n.calls.Load(), Succeeded: n.succeeded.Load(), ClientErrors: n.clientErrors.Load(), ServerErrors: n.serverErrors.Load(),
		NoAnswer: n.noAnswer.Load(), Throttled: n.throttled.Load(), Waits: n.waits.Load(), Waited: time.Duration(n.waited.Load()),
		TokenCalls: n.tokenCalls.Load(), TokenErrors: n.tokenErrors.Load(),
		TokenExpiry: c.tokens.expiry(),
	}
	c.budget.levels(&s)
	return s
}
