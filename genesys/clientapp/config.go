package clientapp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/internal/host"
)

// Config says whose agents the page is for, and what it tells them. One of
// Region and BaseURL, ClientID, OrganizationID and Sink are required, and API unless
// AnyAgent is set; other fields that are zero take the default that is given
// with them.
type Config struct {
	// Region is where the organisation lives; see [genesys.ParseRegion]. The
	// browser talks to hosts of this domain alone.
	Region genesys.Region
	// BaseURL is for simulators and gateways: API and login are under it, in
	// place of the region's hosts. https, or http on a loopback address.
	BaseURL string
	// ClientID is the OAuth client that the page logs agents in with: one with
	// the grant Code Authorization, whose redirect URI is the address of the page
	// without a query. It needs no secret, as the page uses PKCE.
	ClientID string
	// Embedders are the origins that may embed the page, beside
	// https://apps.<domain>: that of a CRM that Genesys Cloud is embedded in. All
	// of the pages around a frame are checked, so that Genesys's is always one.
	Embedders []string
	// SDK holds Genesys's two SDKs as npm installs them: a folder node_modules,
	// as os.DirFS. Nil: they come from Genesys's CDN; see [SDKFiles].
	SDK fs.FS

	// OrganizationID is the organisation whose agents may log in: tokens of
	// others, and those of other OAuth clients, are refused.
	OrganizationID string
	// HTTP asks Genesys Cloud whose token it is that the browser presents. One with
	// the default transport of net/http.
	HTTP *http.Client

	// Sink takes the hints; a Tracker's Observe is one.
	Sink conversation.Sink

	// Conversation returns what is known of a conversation, to see who takes part
	// in it; a Tracker's Get is one. Nil: API is asked each time.
	Conversation func(ctx context.Context, id string) (*conversation.Conversation, error)
	// API reads, with the host's own credentials, a conversation of which
	// Conversation does not know that the agent takes part: it is new, or the
	// agent is.
	API genesys.API
	// AnyAgent lets every agent of the organisation hint at, and see the cases of,
	// conversations that he takes no part in. By itself he must be one of its
	// participants.
	AnyAgent bool

	// Case returns what the panel shows of the case of a conversation; a case
	// without an ID: there is none yet. It is called when a panel opens, after
	// [App.CaseChanged] and every CaseEvery. It must be safe for concurrent use and
	// return when ctx ends. Nil: there are no cases.
	Case func(ctx context.Context, conversationID string, agent Agent) (Case, error)
	// CaseEvery is how often Case is called although nobody has said that the case
	// has changed: so panels learn of what another process has done. 10 s.
	CaseEvery time.Duration
	// Heard gets what the browser has seen of a conversation, once the hint is
	// stored. It comes from the browser and proves nothing; it is for looking into
	// how things went, and is personal data. It must be safe for concurrent use and
	// should return when ctx ends; the page is answered then in any case. While
	// MaxConcurrent calls have not returned it is not told of more. Nil: the page
	// does not send it.
	Heard func(ctx context.Context, h Heard)

	// MaxPerMinute is how many posts and streams an agent may begin in a minute,
	// and a fifth of them at once; the others are answered 429. 600.
	MaxPerMinute int
	// MaxConcurrent is how many posts are handled at a time. 64.
	MaxConcurrent int
	// MaxStreams is how many event streams may be open: a browser has one. 10000.
	MaxStreams int
	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger
}

func (c Config) validate() error {
	switch {
	case c.ClientID == "":
		return errors.New("clientapp: Config.ClientID is empty; it is that of an OAuth client with the grant Code Authorization")
	case c.OrganizationID == "":
		return errors.New("clientapp: Config.OrganizationID is empty; Genesys Cloud shows it under Admin, Organization Settings")
	case c.Sink == nil:
		return errors.New("clientapp: Config.Sink is nil; a Tracker's Observe is one")
	case c.API == nil && !c.AnyAgent:
		return errors.New("clientapp: Config.API is nil, so that nobody knows who takes part in a new conversation; set it, or AnyAgent")
	case c.CaseEvery < 0 || c.MaxPerMinute < 0 || c.MaxConcurrent < 0 || c.MaxStreams < 0:
		return fmt.Errorf("clientapp: Config.CaseEvery is %v, MaxPerMinute %d, MaxConcurrent %d and MaxStreams %d; they must not be negative",
			c.CaseEvery, c.MaxPerMinute, c.MaxConcurrent, c.MaxStreams)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.CaseEvery == 0 {
		c.CaseEvery = 10 * time.Second
	}
	if c.MaxPerMinute == 0 {
		c.MaxPerMinute = 600
	}
	if c.MaxConcurrent == 0 {
		c.MaxConcurrent = 64
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = 10_000
	}
	c.Logger = host.Logger(c.Logger)
	return c
}
