package platform

import (
	"errors"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/genesys/directory"
	calls "github.com/dcmkit/convtrack/genesys/internal/rest"
	"github.com/dcmkit/convtrack/genesys/rest"
)

// What a client is and does is the same however its requests travel.
type (
	// Config says which organisation to call and how.
	Config = rest.Config
	// Client calls the REST API of one organisation. It is safe for concurrent
	// use. Make one for each OAuth client and share it: it keeps the rate
	// limit, which is per OAuth client.
	Client = rest.Client
	// Stats are counts since the Client was made, and present levels.
	Stats = rest.Stats

	// Organization is the organisation that the credentials belong to.
	Organization = directory.Organization
	// User is a person of the organisation.
	User = directory.User
	// Queue is an ACD queue.
	Queue = directory.Queue
)

// sdkTimeout is the time limit that the SDK has built in.
const sdkTimeout = 16 * time.Second

// New returns a Client whose requests go through the official SDK. It sends
// nothing before the first call: use its Organization to find out whether the
// credentials are good.
func New(c Config) (*Client, error) {
	if c.Timeout > sdkTimeout {
		return nil, fmt.Errorf("platform: Config.Timeout must be between 0 and %v, the limit of the SDK", sdkTimeout)
	}
	if c.Timeout == 0 {
		c.Timeout = sdkTimeout
	}
	if c.HTTP != nil {
		return nil, errors.New("platform: Config.HTTP is for genesys/rest; here the SDK sends the requests")
	}
	return rest.Over(c, func(base string) calls.Transport {
		return &transport{base: base, login: calls.LoginURL(base)}
	})
}
