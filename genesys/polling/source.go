package polling

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Source reads the REST API. It is a convtrack.Source, a convtrack.Repairer, a
// convtrack.Reader and a convtrack.HealthReporter, and safe for concurrent use.
//
// Each kind of state is a type of its own, in a file of its own; the methods of
// Source read what is due and record the results there.
type Source struct {
	config Config
	log    *slog.Logger
	reader *reader
	stats  counters

	position    *position    // how far each kind of reading has come
	open        *schedule    // when each open conversation is read
	gaps        *gaps        // what other sources missed
	others      *others      // whether other sources hear now
	overlap     *overlap     // how far discovery looks back
	permissions *permissions // which reads are allowed
	failedJobs  *failedJobs  // which jobs are not requested again unchanged
	resumedJob  resumedJob   // when one that is under way is given up
	hearing     *hearing     // since when this source hears

	// The intervals that the platform refuses to answer for: by the start of
	// conversations, and by the time of activity.
	lostStarts, lostActivity *losses
	failingTimes             *outliers // and those that it fails on

	discovered, followed atomic.Bool // done once since the process started
	started              atomic.Bool
	running              chan struct{} // closed once Run has set the sink
}

// New returns a source. Nothing happens before Run.
func New(c Config) (*Source, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	log := c.Logger.With("source", c.Name)
	hearing, position := &hearing{}, newPosition(c.Tracked, c.Name)
	return &Source{
		config: c, log: log, reader: newReader(c.API, hearing.answer, log, position.rewrite), hearing: hearing,
		position: position, open: newSchedule(), gaps: newGaps(), others: newOthers(),
		overlap: &overlap{wide: c.Overlap}, permissions: newPermissions(log), failedJobs: newFailedJobs(),
		lostStarts: newLosses(), lostActivity: newLosses(), failingTimes: newOutliers(lostAfter),
		running: make(chan struct{}),
	}, nil
}

// String returns the source's name.
func (s *Source) String() string { return s.config.Name }

// errRunning: Run was called twice.
var errRunning = errors.New("polling: Run may be called once; make a new Source with New to run again")

// Run reads until ctx ends, or the platform refuses permanently: wrong
// credentials, or no permission to read the details of conversations.
func (s *Source) Run(ctx context.Context, sink conversation.Sink) error {
	if s.started.Swap(true) {
		return errRunning
	}
	s.reader.sink = sink
	close(s.running)
	if !s.loadPosition(ctx) {
		return nil
	}
	loops, ctx := errgroup.WithContext(ctx)
	// Without discovery there is nothing to read, so a refusal of it ends the
	// source; a refusal of anything else does not.
	loops.Go(func() error {
		return s.repeat(ctx, s.config.DiscoverEvery, s.config.DiscoverEvery, s.hearing.watch(s.leading(s.discover)), fatal)
	})
	loops.Go(func() error {
		return s.repeat(ctx, s.config.followTick(), s.config.FollowEvery, s.hearing.watch(s.follow), nil)
	})
	loops.Go(func() error { return s.repairLoop(ctx) })
	if len(s.config.LateAfter) > 0 {
		loops.Go(func() error { return s.repeat(ctx, lateTick, lateTick, s.leading(s.late), nil) })
	}
	if s.config.JobsEvery > 0 {
		loops.Go(func() error { return s.repeat(ctx, s.config.JobsEvery, s.config.JobsEvery, s.leading(s.job), nil) })
	}
	return loops.Wait()
}

// loadPosition loads the stored position, and tries again while the store does
// not answer. It reports false when ctx ends meanwhile.
func (s *Source) loadPosition(ctx context.Context) bool {
	growing := pause.Growing(time.Second, time.Minute)
	for {
		err := s.position.load(ctx)
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

// leading limits do to the process that leads. The position is loaded first, as
// another process may have led and changed it.
func (s *Source) leading(do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if !s.leads() {
			return nil
		}
		if err := s.position.load(ctx); err != nil {
			return &storeError{err}
		}
		s.repairSoon() // another process may have saved a gap
		return do(ctx)
	}
}

// leads reports whether this process discovers, repairs, runs jobs and reads late
// data for all that share the store. Each process follows its share of the open
// conversations.
func (s *Source) leads() bool { return s.mine(s.config.Name) }

func (s *Source) mine(key string) bool { return s.config.Tracked.Mine(s.config.Name, key) }

// afterStore is the longest pause after the store has failed, so that what was
// missed meanwhile is read soon after it is back. Such short pauses cost few API
// requests, as the store usually fails before the platform is asked anything.
const afterStore = 3 * time.Second

// repeat calls do at an interval. After a failure it waits for growing pauses, and
// not longer than again. It returns when ctx ends, or with an error for which
// endsWith reports true.
func (s *Source) repeat(ctx context.Context, every, again time.Duration, do func(context.Context) error, endsWith func(error) bool) error {
	growing := pause.Growing(time.Second, time.Minute)
	for {
		wait := pause.Jittered(every)
		err := do(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it was told to stop
		case err != nil && endsWith != nil && endsWith(err):
			return err
		case err != nil:
			s.stats.failures.Add(1)
			wait = min(pause.Jittered(again), growing.NextBackOff())
			if ofStore := (*storeError)(nil); errors.As(err, &ofStore) {
				wait = min(wait, pause.Jittered(afterStore))
			}
			s.log.Warn("could not read", "reason", err, "again_in", wait)
		default:
			growing.Reset()
		}
		if !pause.Sleep(ctx, wait) {
			return nil
		}
	}
}

// fatal reports whether an error leaves nothing to read: wrong credentials, or no
// permission to read the details of conversations.
func fatal(err error) bool {
	return errors.Is(err, genesys.ErrCredentials) || genesys.IsForbidden(err)
}

// save changes the position and stores it. A failure is only logged: a later
// change stores this one too.
func (s *Source) save(ctx context.Context, do func(*state)) {
	if err := s.position.change(ctx, do); err != nil && ctx.Err() == nil {
		s.log.Warn("where the source is could not be saved", "reason", err)
	}
}
