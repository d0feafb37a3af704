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
	// One more would end the least recently used one.
	MostChannels = 20
	mostName     = 200 // characters of a topic's name
)

// DetailEvents are the detail events that say more than the snapshots of user
// and queue topics; see Config.DetailEvents.
func DetailEvents() []string {
	return []string{"customer.start", "customer.end", "acd.start", "acd.end", "user.start", "user.end", "acw", "attributes"}
}

// UserTopics are the topics for all conversations of these users.
func UserTopics(ids ...string) []string { return topics("v2.users.", ids) }

// QueueTopics are the topics for all conversations in these queues.
func QueueTopics(ids ...string) []string { return topics("v2.routing.queues.", ids) }

func topics(prefix string, ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = prefix + id + ".conversations"
	}
	return names
}

// Config says what to listen to, and how. A field that is zero takes the default
// at the end of its comment.
type Config struct {
	// API calls the organisation's platform API. Required.
	API genesys.API

	// Topics are the topics to subscribe: see UserTopics and QueueTopics.
	// SetTopics changes them while the source runs.
	Topics []string

	// Follow selects users and queues by division or by name; their topics are
	// subscribed in addition to Topics. The selection is looked up before listening
	// begins, and every FollowEvery from then on. A user or queue that is new is
	// followed, and the time since the last lookup is announced as a gap; one that
	// two lookups in a row do not find is dropped. Where the channels have no room
	// for all, those that were followed stay, queues come before users, and the log
	// and Stats say how many are left out. It needs routing:queue:view for queues
	// and directory:user:view for users. Nil: nobody is followed.
	Follow *directory.Selection
	// FollowEvery is how often the selection of Follow is looked up again. 5 min.
	FollowEvery time.Duration

	// DetailEvents are the detail events to subscribe for each conversation that
	// is heard of or tracked: they still arrive when the conversation has moved to
	// agents and queues that are not in Topics. They are combined, so they cost one
	// topic for each open conversation; where there is no room for all, the latest
	// conversations get it. None.
	DetailEvents []string

	// Tracked keeps, across restarts, when the source last heard and which
	// channels are its own. It also says which conversations are open. Without
	// it the time before the start is a gap of unknown length, and each start
	// leaves a channel behind that counts towards the limit until it expires. The
	// addresses of channels are kept too: whoever can read them can listen.
	Tracked genesys.Tracked

	// Name tells sources apart that use the same Tracked. Processes that share a
	// store divide the topics of the sources with the same name: one of them
	// listens to each topic, and another takes over when that one is gone.
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

// Times of the source, derived from the platform's (protocol 2.5).
const (
	// askAfter is the silence after which a ping is sent: the platform's
	// heartbeat, every 30 s, is overdue.
	askAfter = 33 * time.Second
	// deadAfter is the silence after which a socket is given up.
	deadAfter = 43 * time.Second
	// renewEvery is how often the subscriptions of a channel are renewed. A
	// channel lives 24 h from the last time.
	renewEvery = 5 * time.Hour
	// gather is how long changes of the topics are collected for one call, and
	// gatherDetails the same for detail topics, which change with every
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
