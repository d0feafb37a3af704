package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/internal/host"
)

// Config says how a Client calls. Transport, ClientID and ClientSecret are
// required; other fields that are zero take the default that is given with
// them.
type Config struct {
	Transport Transport
	// ClientID and ClientSecret are the credentials of an OAuth client of the
	// kind "Client Credentials".
	ClientID, ClientSecret string

	// Logger gets a line for each call at debug level, and warnings when the
	// platform throttles us or gives no token. slog.Default().
	Logger *slog.Logger
	// MaxBody is the size of an answer, in bytes, beyond which it is refused.
	// 64 MiB.
	MaxBody int64
	// MaxInFlight is how many calls may be under way at a time; repair may be
	// half of them. 16.
	MaxInFlight int
	// RequestsPerMinute is the rate limit until the platform says what it is.
	// 300 (protocol 2.7).
	RequestsPerMinute int
	// Timeout is how long a request may take, waiting for its turn not
	// counted. 60 s.
	Timeout time.Duration
}

// Client calls the REST API of one organisation. It is a [genesys.API] and
// safe for concurrent use.
type Client struct {
	transport Transport
	tokens    *tokens
	budget    *budget
	counters  counters
	log       *slog.Logger
	maxBody   int64
	timeout   time.Duration
}

var _ genesys.API = (*Client)(nil)

// New returns a Client. It sends nothing before the first call.
func New(c Config) (*Client, error) {
	if c.Transport == nil {
		return nil, errors.New("rest: Config.Transport is required")
	}
	if c.ClientID == "" || c.ClientSecret == "" {
		return nil, errors.New("genesys: ClientID and ClientSecret are required: those of an OAuth client with the grant Client Credentials")
	}
	c.MaxBody = orDefault(c.MaxBody, 64<<20)
	c.MaxInFlight = orDefault(c.MaxInFlight, 16)
	c.RequestsPerMinute = orDefault(c.RequestsPerMinute, 300)
	c.Timeout = orDefault(c.Timeout, time.Minute)
	for _, field := range []struct {
		name string
		ok   bool
	}{
		{"MaxBody", c.MaxBody > 0}, {"MaxInFlight", c.MaxInFlight > 0},
		{"RequestsPerMinute", c.RequestsPerMinute > 0}, {"Timeout", c.Timeout > 0},
	} {
		if !field.ok {
			return nil, fmt.Errorf("genesys: %s must be positive, or 0 for the default", field.name)
		}
	}
	c.Logger = host.Logger(c.Logger)
	client := &Client{transport: c.Transport, log: c.Logger, maxBody: c.MaxBody, timeout: c.Timeout}
	client.budget = newBudget(c.RequestsPerMinute, c.MaxInFlight, &client.counters)
	client.tokens = newTokens(func(ctx context.Context) (Answer, error) {
		return c.Transport.Login(ctx, c.ClientID, c.ClientSecret)
	}, c.Timeout, c.Logger, &client.counters)
	return client, nil
}

func orDefault[N int | int64 | time.Duration](n, otherwise N) N {
	if n == 0 {
		return otherwise
	}
	return n
}

// Close ends a request for a token that nobody waits for any more, and lets
// all further calls fail. Calls that are under way are not ended.
func (c *Client) Close() { c.tokens.close() }

// Call implements [genesys.API].
func (c *Client) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	name := call{r.Verb(), Template(r.Path)}
	path, err := target(r)
	if err != nil {
		return nil, &genesys.APIError{Method: name.method, Path: name.path, Err: err}
	}
	for attempt := 1; ; attempt++ {
		answer, token, err := c.send(ctx, name, r, path)
		switch {
		case err != nil:
			return nil, err
		case answer.Status == http.StatusUnauthorized && attempt == 1:
			renewed, err := c.tokens.renew(ctx, token)
			if err != nil {
				return nil, c.noToken(ctx, name, err)
			}
			if renewed {
				continue
			}
		}
		return body(name, answer)
	}
}

// send waits for its turn and sends r once.
func (c *Client) send(ctx context.Context, name call, r genesys.Request, path string) (Answer, string, error) {
	kind := live
	if r.Repair {
		kind = repair
	}
	turn, err := c.budget.wait(ctx, name, kind)
	if err != nil {
		return Answer{}, "", ended(name, err)
	}
	token, err := c.tokens.get(ctx)
	if err != nil {
		turn.unused()
		return Answer{}, "", c.noToken(ctx, name, err)
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	started := time.Now()
	if r.Sent != nil {
		*r.Sent = started
	}
	returned := false
	defer func() {
		if !returned { // the transport has called runtime.Goexit
			turn.noAnswer()
		}
	}()
	answer, err := carry(func() (Answer, error) {
		return c.transport.Do(limited, Outgoing{Method: name.method, Path: path, Token: token, Body: r.Body, MaxBody: c.maxBody})
	})
	returned = true
	took := time.Since(started)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		turn.noAnswer()
		err = c.noAnswer(ctx, name, err)
		c.log.LogAttrs(ctx, slog.LevelDebug, "genesys: call failed", name.attrs(0, took, err)...)
		return Answer{}, token, err
	}
	pause := turn.answered(answer)
	if answer.Status != http.StatusUnauthorized {
		c.tokens.accepted(token)
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "genesys: call", name.attrs(answer.Status, took, err)...)
	if pause > 0 {
		c.log.LogAttrs(ctx, slog.LevelWarn, "genesys: the platform throttles us, all calls wait",
			slog.String("path", name.path), slog.Duration("wait", pause))
	}
	if err != nil { // an answer, but a larger one than is read
		return Answer{}, token, unusable(name, answer, err)
	}
	return answer, token, nil
}

// errNoReturn is why there is no answer when the host's HTTP client ends the
// goroutine that called it.
var errNoReturn = errors.New("the HTTP client has not returned")

// carry calls the transport, in which the host's code may run. What that panics with
// is not shown: it may quote the call.
func carry(do func() (Answer, error)) (a Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			a, err = Answer{}, fmt.Errorf("the HTTP client panicked: %s", host.Kind(p))
		}
	}()
	return whole(do())
}

// body returns the body of an answer that says yes.
func body(name call, a Answer) ([]byte, error) {
	if a.Status < 200 || a.Status >= 300 {
		return nil, refusal(name, a)
	}
	if err := readable(name.method, a); err != nil {
		return nil, unusable(name, a, err)
	}
	return a.Body, nil
}

// unusable is the error for an answer that is none, whatever its status.
func unusable(name call, a Answer, why error) *genesys.APIError {
	e := refusal(name, a)
	e.Err = why
	return e
}

// noAnswer explains why a request that was sent has no answer.
func (c *Client) noAnswer(ctx context.Context, name call, err error) error {
	if ctx.Err() != nil {
		return ended(name, ctx.Err())
	}
	return &genesys.APIError{Method: name.method, Path: name.path, Err: lost(err)}
}

// noToken explains why a call was not sent. The error of the token source is
// one of the call to the login host and stays as it is.
func (c *Client) noToken(ctx context.Context, name call, err error) error {
	if ctx.Err() != nil {
		return ended(name, ctx.Err())
	}
	return err
}
