package polling

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// Source reads the REST API. It is a convtrack.Source and a
// convtrack.Repairer, and safe for concurrent use.
type Source struct {
	config   Config
	log      *slog.Logger
	notebook notebook
	reader   reader
	stats    counters

	begin  sync.Once
	mu     sync.Mutex
	open   schedule
	gaps   gaps
	absent map[string]bool // reads that the OAuth client has no right to
}

// New returns a source. Nothing happens before Run.
func New(c Config) (*Source, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &Source{
		config: c, log: c.Logger.With("source", c.Name), notebook: newNotebook(c.Tracked, c.Name),
		open: newSchedule(), gaps: newGaps(), absent: map[string]bool{},
	}
	s.reader = reader{api: c.API, note: func(what string, err error) { s.log.Warn(what, "reason", err) }}
	return s, nil
}

// String returns the source's name.
func (s *Source) String() string { return s.config.Name }

// errRunning: Run was called twice.
var errRunning = errors.New("polling: Run may be called once; make a new Source with New to run again")

// Run reads until ctx ends, or the platform refuses for good: wrong
// credentials, or no right to read the details of conversations.
func (s *Source) Run(ctx context.Context, sink conversation.Sink) error {
	first := false
	s.begin.Do(func() { first = true })
	if !first {
		return errRunning
	}
	s.reader.sink = sink
	if !s.openNotebook(ctx) {
		return nil
	}
	loops, ctx := errgroup.WithContext(ctx)
	// Without discovering there is nothing to do, so what it is refused ends
	// the source; the others go on.
	loops.Go(func() error { return s.repeat(ctx, s.config.DiscoverEvery, s.leading(s.discover), genesys.IsPermanent) })
	loops.Go(func() error { return s.repeat(ctx, s.config.followTick(), s.follow, nil) })
	loops.Go(func() error { return s.repairLoop(ctx) })
	if len(s.config.LateAfter) > 0 {
		loops.Go(func() error { return s.repeat(ctx, lateTick, s.leading(s.late), nil) })
	}
	if s.config.JobsEvery > 0 {
		loops.Go(func() error { return s.repeat(ctx, s.config.JobsEvery, s.leading(s.job), nil) })
	}
	return loops.Wait()
}

// openNotebook reads where the source was. A store that does not answer yet is
// asked again; it reports false when ctx ends meanwhile.
func (s *Source) openNotebook(ctx context.Context) bool {
	pause := newPause()
	for {
		err := s.notebook.open(ctx)
		if err == nil {
			break
		}
		wait := pause.NextBackOff()
		if ctx.Err() == nil {
			s.log.Warn("not polling yet", "reason", err, "again_in", wait)
		}
		if !sleep(ctx, wait) {
			return false
		}
	}
	return true
}

// leading does something only in the process that looks after what there is one
// of, and from where another process may have left it.
func (s *Source) leading(do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if !s.leads() {
			return nil
		}
		if err := s.notebook.open(ctx); err != nil {
			return err
		}
		s.repairSoon() // another process may have noted a gap
		return do(ctx)
	}
}

// leads reports whether this process discovers, repairs and reads late data
// for all that share the store. Open conversations all follow, each its share.
func (s *Source) leads() bool { return s.config.Tracked.Mine(s.config.Name) }

// repeat does something now and then, sooner again when it failed. It ends with
// ctx, or with an error that is fatal.
func (s *Source) repeat(ctx context.Context, every time.Duration, do func(context.Context) error, fatal func(error) bool) error {
	pause := newPause()
	for {
		wait := jittered(every)
		err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to stop
		case err != nil && fatal != nil && fatal(err):
			return err
		case err != nil:
			s.stats.failures.Add(1)
			wait = min(wait, pause.NextBackOff())
			s.log.Warn("could not read", "reason", err, "again_in", wait)
		default:
			pause.Reset()
		}
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// allowed reports whether a read that the source can do without went well. The
// first time that it is refused the log says so, and it is not tried again
// until a restart.
func (s *Source) allowed(what, right string, do func() error) error {
	s.mu.Lock()
	absent := s.absent[what]
	s.mu.Unlock()
	if absent {
		return nil
	}
	err := do()
	if !genesys.HasStatus(err, 403) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.absent[what] {
		s.absent[what] = true
		s.log.Warn("a read is refused and left out from now on; give the OAuth client the right, and restart", "read", what, "right", right)
	}
	return nil
}

// save puts down where the source is.
func (s *Source) save(ctx context.Context, do func(*state)) {
	if err := s.notebook.change(ctx, do); err != nil && ctx.Err() == nil {
		s.log.Warn("state not saved", "reason", err)
	}
}

func newPause() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(backoff.WithInitialInterval(time.Second), backoff.WithMaxInterval(time.Minute), backoff.WithMaxElapsedTime(0))
}

// jittered keeps processes that started together from asking together.
func jittered(d time.Duration) time.Duration {
	return d - d/20 + rand.N(d/10+1)
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
