package notifications

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/directory"
	"github.com/dcmkit/convtrack/internal/host"
)

// Limits of the notification service (protocol 2.2).
const (
	// MostTopics is how many topics a channel can have.
	MostTopics = 1000
	// MostChannels is how many channels there can be for one OAuth client.
	// One more would end the one that was used least recently.
	MostChannels = 20
	mostName     = 200 // characters of a topic's name
)

// DetailEvents are the detail events that say more than the snapshots of user
// and queue topics; see Config.DetailEvents.
func DetailEvents() []string {
	return []string{"customer.start", "customer.end", "acd.start", "acd.end", "user.start", "user.end", "acw", "attributes"}
}

// UserTopics are the topics that tell of all conversations of these users.
func UserTopics(ids ...string) []string { return topics("v2.users.", ids) }

// QueueTopics are the topics that tell of all conversations in these queues.
func QueueTopics(ids ...string) []string { return topics("v2.routing.queues.", ids) }

func topics(prefix string, ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = prefix + id + ".conversations"
	}
	return names
}

// Config says what to hear. Fields that are zero take the default that is
// given with them.
type Config struct {
	// API calls the organisation. Required.
	API genesys.API

	// Topics are the topics to subscribe: see UserTopics and QueueTopics.
	// SetTopics changes them while the source runs.
	Topics []string

	// Follow chooses users and queues by division or by name, whose topics are
	// subscribed beside Topics. They are looked for before anything is heard, and
	// every few minutes from then on: who is new is followed, and what is known of
	// the time since the last look is announced as a gap; who is not found twice in
	// a row is dropped. Where the channels have no room for all, those that were
	// followed stay, queues come before users, and the rest is said in the log and
	// in Stats. It needs routing:queue:view for queues and directory:user:view for
	// users. Nil: nobody is looked for.
	Follow *directory.Selection
	// FollowEvery is how often Follow is looked for again. 5 min.
	FollowEvery time.Duration

	// DetailEvents are the detail events to subscribe for each conversation
	// that is heard of or tracked, as they go on telling of it when its agents and
	// queues are none of Topics. They are combined, so they cost one topic for
	// each open conversation; where there is no room for all, the latest
	// conversations get it. None.
	DetailEvents []string

	// Tracked keeps, over a restart, when the source last heard and which
	// channels are its own. It also says which conversations are open. Without
	// it the time before the start is a gap of unknown length, and each start
	// leaves a channel behind that counts until it expires. What is kept holds
	// the addresses of channels, which let whoever reads them listen.
	Tracked genesys.Tracked

	// Name tells apart sources that use the same Tracked. Processes that share
	// a store share the topics of the sources with the same name: each topic is
	// heard by one of them, and by another when that one is gone.
	// "notifications".
	Name string

	// MaxChannels is how many channels to use. 20.
	MaxChannels int
	// TopicsPerChannel is how many topics to put on one. 1000.
	TopicsPerChannel int
	// MaxPending is how many conversations may wait for the store. Beyond it
	// frames are dropped, and announced as a gap. 10 000.
	MaxPending int
	// Workers is how many conversations are given to the tracker at a time. 64.
	Workers int

	// DialContext opens the connection of a socket. That of net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// OnFrame is called with each frame as it arrives, before anything else is done
	// with it, by several goroutines at a time: for diagnosis. It must return soon,
	// and neither change nor keep the frame, which holds personal data. Nil.
	OnFrame func(frame []byte, read time.Time)
	// OnRefused is called for each topic that the platform refuses, once. It
	// must return soon. Nil.
	OnRefused func(Refusal)
	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger
}

// Times of the source, all in terms of the platform's (protocol 2.5).
const (
	// askAfter is the quiet after which a socket is asked for a sign of life:
	// the platform's heartbeat, every 30 s, is overdue.
	askAfter = 33 * time.Second
	// deadAfter is the quiet after which a socket is given up.
	deadAfter = 43 * time.Second
	// renewEvery is how often the subscriptions of a channel are renewed. A
	// channel lives 24 h from the last time.
	renewEvery = 5 * time.Hour
	// gather is how long changes of the topics are gathered into one call, and
	// gatherDetails how long those of detail topics are, which come with every
	// conversation.
	gather        = 250 * time.Millisecond
	gatherDetails = 5 * time.Second
	// drainTimeout is how long a source that stops goes on giving to the tracker
	// what it has read.
	drainTimeout = 5 * time.Second
)

func (c Config) withDefaults() Config {
	number := func(n *int, otherwise int) {
		if *n == 0 {
			*n = otherwise
		}
	}
	number(&c.MaxChannels, MostChannels)
	number(&c.TopicsPerChannel, MostTopics)
	number(&c.MaxPending, 10_000)
	number(&c.Workers, 64)
	if c.FollowEvery == 0 {
		c.FollowEvery = 5 * time.Minute
	}
	if c.Name == "" {
		c.Name = "notifications"
	}
	if c.DialContext == nil {
		c.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	c.Logger = host.Logger(c.Logger)
	c.Topics = slices.Clone(c.Topics)
	return c
}

// validate says in a sentence what is wrong with the configuration.
func (c *Config) validate() error {
	if c.API == nil {
		return fmt.Errorf("notifications: Config.API is nil; platform.New gives one")
	}
	if c.MaxChannels < 1 || c.MaxChannels > MostChannels {
		return fmt.Errorf("notifications: Config.MaxChannels is %d; it must be between 1 and %d, as the platform ends a channel when there is one more", c.MaxChannels, MostChannels)
	}
	if c.TopicsPerChannel < 1 || c.TopicsPerChannel > MostTopics {
		return fmt.Errorf("notifications: Config.TopicsPerChannel is %d; it must be between 1 and %d, which is the platform's limit", c.TopicsPerChannel, MostTopics)
	}
	if c.MaxPending < 1 || c.Workers < 1 {
		return fmt.Errorf("notifications: Config.MaxPending is %d and Config.Workers %d; both must be at least 1, or 0 for the default", c.MaxPending, c.Workers)
	}
	if len(c.Topics) == 0 && len(c.DetailEvents) == 0 && c.Follow == nil {
		return fmt.Errorf("notifications: Config.Topics is empty and Follow nil, so there is nothing to hear; UserTopics and QueueTopics make topics of ids, Follow finds them")
	}
	if c.FollowEvery < 0 {
		return fmt.Errorf("notifications: Config.FollowEvery is %v; it must not be negative", c.FollowEvery)
	}
	if c.Follow != nil {
		if err := c.Follow.Validate(); err != nil {
			return err
		}
	}
	return c.validTopics(c.Topics)
}

func (c *Config) validTopics(names []string) error {
	for _, name := range names {
		if !strings.HasPrefix(name, "v2.") || len(name) > mostName {
			return fmt.Errorf("notifications: %q is not a topic: it must begin with v2. and have at most %d characters", name, mostName)
		}
	}
	if room := c.MaxChannels * c.TopicsPerChannel; len(names) > room {
		return fmt.Errorf("notifications: %d topics do not fit on %d channels of %d; follow queues instead of users, or use EventBridge", len(names), c.MaxChannels, c.TopicsPerChannel)
	}
	return nil
}
