package rest

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/dcmkit/convtrack/genesys"
)

// Config says which organisation to call and how. ClientID, ClientSecret and
// one of Region and BaseURL are required; other fields that are zero take the
// default that is given with them. Printed or logged, it does not show the
// secret.
type Config struct {
	// Region is where the organisation lives; see [genesys.ParseRegion].
	Region genesys.Region
	// BaseURL is for simulators and gateways: it is what precedes /api/v2, in
	// place of the region's host. https, or http on a loopback address. The
	// login is at BaseURL/oauth/token; where its host begins with "api.", the
	// login host is the same with "login.".
	BaseURL string
	// ClientID and ClientSecret are those of an OAuth client with the grant
	// Client Credentials. All clients that share them share one rate limit.
	ClientID     string
	ClientSecret string `json:"-"`

	// Logger gets a line for each call at debug level (method, path without
	// ids, status, time taken), and warnings when the platform throttles us
	// or gives no token. slog.Default().
	Logger *slog.Logger
	// MaxBody is the size of an answer, in bytes, beyond which it is refused.
	// 64 MiB.
	MaxBody int64
	// MaxInFlight is how many calls may be under way at a time. 16.
	MaxInFlight int
	// RequestsPerMinute is the rate limit until the platform says what it is.
	// 300.
	RequestsPerMinute int
	// Timeout is how long a request may take, waiting for its turn not
	// counted. 60 s; with platform 16 s, and no more, as the SDK allows no more.
	Timeout time.Duration
	// HTTP sends the requests; its redirect policy is not used. One with the
	// default transport of net/http. With platform it is the SDK that sends
	// them, and this must be nil.
	HTTP *http.Client
}

func (c Config) String() string {
	return fmt.Sprintf("Config{Region: %s, BaseURL: %s, ClientID: %s, ClientSecret: [redacted]}", c.Region.Name, c.shownURL(), c.ClientID)
}

// GoString implements fmt.GoStringer.
func (c Config) GoString() string { return c.String() }

// LogValue implements slog.LogValuer.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("region", c.Region.Name), slog.String("base_url", c.shownURL()), slog.String("client_id", c.ClientID))
}

// shownURL is the base URL without what may be secret in it.
func (c Config) shownURL() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return "[malformed]"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// validate says in a sentence what is wrong with the configuration.
func (c Config) validate() error {
	if c.ClientID == "" || c.ClientSecret == "" {
		return errors.New("genesys: Config.ClientID and ClientSecret are required: those of an OAuth client with the grant Client Credentials")
	}
	if c.MaxBody < 0 || c.MaxInFlight < 0 || c.RequestsPerMinute < 0 || c.Timeout < 0 {
		return errors.New("genesys: Config.MaxBody, MaxInFlight, RequestsPerMinute and Timeout must not be negative; 0 is the default")
	}
	return nil
}
