package polling

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Source reads the REST API. It is a convtrack.Source and a
// convtrack.Repairer, and safe for concurrent use.
type Source struct {
	config   Config
	log      *slog.Logger
	notebook notebook
	reader   reader
	stats    counters

	begin     sync.Once
	open      schedule
	gaps      gaps
	repairing atomic.Bool
	wide      time.Time // when discover last looked far back

	lostStarts, lostActivity losses
	failedJobs               failedJobs

	discovered, followed atomic.Bool // it has been done since the start

	mu     sync.Mutex
	absent map[string]*absence // of reads that the source can do without
}

// absence is a read that is refused.
type absence struct {
	refused int // times in a row
	until   time.Time
}

// New returns a source. Nothing happens before Run.
func New(c Config) (*Source, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &Source{
		config: c, log: c.Logger.With("source", c.Name), notebook: newNotebook(c.Tracked, c.Name),
		open: newSchedule(), gaps: newGaps(), absent: map[string]*absence{},
		failedJobs: failedJobs{times: map[time.Time]int{}},
	}
	s.reader = reader{api: c.API, log: s.log, malformed: newMalformed(s.log), refused: newRefusedIDs()}
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
	loops.Go(func() error { return s.repeat(ctx, s.config.DiscoverEvery, s.leading(s.discover), hopeless) })
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
	growing := pause.Growing(time.Second, time.Minute)
	for {
		err := s.notebook.open(ctx)
		if err == nil {
			break
		}
		wait := growing.NextBackOff()
		if ctx.Err() == nil {
			s.log.Warn("not polling yet", "reason", err, "again_in", wait)
		}
		if !pause.Sleep(ctx, wait) {
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
func (s *Source) leads() bool { return s.mine(s.config.Name) }

func (s *Source) mine(key string) bool { return s.config.Tracked.Mine(s.config.Name, key) }

// repeat does something now and then, sooner again when it failed. It ends with
// ctx, or with an error that is fatal.
func (s *Source) repeat(ctx context.Context, every time.Duration, do func(context.Context) error, fatal func(error) bool) error {
	growing := pause.Growing(time.Second, time.Minute)
	for {
		wait := pause.Jittered(every)
		err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to stop
		case err != nil && fatal != nil && fatal(err):
			return err
		case err != nil:
			s.stats.failures.Add(1)
			wait = min(wait, growing.NextBackOff())
			s.log.Warn("could not read", "reason", err, "again_in", wait)
		default:
			growing.Reset()
		}
		if !pause.Sleep(ctx, wait) {
			return nil
		}
	}
}

// A read that the source can do without is left out for leaveOut when it was
// refused mostRefused times in a row.
const (
	mostRefused = 3
	leaveOut    = time.Hour
)

// allowed does a read that the source can do without. When the OAuth client has
// no right to it, it is left out after some tries, for a while, and the log
// says so. One refusal says little: it may be one conversation's division.
func (s *Source) allowed(what, right string, do func() error) error {
	s.mu.Lock()
	a := s.absent[what]
	if a == nil {
		a = &absence{}
		s.absent[what] = a
	}
	out := time.Now().Before(a.until)
	s.mu.Unlock()
	if out {
		return nil
	}
	err := do()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !genesys.HasStatus(err, http.StatusForbidden) {
		a.refused = 0
		return err
	}
	if a.refused++; a.refused >= mostRefused {
		a.refused, a.until = 0, time.Now().Add(leaveOut)
		s.log.Warn("a read is refused and left out for a while; give the OAuth client the right", "read", what, "right", right, "for", leaveOut)
	}
	return nil
}

// hopeless reports whether there is nothing to do without what was refused: a
// wrong secret, or no right to read the details of conversations.
func hopeless(err error) bool {
	return errors.Is(err, genesys.ErrCredentials) || genesys.HasStatus(err, http.StatusForbidden)
}

// save puts down where the source is.
func (s *Source) save(ctx context.Context, do func(*state)) {
	if err := s.notebook.change(ctx, do); err != nil && ctx.Err() == nil {
		s.log.Warn("state not saved", "reason", err)
	}
}
