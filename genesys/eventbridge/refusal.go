package eventbridge

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
)

// refuse counts a message that is not understood, or not all of it, and says
// which one. It is never quoted.
func (q *Queue) refuse(ctx context.Context, m QueueMessage, whole bool, reason error) {
	if !whole {
		q.stats.partly.Add(1)
		q.throttled.To(ctx, q.log, slog.LevelWarn, "a part of a message is not understood and left out", "message", m.ID, "reason", reason)
		return
	}
	q.stats.notUnderstood.Add(1)
	q.stats.lastRefused.Store(time.Now().UnixNano())
	if m.Receives <= 1 {
		q.log.Error("a message is not understood; it is left to the dead-letter queue", "message", m.ID, "reason", reason)
	}
}

// errFIFO: the order that a FIFO queue keeps is worth nothing here and costs
// much.
var errFIFO = errors.New("eventbridge: the queue is a FIFO queue: a rule of EventBridge puts everything into one group of it, where a message that is not understood holds up all others. Use a standard queue: facts may come in any order and more than once")

// refuseFIFO refuses a queue by its name.
func refuseFIFO(url string) error {
	if strings.HasSuffix(url, ".fifo") {
		return errFIFO
	}
	return nil
}

// queueName is the last part of a queue's URL: the name without the account.
func queueName(url string) string { return url[strings.LastIndex(url, "/")+1:] }

// denied reports whether only the right to a call is missing.
func denied(err error) bool {
	var failed *CallError
	return errors.As(err, &failed) && deniedCode(failed.Code)
}
