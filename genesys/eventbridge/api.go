package eventbridge

import (
	"context"
	"time"
)

// SQS is what a [Queue] needs of Amazon SQS, for one queue. [NewQueue] makes one
// of the AWS SDK's client. Its methods are called by several goroutines at a
// time; what they return as errors is best a [*CallError].
type SQS interface {
	// ReceiveMessage waits for messages, up to most (at most 10), for up to wait
	// (at most 20 s). What it returns nobody else gets before visibility is over.
	ReceiveMessage(ctx context.Context, most int, wait, visibility time.Duration) ([]QueueMessage, error)
	// DeleteMessageBatch deletes up to 10 messages. failed says by index which
	// are not deleted; nil: all are.
	DeleteMessageBatch(ctx context.Context, receipts []string) (failed map[int]error, err error)
	// ChangeMessageVisibilityBatch lets up to 10 messages be visible again after
	// a time from now on; zero: at once.
	ChangeMessageVisibilityBatch(ctx context.Context, receipts []string, visibility time.Duration) (failed map[int]error, err error)
	// GetQueueAttributes tells of the queue itself.
	GetQueueAttributes(ctx context.Context) (QueueAttributes, error)
}

// most is how many messages SQS takes and gives at a time.
const most = 10

// QueueMessage is a message that was received.
type QueueMessage struct {
	ID      string
	Receipt string // of this receive; the next one has another
	Body    []byte
	// Sent is when it came into the queue, and Receives how often it has been
	// received. Zero: SQS did not say.
	Sent     time.Time
	Receives int
	// TraceHeader is the system attribute AWSTraceHeader, in which AWS X-Ray names
	// the trace of who has sent the message. Empty: there is none. EventBridge hands
	// on what it was given; whether Genesys gives it any is not known.
	TraceHeader string
}

// QueueAttributes are what a queue says of itself.
type QueueAttributes struct {
	Visibility time.Duration // for how long nobody else gets what was received
	Retention  time.Duration // for how long it keeps messages
	FIFO       bool
	// Redrive says that there is a dead-letter queue, for what has been received
	// MaxReceives times.
	Redrive     bool
	MaxReceives int
	Waiting     int // messages that can be received, about
	InFlight    int // that were received and not deleted, about
}
