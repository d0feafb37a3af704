package polling

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/internal/host"
)

// Config says what to read, and how often. A field that is zero takes the
// default that its comment gives.
type Config struct {
	// API calls the organisation. Required.
	API genesys.API
	// Tracked lists the known conversations and stores the position of the
	// source. Required: the tracker that runs the source.
	Tracked genesys.Tracked
	// Name distinguishes sources that use the same Tracked. Processes that share
	// a store share the work of the sources with the same name. "polling".
	Name string

	// Beside is a source that hears live and runs in the same process. It is
	// given the records of open conversations that are read, to compare them
	// with what it has heard: notifications.Source, whose channels can be
	// subscribed and yet deaf. Nil: there is none, or it does not compare.
	Beside Comparer

	// DiscoverEvery is how often to look for new conversations. 30 s.
	DiscoverEvery time.Duration
	// FollowEvery is how often to read an open conversation that changes. 30 s.
	FollowEvery time.Duration
	// FollowBeside takes its place while another source hears. 3 min.
	FollowBeside time.Duration
	// FollowLeast is the longest interval, for a conversation that has not
	// changed for long. 10 min.
	FollowLeast time.Duration
	// Overlap is how late a record may appear and still be found. 10 min.
	Overlap time.Duration
	// Lookback is how far the first start looks back for conversations, and also
	// the repair of a gap that began at an unknown time. 24 h.
	Lookback time.Duration
	// JobsEvery is how often to read activity with a details job. 1 h. Negative:
	// never.
	JobsEvery time.Duration
	// LateAfter is how long after its end a conversation is read again. 1 h,
	// 24 h, 73 h, and 7, 14, 28, 46 and 91 days: as long as evaluations and
	// surveys can change. Empty but not nil: never.
	LateAfter []time.Duration
	// WithoutQuality leaves evaluations and surveys out.
	WithoutQuality bool

	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger
}

// A Comparer hears conversations live and can find out that it has missed
// something. Compare takes the record of an open conversation as it was just
// read; it must return soon and must not keep the record. One that has a method
// Health, as notifications.Source has, tells so whether it hears, also where it was
// never blind: while it does, open conversations are read less often
// (Config.FollowBeside).
type Comparer interface {
	Compare(c *conversation.Conversation)
}

func (c Config) withDefaults() Config {
	for _, d := range []struct {
		is        *time.Duration
		otherwise time.Duration
	}{
		{&c.DiscoverEvery, 30 * time.Second}, {&c.FollowEvery, 30 * time.Second}, {&c.FollowBeside, 3 * time.Minute},
		{&c.FollowLeast, 10 * time.Minute}, {&c.Overlap, 10 * time.Minute}, {&c.Lookback, 24 * time.Hour}, {&c.JobsEvery, time.Hour},
	} {
		if *d.is == 0 {
			*d.is = d.otherwise
		}
	}
	if c.LateAfter == nil {
		c.LateAfter = defaultLateAfter()
	}
	c.LateAfter = slices.Clone(c.LateAfter)
	if c.Name == "" {
		c.Name = "polling"
	}
	c.Logger = host.Logger(c.Logger)
	return c
}

// validate returns an error that tells the host what to correct.
func (c *Config) validate() error {
	if c.API == nil {
		return fmt.Errorf("polling: Config.API is nil; platform.New gives one")
	}
	if c.Tracked == nil {
		return fmt.Errorf("polling: Config.Tracked is nil; it is the tracker that runs the source")
	}
	for _, d := range []struct {
		name string
		is   time.Duration
	}{
		{"DiscoverEvery", c.DiscoverEvery}, {"FollowEvery", c.FollowEvery}, {"FollowBeside", c.FollowBeside},
		{"FollowLeast", c.FollowLeast}, {"Overlap", c.Overlap}, {"Lookback", c.Lookback},
	} {
		if d.is < time.Second {
			return fmt.Errorf("polling: Config.%s is %v; it must be at least 1s, as the platform allows 300 calls a minute", d.name, d.is)
		}
	}
	for _, d := range c.LateAfter {
		if d < time.Minute {
			return fmt.Errorf("polling: Config.LateAfter holds %v; the least is 1m", d)
		}
	}
	return nil
}
