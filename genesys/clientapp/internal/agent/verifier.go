package agent

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/rest"
)

// Agent is who calls: a user of the organisation who is active.
type Agent struct {
	ID         string
	Name       string
	Email      string
	DivisionID string // the home division; empty when Genesys Cloud does not say
}

// Config says whose tokens are accepted. BaseURL, OrganizationID and ClientID
// are required; other fields that are zero take the default that is given with
// them.
type Config struct {
	// BaseURL is the API of the organisation, as rest.BaseURL gives it.
	BaseURL string
	// HTTP sends the requests; its redirect policy is not used. One with the
	// default transport of net/http.
	HTTP *http.Client
	// OrganizationID is the organisation that the tokens must be of.
	OrganizationID string
	// ClientID is the OAuth client that the tokens must have been made for.
	ClientID string
	// API reads with the backend's own credentials whether a user who is known is
	// still active. Nil: the user's token is used for that, which may keep it from
	// ever being idle for long.
	API genesys.API

	// MaxAge is how long a verdict holds. 5 min, and no more.
	MaxAge time.Duration
	// Keep is for how many tokens verdicts are kept. 10 000.
	Keep int
	// MaxChecks is how many tokens are verified at a time; the owners of others are
	// told to come again. 16.
	MaxChecks int
	// Timeout is how long Genesys may take to answer. 10 s.
	Timeout time.Duration
	// PerMinute is how often a user may call in a minute, Burst how often at once.
	// 600 and 120.
	PerMinute, Burst int
}

const longestAge = 5 * time.Minute

// Verifier finds out by their tokens who calls. It is safe for concurrent use.
type Verifier struct {
	config    Config
	transport rest.Transport
	flights   singleflight.Group
	checking  chan struct{} // a place for each check
	verdicts  *verdicts
	rates     *Rates

	ctx  context.Context // ends with Close
	stop context.CancelFunc
}

// New returns a Verifier. Close ends it.
func New(c Config) *Verifier {
	c.MaxAge = min(orDefault(c.MaxAge, longestAge), longestAge)
	c.Keep = orDefault(c.Keep, 10_000)
	c.MaxChecks = orDefault(c.MaxChecks, 16)
	c.Timeout = orDefault(c.Timeout, 10*time.Second)
	c.PerMinute, c.Burst = orDefault(c.PerMinute, 600), orDefault(c.Burst, 120)
	v := &Verifier{config: c, transport: rest.HTTP(c.HTTP, c.BaseURL), checking: make(chan struct{}, c.MaxChecks),
		verdicts: newVerdicts(c.Keep), rates: NewRates(c.PerMinute, c.Burst, c.Keep)}
	v.ctx, v.stop = context.WithCancel(context.Background())
	return v
}

func orDefault[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// Close ends the requests that are under way. Then nobody is verified any more
// but those who were lately.
func (v *Verifier) Close() { v.stop() }

// tokenForm is what a bearer token can look like (RFC 6750, 2.1).
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// longestToken is how long one can be; how long those of Genesys are is not
// written anywhere.
const longestToken = 4096

// Verify returns who the token speaks for. Many calls with the same token lead
// to one check. The error wraps one of those of this package; see [Status].
func (v *Verifier) Verify(ctx context.Context, token string) (Agent, error) {
	if len(token) > longestToken || !tokenForm.MatchString(token) {
		return Agent{}, ErrToken
	}
	verdict, err := v.verdict(ctx, token)
	if err != nil {
		return Agent{}, err
	}
	if wait := v.rates.Take(verdict.ID, time.Now()); wait > 0 {
		return Agent{}, &RateError{wait}
	}
	return verdict, nil
}

// Forget lets the next call with the token ask Genesys Cloud again.
func (v *Verifier) Forget(token string) { v.verdicts.forget(sha256.Sum256([]byte(token))) }

func (v *Verifier) verdict(ctx context.Context, token string) (Agent, error) {
	digest := sha256.Sum256([]byte(token))
	if known, holds := v.verdicts.get(digest, time.Now()); holds {
		return known.agent, known.err
	}
	done := v.flights.DoChan(string(digest[:]), func() (any, error) { //nolint:contextcheck // it has time of its own
		if known, holds := v.verdicts.get(digest, time.Now()); holds { // of the flight before
			return known.agent, known.err
		}
		return v.check(token, digest)
	})
	select {
	case is := <-done:
		found, _ := is.Val.(Agent)
		return found, is.Err
	case <-ctx.Done():
		return Agent{}, unverified(ctx.Err())
	}
}

// check asks Genesys, in time of its own: others may wait for the verdict when
// who has called first has gone. A panic of the host's API or HTTP client would end
// the process here, as it is nobody's goroutine.
func (v *Verifier) check(token string, digest [sha256.Size]byte) (who Agent, err error) {
	defer func() {
		if p := recover(); p != nil { // its value is not shown: it may quote the token
			who, err = Agent{}, unverified(fmt.Errorf("the API or the HTTP client panicked: %T\n%s", p, debug.Stack()))
		}
	}()
	select {
	case v.checking <- struct{}{}:
		defer func() { <-v.checking }()
	default:
		return Agent{}, unverified(errBusy)
	}
	ctx, cancel := context.WithTimeout(v.ctx, v.config.Timeout)
	defer cancel()
	began := time.Now()
	before, _ := v.verdicts.get(digest, began)
	found := v.ask(ctx, token, before.agent.ID)
	if age := v.age(found, began); age > 0 {
		v.verdicts.put(digest, found, began.Add(age))
	}
	return found.agent, found.err
}
