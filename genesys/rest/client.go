package rest

import (
	"context"
	"iter"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// Client calls the REST API of one organisation. It is safe for concurrent
// use. Make one for each OAuth client and share it: it keeps the rate limit,
// which is per OAuth client.
type Client struct {
	calls *rest.Client
}

var _ genesys.APIReporter = (*Client)(nil)

// New returns a Client. It sends nothing before the first call: use
// [Client.Organization] to find out whether the credentials are good.
func New(c Config) (*Client, error) {
	return Over(c, func(baseURL string) rest.Transport { return rest.HTTP(c.HTTP, baseURL) })
}

// Over returns a Client whose requests travel in another way; it is for
// genesys/platform.
func Over(c Config, transport func(baseURL string) rest.Transport) (*Client, error) {
	base, err := rest.BaseURL(c.Region, c.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	calls, err := rest.New(rest.Config{
		Transport: transport(base),
		ClientID:  c.ClientID, ClientSecret: c.ClientSecret, Logger: c.Logger, MaxBody: c.MaxBody,
		MaxInFlight: c.MaxInFlight, RequestsPerMinute: c.RequestsPerMinute, Timeout: c.Timeout,
	})
	if err != nil {
		return nil, err
	}
	return &Client{calls}, nil
}

// Call implements [genesys.API]: it waits until the rate limit has room, sends
// the request with a valid token and returns the body of the answer as it
// came. The error is a [*genesys.APIError], or wraps the end of ctx.
func (c *Client) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	return c.calls.Call(ctx, r)
}

// Close ends what runs in the background, a renewal of the token, and lets all
// further calls fail. Calls that are under way are not ended.
func (c *Client) Close() { c.calls.Close() }

// Organization is [directory.OrganizationOf].
func (c *Client) Organization(ctx context.Context) (directory.Organization, error) {
	return directory.OrganizationOf(ctx, c)
}

// Users is [directory.Users].
func (c *Client) Users(ctx context.Context) iter.Seq2[directory.User, error] {
	return directory.Users(ctx, c)
}

// Queues is [directory.Queues].
func (c *Client) Queues(ctx context.Context) iter.Seq2[directory.Queue, error] {
	return directory.Queues(ctx, c)
}

// Stats are counts since the Client was made, and present levels. Requests for
// tokens are counted apart: they go to another host, which has its own limits.
type Stats struct {
	Calls        int64         // requests that were sent
	Succeeded    int64         // with a status of 200 to 299
	ClientErrors int64         // 300 to 499, those that were throttled included
	ServerErrors int64         // 500 and above
	NoAnswer     int64         // without an answer: the network, a timeout, an end of the context
	Throttled    int64         // with status 429
	Waits        int64         // requests that had to wait for their turn
	Waited       time.Duration // how long they waited, all together
	TokenCalls   int64         // requests for a token
	TokenErrors  int64         // those that gave none

	Allowed     int       // requests that the platform allows in a minute
	Remaining   int       // of them, how many could be sent now
	InFlight    int       // requests under way
	Waiting     int       // calls that wait for their turn
	PausedUntil time.Time // after a 429: when requests go on; else zero
	TokenExpiry time.Time // when the present token expires; zero: there is none
}

// Stats returns the present counts.
func (c *Client) Stats() Stats { return Stats(c.calls.Stats()) }

// Health says how much of the rate limit is left, and whether calls pause: the
// sources that call with it pass it on.
func (c *Client) Health() conversation.APIHealth { return c.calls.Health() }
