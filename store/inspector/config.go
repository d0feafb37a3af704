package inspector

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/dcmkit/convtrack"
)

// Config is what an inspector needs.
type Config struct {
	// Tracker is what the pages show and decide through. It is required.
	Tracker *convtrack.Tracker
	// Access says who asks and what they may see and do. It is called for each
	// request, and is where the host asks its own sessions, or Basic credentials
	// that it has checked. It is required: there is no default.
	Access func(*http.Request) Access
	// Key signs the tokens without which nothing is decided. Processes behind one
	// address need the same one. At least 16 bytes; nil takes a random one.
	Key []byte
	// Reads is how many reads of the store run at a time for all who look; further
	// ones wait, and are refused after some seconds. So people who look never take
	// the connections that the tracker waits for: stay far below the size of the
	// store's pool. One more is for pages that are followed live. 2.
	Reads int
	// Streams is how many pages may be followed live at a time. 32.
	Streams int
	// Logger gets what a page could not be made of. slog.Default().
	Logger *slog.Logger
}

// Role is what somebody may do.
type Role string

// The roles.
const (
	NoRole Role = ""       // nothing: every answer is 403
	View   Role = "view"   // see all pages
	Decide Role = "decide" // the same, and retry or skip what failed
)

// Access is what somebody may see and do.
type Access struct {
	Role Role
	// Actor is on whose behalf something is decided: it goes into the log as it
	// is; see [convtrack.WithActor]. Nobody without one can decide.
	Actor string
	// Personal is the right to see personal data: names, addresses, attributes,
	// subjects, notes, comments, and what hooks returned as errors, as those may
	// quote such data. Without it they are masked, and nothing can be searched by
	// them.
	Personal bool
}

func (a Access) mayView() bool   { return a.Role == View || a.Role == Decide }
func (a Access) mayDecide() bool { return a.Role == Decide }

const shortestKey = 16

// complete checks the configuration and fills in what is optional.
func (c Config) complete() (Config, error) {
	switch {
	case c.Tracker == nil:
		return c, errors.New("inspector: Config.Tracker is missing; it is what the pages show")
	case c.Access == nil:
		return c, errors.New("inspector: Config.Access is missing; it has to say who may see what, as the inspector knows nobody by itself")
	case c.Key != nil && len(c.Key) < shortestKey:
		return c, fmt.Errorf("inspector: Config.Key has %d bytes; take %d random ones at least, or none for a random key", len(c.Key), shortestKey)
	case c.Reads < 0:
		return c, fmt.Errorf("inspector: Config.Reads is %d; it is how many reads run at a time, 0 for 2", c.Reads)
	case c.Streams < 0:
		return c, fmt.Errorf("inspector: Config.Streams is %d; it is how many pages may be followed at a time, 0 for 32", c.Streams)
	}
	if c.Key == nil {
		c.Key = make([]byte, 2*shortestKey)
		_, _ = rand.Read(c.Key) // it never fails
	}
	if c.Reads == 0 {
		c.Reads = 2
	}
	if c.Streams == 0 {
		c.Streams = 32
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}
