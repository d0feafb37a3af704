package eventbridge

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// inspect asks the queue what it is, and says once what will go wrong with it. It
// waits for SQS to answer; it fails when SQS refuses for good. Without the right
// to ask the queue is read all the same.
func (q *Queue) inspect(ctx context.Context) error {
	q.visibility = max(q.config.Visibility, 0)
	growing := pause.Growing(time.Second, 30*time.Second)
	for {
		is, err := q.attributes(ctx)
		if err == nil {
			return q.judge(is)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to stop
		}
		if permanent(err) {
			if q.visibility == 0 {
				q.visibility = defaultVisibility
			}
			if !denied(err) {
				q.outage.failed(time.Now(), err)
				return err
			}
			q.log.Warn("the queue cannot be inspected, so nobody says whether it has a dead-letter queue and how long it keeps messages", "reason", err)
			return nil
		}
		wait := growing.NextBackOff()
		q.log.Warn("the queue cannot be read", "reason", err, "again_in", wait)
		q.announceOutage(ctx, err)
		if !pause.Sleep(ctx, wait) {
			return nil
		}
	}
}

// attributes asks for the attributes, and notes the counts and for how long the
// queue keeps messages.
func (q *Queue) attributes(ctx context.Context) (QueueAttributes, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	is, err := q.sqs.GetQueueAttributes(ctx)
	switch {
	case denied(err):
		q.uninspected.Store(&err)
	case err == nil:
		q.uninspected.Store(nil)
	}
	if err != nil {
		q.stats.failures.Add(1)
		return is, err
	}
	q.stats.waiting.Store(int64(is.Waiting))
	q.stats.inFlight.Store(int64(is.InFlight))
	if is.Retention > 0 {
		q.retention.Store(int64(is.Retention))
	}
	return is, nil
}

// judge says what is wrong with a queue.
func (q *Queue) judge(is QueueAttributes) error {
	if is.FIFO {
		return errFIFO
	}
	switch {
	case q.visibility > 0:
	case is.Visibility >= leastVisibility:
		q.visibility = is.Visibility
	default:
		q.visibility = defaultVisibility
		q.log.Warn("the queue's visibility timeout is too short for a store that is slow; a longer one is asked for with each receive. Set it so at the queue",
			"visibility", is.Visibility, "asked", q.visibility)
	}
	if q.visibility < leastVisibility {
		q.log.Warn("QueueConfig.Visibility is so short that messages may come again while they are stored", "visibility", q.visibility, "better", defaultVisibility)
	}
	switch {
	case !is.Redrive:
		q.log.Warn("the queue has no dead-letter queue: messages that cannot be understood come again and again until they are too old, and then they are lost. Set a redrive policy with a maxReceiveCount of 8 or more",
			"kept_for", q.kept())
	case is.MaxReceives < fewReceives:
		q.log.Warn("the queue's maxReceiveCount is so low that messages which are fine can get into the dead-letter queue: each process that is stopped or killed counts as a receive of what it held. Set it to 8 or more",
			"maxReceiveCount", is.MaxReceives)
	}
	return nil
}
