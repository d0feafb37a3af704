package eventbridge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
	"github.com/dcmkit/convtrack/internal/throttle"
)

// Queue reads the queue that a rule of EventBridge fills. It is a convtrack.Source
// and a convtrack.HealthReporter, and safe for concurrent use.
//
// Polls are taken in turn: as long as the queue has little, one of the receivers
// waits for messages at a time; while batches come full, more do. A receiver
// that holds a batch does not poll, so a store that is slow slows the reading.
type Queue struct {
	config     QueueConfig
	sqs        SQS
	log        *slog.Logger
	stats      counters
	visibility time.Duration // that is asked for
	retention  atomic.Int64  // for how long the queue keeps messages

	turns     chan struct{} // to poll
	polls     atomic.Int64  // turns that there are
	open      *openPolls
	outage    outage
	reading   *reading
	position  *position
	silence   silence
	throttled throttle.Log // what can happen with each message
	lastStore atomic.Int64 // when facts were last stored

	uninspected atomic.Pointer[error] // why the queue does not tell of itself; nil: it does

	started atomic.Bool
	sink    conversation.Sink
}

// NewQueueOn returns a source that reads a queue through any implementation of
// [SQS]; url is that of the queue. Nothing happens before Run.
func NewQueueOn(sqs SQS, url string, c *QueueConfig) (*Queue, error) {
	config := c.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	if sqs == nil {
		return nil, errors.New("eventbridge: there is no SQS to read from")
	}
	if err := refuseFIFO(url); err != nil {
		return nil, err
	}
	q := &Queue{
		config: config, sqs: sqs, log: config.Logger.With("source", config.Name, "queue", queueName(url)),
		turns: make(chan struct{}, config.Receivers), open: newOpenPolls(), reading: newReading(), position: newPosition(config.Tracked, config.Name),
	}
	q.retention.Store(int64(defaultRetention))
	q.stats.waiting.Store(-1)
	q.stats.inFlight.Store(-1)
	return q, nil
}

// String returns the source's name.
func (q *Queue) String() string { return q.config.Name }

// errRunning: Run was called twice.
var errRunning = errors.New("eventbridge: Run may be called once; make a new Queue to run again")

// Run reads the queue until ctx ends, or SQS refuses for good at the start: no
// such queue, no right to read it, wrong region, no credentials (a [*CallError]
// that says what to do). What was refused for good later, when the queue could
// be read before, is asked for again: somebody is at work.
//
// When ctx ends, polls that are open are let end, as SQS may have handed out
// messages already; so Run takes up to QueueConfig.Wait to return. What it holds
// by then is stored within 5 s, or given back.
func (q *Queue) Run(ctx context.Context, sink conversation.Sink) error {
	if q.started.Swap(true) {
		return errRunning
	}
	q.sink = sink
	working, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	q.outage.begin(time.Now())
	if err := q.inspect(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	q.announceExpired(ctx, time.Now())

	group, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, func() {
		q.open.stop()
		time.AfterFunc(drainTimeout, abort)
	})()
	reading, done := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	beside.Go(func() { q.keepPosition(reading) })
	beside.Go(func() { q.watchSilence(reading) })
	q.turns <- struct{}{}
	q.polls.Store(1)
	for range q.config.Receivers {
		group.Go(func() error { return q.receiver(ctx, working) })
	}
	err := group.Wait()
	done()
	beside.Wait()
	return err
}

// receiver polls when it is its turn, and sees to what it has received, until
// stop ends. ctx ends some time later.
func (q *Queue) receiver(stop, ctx context.Context) error {
	for stop.Err() == nil {
		select {
		case <-q.turns:
		case <-stop.Done():
			return nil
		}
		messages, err := q.poll(stop)
		if err != nil {
			return err
		}
		if len(messages) > 0 {
			q.handle(stop, ctx, messages)
		}
	}
	return nil
}

// poll receives messages, and gives the turn to the next. It fails only when
// there is no use in going on.
func (q *Queue) poll(ctx context.Context) ([]QueueMessage, error) {
	growing := pause.Growing(time.Second, 30*time.Second)
	for {
		if !q.open.begin() {
			return nil, nil
		}
		messages, err := q.receive(ctx)
		q.open.end()
		switch {
		case err == nil:
			q.passTurn(len(messages) == most)
			return messages, nil
		case ctx.Err() != nil:
			return nil, nil //nolint:nilerr // it was told to stop
		case q.stats.lastHeard.Load() == 0 && permanent(err):
			q.outage.failed(time.Now(), err)
			return nil, err
		case q.polls.Add(-1) > 0:
			return nil, nil // the others that poll try again; when all fail, one is left
		}
		q.polls.Store(1)
		wait := growing.NextBackOff()
		q.log.Warn("the queue cannot be read", "reason", err, "again_in", wait)
		q.announceOutage(ctx, err)
		if !pause.Sleep(ctx, wait) {
			return nil, nil
		}
	}
}

// passTurn gives the turn to poll to the next receiver. While batches come full
// there are more turns.
func (q *Queue) passTurn(full bool) {
	n := q.polls.Load()
	switch {
	case !full && n > 1 && q.polls.CompareAndSwap(n, n-1):
		return
	case full && int(n) < cap(q.turns) && q.polls.CompareAndSwap(n, n+1):
		q.turns <- struct{}{}
	}
	q.turns <- struct{}{}
}

// receive asks for messages once. It does not end with ctx: the messages that
// SQS hands out while a poll is cut off nobody gets before their visibility is
// over.
func (q *Queue) receive(ctx context.Context) ([]QueueMessage, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.config.Wait+receiveSlack)
	defer cancel()
	messages, err := q.sqs.ReceiveMessage(ctx, most, q.config.Wait, q.visibility)
	if err != nil {
		q.stats.failures.Add(1)
		return nil, err
	}
	now := time.Now()
	q.stats.lastHeard.Store(now.UnixNano())
	q.announceReturn(ctx, now)
	q.note(ctx, messages, now)
	return messages, nil
}

// note counts what was received, and looks how old it is.
func (q *Queue) note(ctx context.Context, messages []QueueMessage, now time.Time) {
	q.stats.received.Add(int64(len(messages)))
	if len(messages) == 0 {
		q.reading.came(time.Time{})
		q.stats.lag.Store(0)
		q.position.empty(now)
		return
	}
	var oldest time.Time
	again := 0
	for _, m := range messages {
		if m.Receives > 1 {
			again++
		} else {
			oldest = earlier(oldest, m.Sent)
		}
	}
	q.stats.again.Add(int64(again))
	if again < len(messages) { // what comes again was in the queue
		q.silence.heard(now)
	}
	if oldest.IsZero() {
		return // nothing new, or SQS does not say
	}
	q.reading.came(oldest)
	lag := max(now.Sub(oldest), 0)
	q.stats.lag.Store(int64(lag))
	if lag > q.kept()/2 {
		q.throttled.To(ctx, q.log, slog.LevelError, "the queue is read so late that it will drop messages before they are read: run more processes, or a faster store",
			"lag", lag.Round(time.Second), "kept_for", q.kept())
	}
}

// kept is for how long the queue keeps messages.
func (q *Queue) kept() time.Duration { return time.Duration(q.retention.Load()) }

func permanent(err error) bool {
	var failed *CallError
	return errors.As(err, &failed) && failed.Permanent()
}
