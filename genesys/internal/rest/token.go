package rest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/dcmkit/convtrack/genesys"
)

// tokens is the source of the one token that all calls share. A token is
// renewed by the first call after about two thirds of its life; until that has
// succeeded, calls go on with the old one as long as it is valid.
type tokens struct {
	login   func(context.Context) (Answer, error)
	timeout time.Duration
	log     *slog.Logger
	count   *counters

	mu      sync.Mutex
	closed  bool
	value   string
	proven  bool // the platform has accepted it at least once
	renewAt time.Time
	expires time.Time
	forced  time.Time // when a token was last given up because it was refused
	refused int       // tokens given up so, shortly one after the other
	flight  *flight   // the request for a token that is under way
	failed  error     // why there is none, while nextTry is to come
	nextTry time.Time
	backoff *backoff.ExponentialBackOff
}

// flight is one request for a token. token and err are set when done is closed.
type flight struct {
	cancel context.CancelFunc
	done   chan struct{}
	token  string
	err    error
}

const (
	// assumedLife is how long a token is taken to live when its answer does
	// not say.
	assumedLife = time.Hour
	// mostLife is how long a life is believed.
	mostLife = 365 * 24 * time.Hour
	// leastLife is how long a token is used at least: the platform refuses it
	// when it is over before.
	leastLife = time.Second
	// unprovenPause is how long a token that was refused right from the start
	// is kept before another one is asked for: it is not the token then.
	unprovenPause = 30 * time.Second
	// freeRefusals is how many tokens are replaced at once when they are
	// refused shortly one after the other. Then it may be the request that is
	// refused and not the token, and the pauses grow up to mostRefusalPause.
	freeRefusals     = 3
	mostRefusalPause = time.Minute
)

func newTokens(login func(context.Context) (Answer, error), timeout time.Duration, log *slog.Logger, count *counters) *tokens {
	return &tokens{login: login, timeout: timeout, log: log, count: count, backoff: backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(2), backoff.WithMaxInterval(time.Minute), backoff.WithMaxElapsedTime(0))}
}

// close ends the request that is under way, and lets all further ones fail.
func (t *tokens) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.flight != nil {
		t.flight.cancel()
	}
}

// get returns a valid token.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	now := time.Now()
	if t.value != "" && now.Before(t.expires) && !t.closed {
		value := t.value
		if !now.Before(t.renewAt) {
			_, _ = t.start(ctx, now) // nobody waits for it; it logs its error
		}
		t.mu.Unlock()
		return value, nil
	}
	f, err := t.start(ctx, now)
	t.mu.Unlock()
	if err != nil {
		return "", err
	}
	return f.wait(ctx)
}

// renew is called when the platform has refused a token. It returns whether
// there is another one to try.
func (t *tokens) renew(ctx context.Context, refused string) (bool, error) {
	t.mu.Lock()
	now := time.Now()
	if t.value == refused {
		if !t.giveUp(now) {
			t.mu.Unlock()
			return false, nil
		}
	} else if t.value != "" && now.Before(t.expires) {
		t.mu.Unlock()
		return true, nil
	}
	f, err := t.start(ctx, now)
	t.mu.Unlock()
	if err != nil {
		return false, err
	}
	_, err = f.wait(ctx)
	return err == nil, err
}

// giveUp gives the token up, because it was refused, unless that would be too
// often. The caller holds the lock.
func (t *tokens) giveUp(now time.Time) bool {
	since := now.Sub(t.forced)
	if since > 2*mostRefusalPause {
		t.refused = 0
	}
	var pause time.Duration
	if t.refused >= freeRefusals {
		pause = min(time.Second<<min(t.refused-freeRefusals, 10), mostRefusalPause)
	}
	if since < pause || !t.proven && since < unprovenPause {
		return false
	}
	t.value, t.forced = "", now
	t.refused++
	return true
}

// accepted notes that the platform knows the token.
func (t *tokens) accepted(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == token {
		t.proven = true
	}
}

func (t *tokens) expiry() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == "" {
		return time.Time{}
	}
	return t.expires
}

func (f *flight) wait(ctx context.Context) (string, error) {
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// start returns the request that is under way, or begins one. While the login
// host is to be left alone it returns why.
func (t *tokens) start(ctx context.Context, now time.Time) (*flight, error) {
	switch {
	case t.closed:
		return nil, errClosed
	case t.flight != nil:
		return t.flight, nil
	case now.Before(t.nextTry):
		return nil, later(t.failed, t.nextTry.Sub(now))
	}
	// On its own time and not on that of the call that needs the token first:
	// others may wait for it too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.timeout)
	t.flight = &flight{cancel: cancel, done: make(chan struct{})}
	go t.fly(ctx, t.flight, now)
	return t.flight, nil
}

// later returns err as seen by who comes while the login host is left alone.
func later(err error, wait time.Duration) error {
	var e *genesys.APIError
	if !errors.As(err, &e) {
		return err
	}
	again := *e
	again.RetryAfter = wait
	return &again
}

// fly asks for a token.
func (t *tokens) fly(ctx context.Context, f *flight, started time.Time) {
	defer f.cancel()
	a := loginAnswer{err: errNoReturn}
	defer func() { // also when the transport calls runtime.Goexit
		t.count.tokenCalls.Add(1)
		if a.err != nil && !a.read {
			a.err = &genesys.APIError{Method: http.MethodPost, Path: genesys.LoginPath, Err: lost(a.err)}
		}
		t.land(f, started, &a)
		a.say(t.log)
	}()
	answer, err := carry(func() (Answer, error) { return t.login(ctx) })
	if a.err = err; err == nil {
		a.read = true
		a.token, a.life, a.err = parseToken(answer)
	}
}

// loginAnswer is what has become of a request for a token.
type loginAnswer struct {
	token string
	life  time.Duration
	err   error
	read  bool // there was an answer

	closed   bool // nobody asks any more
	nextTry  time.Duration
	oldValid bool // there is still a token
}

// land ends the request: who waits for it goes on.
func (t *tokens) land(f *flight, started time.Time, a *loginAnswer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(f.done)
	t.flight = nil
	if a.closed = t.closed; a.closed {
		f.err = errClosed
		return
	}
	f.token, f.err = a.token, a.err
	if a.err != nil {
		t.count.tokenErrors.Add(1)
		t.failed = a.err
		a.nextTry = t.backoff.NextBackOff()
		var e *genesys.APIError
		if errors.As(a.err, &e) {
			a.nextTry = max(a.nextTry, e.RetryAfter)
		}
		t.nextTry = time.Now().Add(a.nextTry)
		a.oldValid = t.value != "" && time.Now().Before(t.expires)
		return
	}
	t.backoff.Reset()
	t.failed, t.nextTry = nil, time.Time{}
	t.value, t.proven = a.token, false
	t.expires = started.Add(a.life - min(a.life/10, 10*time.Second))
	t.renewAt = started.Add(time.Duration(float64(a.life) * (0.65 + 0.1*rand.Float64())))
}

// say logs it, without the lock: the handler is the host's and may ask for Stats.
func (a *loginAnswer) say(log *slog.Logger) {
	switch {
	case a.closed:
	case a.err != nil:
		log.Warn("genesys: no new token", "error", a.err, "next_try", a.nextTry, "old_token_valid", a.oldValid)
	default:
		log.Debug("genesys: new token", "expires_in", a.life)
	}
}

// parseToken reads the answer of the login host (protocol 8.2).
func parseToken(a Answer) (string, time.Duration, error) {
	if a.Status != http.StatusOK {
		e := refusal(call{http.MethodPost, genesys.LoginPath}, a)
		if a.Status == http.StatusUnauthorized || a.Status == http.StatusBadRequest && slices.Contains(credentialCodes, e.Code) {
			e.Err = genesys.ErrCredentials
		}
		return "", 0, e
	}
	var body struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.Unmarshal(a.Body, &body); err != nil || body.AccessToken == "" {
		// The decoder's error is not shown: it can quote the answer.
		return "", 0, &genesys.APIError{Method: http.MethodPost, Path: genesys.LoginPath, Err: errors.New("the answer holds no token; is this the login host?")}
	}
	life := assumedLife
	if seconds, err := body.ExpiresIn.Float64(); err == nil && seconds > 0 {
		life = time.Duration(min(max(seconds, leastLife.Seconds()), mostLife.Seconds()) * float64(time.Second))
	}
	return body.AccessToken, life, nil
}

// credentialCodes are the codes of RFC 6749, 5.2, that no repetition cures.
var credentialCodes = []string{"invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"}
