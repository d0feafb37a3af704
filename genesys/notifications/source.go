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
	"github.com/dcmkit/convtrack/internal/host"
)

// Source listens to the notification service. It is a convtrack.Source, and safe
// for concurrent use.
type Source struct {
	config Config
	log    *slog.Logger
	stats  *counters

	peers    *peers
	claims   *claims
	refused  *refusedTopics
	assigned *assignment
	details  *detailTopics
	sharing  *sharing
	wanted   *wanted
	doubts   *doubts
	overload *overload
	inbox    *inbox

	changed chan struct{} // there is something to record for the peers

	mu   sync.Mutex
	sink conversation.Sink // nil before Run
}

// New returns a source. Nothing happens before Run.
func New(c Config) (*Source, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	log := c.Logger.With("source", c.Name)
	s := &Source{config: c, log: log, stats: &counters{}, changed: make(chan struct{}, 1)}
	s.peers = &peers{c.Tracked, c.Name}
	s.claims = newClaims(s.peers, channels{c.API}, log)
	s.refused = newRefusedTopics(log, c.OnRefused)
	s.assigned = newAssignment(c.TopicsPerChannel, c.MaxChannels, s.connection)
	s.details = newDetailTopics(c.DetailEvents, s.assigned, s.peers, log)
	s.sharing = newSharing(c.Topics, s.peers, s.assigned, s.details.dropOldest, log, s.announcer("takeover"))
	s.wanted = newWanted(c, s.sharing.set, s.sharing.looked, log)
	s.doubts = &doubts{api: c.API, peers: s.peers, assigned: s.assigned, refused: s.refused, found: s.add, log: log}
	s.inbox = newInbox(s.give, c.MaxPending, log)
	s.overload = newOverload(c.MaxPending, s.inbox.len, log, s.announcer("overload"))
	return s, nil
}

// String returns the source's name.
func (s *Source) String() string { return s.config.Name }

// errRunning: Run was called twice.
var errRunning = errors.New("notifications: Run may be called once; make a new Source with New to run again")

// Run listens until ctx ends, or the platform refuses for good: wrong
// credentials, or no right to create a channel or to list whom to follow. What it
// has read by then is given to the sink before it returns, for up to 5 s.
func (s *Source) Run(ctx context.Context, sink conversation.Sink) error {
	s.mu.Lock()
	if s.sink != nil {
		s.mu.Unlock()
		return errRunning
	}
	s.sink = sink
	s.mu.Unlock()

	working, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	var workers sync.WaitGroup
	for range s.config.Workers {
		workers.Go(func() { s.inbox.work(working) })
	}
	if err := s.wanted.begin(ctx); err != nil || ctx.Err() != nil {
		s.inbox.close()
		workers.Wait()
		return err
	}
	stop := ctx
	group, ctx := errgroup.WithContext(ctx)
	s.assigned.start = func(c *connection) { group.Go(func() error { return c.run(ctx) }) }
	for _, run := range []func(context.Context){s.sharing.run, s.wanted.run, s.record, s.details.run, s.doubts.run, s.overload.run} {
		group.Go(func() error { run(ctx); return nil })
	}
	err := group.Wait()

	last := time.AfterFunc(drainTimeout, abort)
	defer last.Stop()
	s.inbox.close()
	workers.Wait()
	s.leave(context.WithoutCancel(stop))
	return err
}

// connection makes a connection.
func (s *Source) connection(number int) *connection {
	return newConnection(shared{
		name: s.config.Name, log: s.log, stats: s.stats, channels: channels{s.config.API}, claims: s.claims, refused: s.refused,
		dial: s.config.DialContext, take: s.take, announce: s.announce, tellPeers: func() { wake(s.changed) },
	}, number)
}

// SetTopics replaces Config.Topics while the source runs; Config.Follow needs no
// call for users and queues that come and go. It fails, and changes nothing, when
// there are too many names, or one that is not a topic. Topics of Follow and detail
// topics of conversations are given up to make room for these.
func (s *Source) SetTopics(names ...string) error {
	if err := s.config.validTopics(names); err != nil {
		return err
	}
	return s.wanted.fix(names)
}

// Compare compares a conversation that another source has read from the API with
// the events of the channels: a channel that should have sent an event about it
// and did not is deaf, and is replaced. Only channels of this process are checked;
// each process checks its own. Compare does not keep the conversation, returns at
// once, and may be called at any time.
func (s *Source) Compare(c *conversation.Conversation) { s.doubts.compare(c) }

// give gives what was heard to the sink.
func (s *Source) give(ctx context.Context, u conversation.Update) error { return s.sink(ctx, u) }

// take decodes a frame, passes its conversations on, and returns the message. It
// never waits.
func (s *Source) take(frame []byte, read time.Time) *genesys.Message {
	if s.config.OnFrame != nil {
		host.Call(s.log, "Config.OnFrame", func() { s.config.OnFrame(frame, read) })
	}
	m, err := genesys.Decode(frame, read)
	s.stats.frames.Add(1)
	if err != nil {
		s.stats.undecodable.Add(1)
		s.log.Warn("a part of a frame is not understood", "topic", m.Topic, "reason", err)
		if strings.HasPrefix(m.Topic, "v2.detail.events.") && strings.Contains(m.Topic, "?") {
			s.details.subscribeSingly()
		}
	}
	switch m.Kind {
	case genesys.KindSystem:
		s.log.Info("the platform says", "about", m.System.Type, "reason", m.System.Reason)
	case genesys.KindHeartbeat:
		s.stats.heartbeats.Add(1)
	}
	for _, c := range m.Conversations {
		s.add(c)
	}
	return m
}

// add passes on a partial conversation, or drops it when too many wait.
func (s *Source) add(c *conversation.Conversation) {
	if !s.inbox.add(c) {
		s.stats.dropped.Add(1)
		s.overload.dropped(time.Now())
		return
	}
	s.details.follow(c)
}

// announce tells the tracker of a gap.
func (s *Source) announce(ctx context.Context, source string, g conversation.Gap) {
	g.Source = source
	s.stats.gaps.Add(1)
	if err := s.give(ctx, conversation.Update{Gap: &g}); err != nil && ctx.Err() == nil {
		s.log.Error("a gap could not be announced", "from", g.From, "to", g.To, "reason", g.Reason, "error", err)
	}
}

func (s *Source) announcer(part string) func(context.Context, conversation.Gap) {
	return func(ctx context.Context, g conversation.Gap) { s.announce(ctx, s.config.Name+"/"+part, g) }
}

// record records for the peers, regularly and when something has changed, what
// is heard here and which channels are used for it.
func (s *Source) record(ctx context.Context) {
	if s.config.Tracked == nil {
		return
	}
	for {
		wait := recordEvery
		if s.sharing.changes() {
			wait = recordSoon
		}
		select {
		case <-s.changed:
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		if s.sharing.changes() {
			s.proveAlive()
		}
		var signs signs
		err := s.peers.change(ctx, func(is *state) bool {
			s.claims.record(is)
			s.sharing.record(is, s.storedUntil())
			signs = slices.Clone(is.Signs)
			return true
		})
		s.claims.recorded(err)
		switch {
		case err == nil:
			if s.sharing.compare(ctx, signs) {
				wake(s.changed)
			}
		case ctx.Err() == nil:
			s.log.Warn("until when topics were heard could not be recorded", "error", err)
		}
	}
}

// leave records for the peers until when topics were heard here, and that the
// channels are free.
func (s *Source) leave(ctx context.Context) {
	err := s.peers.change(ctx, func(is *state) bool {
		s.sharing.record(is, s.storedUntil())
		s.claims.leave(is)
		return true
	})
	if err != nil {
		s.log.Warn("until when topics were heard could not be recorded", "error", err)
	}
}

// proveAlive waits up to a second for a sign of life on every connection.
func (s *Source) proveAlive() {
	var all sync.WaitGroup
	for _, c := range s.assigned.all() {
		all.Go(c.proveAlive)
	}
	all.Wait()
}

// storedUntil returns the time up to which everything that was heard is stored;
// zero while frames are dropped.
func (s *Source) storedUntil() time.Time {
	if s.overload.active() {
		return time.Time{}
	}
	if since, some := s.inbox.oldest(); some {
		return since
	}
	return time.Now()
}
