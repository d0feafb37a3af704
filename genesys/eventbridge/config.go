package eventbridge

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/dcmkit/convtrack/internal/host"
)

// Tracked keeps a few bytes under a name; a *convtrack.Tracker does, once it
// runs. The version is 0 when there is nothing; SetValue fails when it is not the
// given one any more.
type Tracked interface {
	Value(ctx context.Context, name string) (value []byte, version int64, err error)
	SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error)
}

// QueueConfig says how to read a queue. Fields that are zero take the default
// that is given with them.
type QueueConfig struct {
	// Tracked keeps, over a restart, up to when the queue has been read, so that
	// a gap is announced when nobody read it for longer than it keeps messages.
	// Nil: that is not noticed.
	Tracked Tracked
	// Name tells apart queues that use the same Tracked. Processes that read the
	// same queue use the same name. "eventbridge".
	Name string

	// Receivers is how many batches of up to 10 messages are held at a time: what
	// waits for the store is not received. 16.
	Receivers int
	// Wait is how long a poll waits for messages, and how long Run may take to
	// stop: a poll that is cut off loses what SQS hands out in that moment. At
	// most 20 s, in whole seconds. Each poll is a request that costs: one process
	// that waits for 10 s makes 260 000 in a month. 10 s.
	Wait time.Duration
	// Visibility is for how long nobody else gets a message that was received.
	// It is prolonged while the store is slow, so it says how late messages are
	// that a process held when it was killed. That of the queue; 60 s when that
	// is below 30 s or is not known.
	Visibility time.Duration

	// OnMessage is called with the body of each message as it was received, before
	// anything else is done with it, by several goroutines at a time: for diagnosis.
	// It must return soon, and neither change nor keep the body, which holds personal
	// data. Nil.
	OnMessage func(body []byte, received time.Time)
	// Logger gets what operators should know. slog.Default().
	Logger *slog.Logger
}

// Times of a queue.
const (
	// leastVisibility is what a batch needs on a store that is slow.
	leastVisibility   = 30 * time.Second
	defaultVisibility = time.Minute
	// defaultRetention is SQS's own default.
	defaultRetention = 4 * 24 * time.Hour
	// fewReceives is a maxReceiveCount that messages reach which are fine: each
	// process that is killed, or stopped, costs what it holds one receive.
	fewReceives = 8

	// receiveSlack is how much longer than its wait a receive may take. Beyond
	// it the network is gone.
	receiveSlack = 10 * time.Second
	// callTimeout is how long other calls may take.
	callTimeout = 10 * time.Second
	// drainTimeout is how long a source that stops goes on storing what it holds.
	drainTimeout = 5 * time.Second
	// blindAfter is after what time without an answer the queue counts as not
	// heard, so that others look after what it would tell.
	blindAfter = 2 * time.Minute
	// recordEvery is how often it is recorded up to when the queue is read.
	recordEvery = time.Minute
)

func (c *QueueConfig) withDefaults() QueueConfig {
	is := QueueConfig{}
	if c != nil {
		is = *c
	}
	if is.Name == "" {
		is.Name = "eventbridge"
	}
	if is.Receivers == 0 {
		is.Receivers = 16
	}
	if is.Wait == 0 {
		is.Wait = 10 * time.Second
	}
	is.Logger = host.Logger(is.Logger)
	return is
}

// validate says in a sentence what is wrong with the configuration.
func (c *QueueConfig) validate() error {
	if c.Receivers < 1 {
		return fmt.Errorf("eventbridge: QueueConfig.Receivers is %d; it must be at least 1, or 0 for the default", c.Receivers)
	}
	if c.Wait < time.Second || c.Wait > 20*time.Second || c.Wait%time.Second != 0 {
		return fmt.Errorf("eventbridge: QueueConfig.Wait is %v; SQS takes whole seconds from 1s to 20s", c.Wait)
	}
	if v := c.Visibility; v != 0 && (v < 2*time.Second || v > 12*time.Hour || v%time.Second != 0) {
		return fmt.Errorf("eventbridge: QueueConfig.Visibility is %v; SQS takes whole seconds up to 12h, and less than 2s cannot be prolonged in time", v)
	}
	return nil
}
