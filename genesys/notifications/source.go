package notifications

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Source hears the notification service. It is a convtrack.Source, and safe
// for concurrent use.
type Source struct {
	config   Config
	log      *slog.Logger
	channels channels
	creating chan struct{} // its place is taken while a channel is got
	stats    counters

	sink    conversation.Sink
	inbox   *inbox
	started chan struct{} // closed when Run has begun
	news    chan struct{} // there is something to put down
	flood   chan struct{} // frames are dropped

	mu        sync.Mutex
	lines     []*line
	places    map[string]*line     // of each topic
	static    map[string]bool      // topics that are not for one conversation
	told      map[string]bool      // refused topics that were reported
	fatal     map[string]bool      // topics that make the platform refuse a whole list
	spawn     func(*line)          // runs a new line; nil before Run
	moved     time.Time            // when the processes that share the topics were last others
	gone      map[string]time.Time // processes that are not here any more, and since when
	abandoned map[string]bool      // channels that are given up, by id
	follows   follows
	singly    bool      // detail topics are not combined
	flooded   time.Time // since when frames are dropped; zero: none are
}

// New returns a source. Nothing happens before Run.
func New(c Config) (*Source, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &Source{
		config: c, log: c.Logger.With("source", c.Name), channels: channels{c.API},
		places: map[string]*line{}, static: map[string]bool{}, told: map[string]bool{}, fatal: map[string]bool{}, gone: map[string]time.Time{}, abandoned: map[string]bool{},
		news: make(chan struct{}, 1), flood: make(chan struct{}, 1), creating: make(chan struct{}, 1),
		follows: newFollows(), started: make(chan struct{}),
	}
	return s, nil
}

// String returns the source's name.
func (s *Source) String() string { return s.config.Name }

// errRunning: Run was called twice.
var errRunning = errors.New("notifications: Run may be called once; make a new Source with New to run again")

// Run listens until ctx ends, or the platform refuses for good: wrong
// credentials, or no right to create a channel. What it has read by then is
// given to the sink before it returns, for up to 5 s.
func (s *Source) Run(ctx context.Context, sink conversation.Sink) error {
	s.mu.Lock()
	if s.sink != nil {
		s.mu.Unlock()
		return errRunning
	}
	s.sink = sink
	s.mu.Unlock()
	s.inbox = newInbox(sink, s.config.MaxPending, s.log)
	heard := s.arrive(ctx)

	working, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	var workers sync.WaitGroup
	for range s.config.Workers {
		workers.Go(func() { s.inbox.work(working) })
	}
	lines, ctx := errgroup.WithContext(ctx)
	s.begin(heard, func(l *line) { lines.Go(func() error { return l.run(ctx) }) })
	lines.Go(func() error { s.rememberLoop(ctx); return nil })
	lines.Go(func() error { s.followLoop(ctx); return nil })
	lines.Go(func() error { s.shareLoop(ctx); return nil })
	lines.Go(func() error { s.floodLoop(ctx); return nil })
	close(s.started)
	err := lines.Wait()

	last := time.AfterFunc(lastWords, abort)
	defer last.Stop()
	s.inbox.close()
	workers.Wait()
	return err
}

// take takes a frame, and returns what it says about the channel, if it does.
// It never waits.
func (s *Source) take(frame []byte, read time.Time) genesys.SystemType {
	m, err := genesys.Decode(frame, read)
	s.stats.frames.Add(1)
	if err != nil {
		s.stats.undecodable.Add(1)
		s.log.Warn("a part of a frame is not understood", "topic", m.Topic, "reason", err)
		if strings.HasPrefix(m.Topic, "v2.detail.events.") && strings.Contains(m.Topic, "?") {
			s.listenSingly()
		}
	}
	switch m.Kind {
	case genesys.KindSystem:
		s.log.Info("the platform says", "about", m.System.Type, "reason", m.System.Reason)
		return m.System.Type
	case genesys.KindHeartbeat:
		s.stats.heartbeats.Add(1)
	}
	for _, c := range m.Conversations {
		if !s.inbox.add(c) {
			s.drop(read)
			continue
		}
		s.follow(c)
	}
	return ""
}

// drop notes that the store does not keep up.
func (s *Source) drop(at time.Time) {
	s.stats.dropped.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flooded.IsZero() {
		s.flooded = at
		s.log.Error("frames are dropped: too many conversations wait for the store", "pending", s.config.MaxPending)
		select {
		case s.flood <- struct{}{}:
		default:
		}
	}
}

// floodLoop announces the times in which frames are dropped.
func (s *Source) floodLoop(ctx context.Context) {
	for {
		select {
		case <-s.flood:
		case <-ctx.Done():
			return
		}
		for announced := false; pause.Sleep(ctx, floodEvery); announced = true {
			from, over := s.ebbs()
			g := conversation.Gap{From: from, Reason: "the store did not keep up, and frames were dropped"}
			if over {
				g.To = time.Now()
			}
			if over || !announced {
				s.announce(ctx, s.config.Name+"/flood", g)
			}
			if over {
				break
			}
		}
	}
}

// floodEvery is how often it is looked whether frames are still dropped.
const floodEvery = 5 * time.Second

// ebbs returns since when frames are dropped, and whether that is over.
func (s *Source) ebbs() (from time.Time, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from = s.flooded
	if over = s.inbox.len() < s.config.MaxPending/2+1; over {
		s.flooded = time.Time{}
	}
	return from, over
}

// announce tells the tracker of a gap.
func (s *Source) announce(ctx context.Context, source string, g conversation.Gap) {
	g.Source = source
	s.stats.gaps.Add(1)
	if err := s.sink(ctx, conversation.Update{Gap: &g}); err != nil && ctx.Err() == nil {
		s.log.Error("a gap could not be announced", "from", g.From, "to", g.To, "reason", g.Reason, "error", err)
	}
}

// refused reports refused topics, each once.
func (s *Source) refused(list []Refusal) {
	for _, r := range list {
		s.mu.Lock()
		known := s.told[r.Topic]
		if s.static[r.Topic] || len(s.told) < MostTopics {
			s.told[r.Topic] = true
		}
		if r.fatal {
			s.fatal[r.Topic] = true
		}
		s.mu.Unlock()
		if known {
			continue
		}
		s.stats.refuse(r)
		s.log.Warn("a topic is refused", "topic", r.Topic, "reason", r.Reason)
		if s.config.OnRefused != nil {
			s.config.OnRefused(r)
		}
	}
}

// acceptable leaves out the topics that make the platform refuse a whole list.
func (s *Source) acceptable(topics []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(topics, func(t string) bool { return s.fatal[t] })
}
