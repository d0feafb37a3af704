package genesystest

import (
	"crypto/md5" //nolint:gosec // SQS says so
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// QueueAttributes are those of a queue; zero fields are SQS's own defaults.
type QueueAttributes struct {
	Visibility      time.Duration // 30 s
	Retention       time.Duration // 4 days
	DeadLetter      *SQSQueue     // where what was received too often goes; nil: nowhere
	MaxReceiveCount int           // how often is too often; 8
}

// SQSQueue is a queue of an [SQS].
type SQSQueue struct {
	server     *SQS
	name, url  string
	attributes QueueAttributes

	mu       sync.Mutex
	messages []*sqsMessage
	changed  chan struct{} // closed when a message may have become visible
	gone     map[string]bool
	received map[string]int // by message, also of those that are gone
}

type sqsMessage struct {
	id, md5 string
	body    []byte
	sent    time.Time
	visible time.Time // when it is, or was
	receipt string    // of the last receive
	count   int
	twice   bool // it was handed out again while it is in flight
}

const accountID = "123456789012"

// Queue creates a queue. The name of a FIFO queue ends with .fifo.
func (s *SQS) Queue(name string, a QueueAttributes) *SQSQueue {
	if a.Visibility == 0 {
		a.Visibility = 30 * time.Second
	}
	if a.Retention == 0 {
		a.Retention = 4 * 24 * time.Hour
	}
	if a.MaxReceiveCount == 0 {
		a.MaxReceiveCount = 8
	}
	q := &SQSQueue{server: s, name: name, url: s.url + "/" + accountID + "/" + name, attributes: a, changed: make(chan struct{}),
		gone: map[string]bool{}, received: map[string]int{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[q.url] = q
	return q
}

// URL is the queue's.
func (q *SQSQueue) URL() string { return q.url }

// Send puts a message into the queue: an envelope as EventBridge does. It returns
// the message's id.
func (q *SQSQueue) Send(body []byte) (id string) { return q.send(body, 0).id }

func (q *SQSQueue) send(body []byte, delay time.Duration) *sqsMessage {
	q.server.mu.Lock()
	delay += q.server.dice.upTo(q.server.faults.Delay)
	id := q.server.dice.uuid()
	q.server.mu.Unlock()
	sum := md5.Sum(body) //nolint:gosec // SQS says so
	m := &sqsMessage{id: id, md5: hex.EncodeToString(sum[:]), body: slices.Clone(body), sent: time.Now(), visible: time.Now().Add(delay)}
	q.put(m)
	return m
}

func (q *SQSQueue) put(m *sqsMessage) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, m)
	q.wake()
}

func (q *SQSQueue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Len returns how many messages are in the queue, those in flight included.
func (q *SQSQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

// InFlight returns how many messages are handed out and not deleted.
func (q *SQSQueue) InFlight() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.inFlight(time.Now())
}

func (q *SQSQueue) inFlight(now time.Time) (n int) {
	for _, m := range q.messages {
		if m.receipt != "" && m.visible.After(now) {
			n++
		}
	}
	return n
}

// Receives returns how often a message was handed out.
func (q *SQSQueue) Receives(id string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.received[id]
}

// Deleted reports whether a message was deleted.
func (q *SQSQueue) Deleted(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.gone[id]
}

func (q *SQSQueue) describe() Object {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	held := q.inFlight(now)
	o := Object{"QueueArn": q.arn(), "VisibilityTimeout": seconds(q.attributes.Visibility), "MessageRetentionPeriod": seconds(q.attributes.Retention),
		"ApproximateNumberOfMessages": strconv.Itoa(len(q.messages) - held), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(held)}
	if q.attributes.DeadLetter != nil {
		o["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, q.attributes.DeadLetter.arn(), q.attributes.MaxReceiveCount)
	}
	if strings.HasSuffix(q.name, ".fifo") {
		o["FifoQueue"] = "true"
	}
	return o
}

func (q *SQSQueue) arn() string { return "arn:aws:sqs:eu-central-1:" + accountID + ":" + q.name }

// receive waits for messages.
func (q *SQSQueue) receive(in sqsInput) (Object, error) {
	most, visibility := 1, q.attributes.Visibility
	if in.MaxNumberOfMessages != nil {
		most = *in.MaxNumberOfMessages
	}
	if in.VisibilityTimeout != nil {
		visibility = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	if most < 1 || most > mostEntries || in.WaitTimeSeconds < 0 || in.WaitTimeSeconds > 20 || visibility < 0 || visibility > 12*time.Hour {
		return nil, badSQS("InvalidParameterValue", "MaxNumberOfMessages, WaitTimeSeconds or VisibilityTimeout is out of range")
	}
	end := time.NewTimer(time.Duration(in.WaitTimeSeconds) * time.Second)
	defer end.Stop()
	for {
		messages, next, changed := q.take(most, visibility, in)
		if len(messages) > 0 || in.WaitTimeSeconds == 0 {
			return Object{"Messages": messages}, nil
		}
		soon := time.NewTimer(next)
		select {
		case <-changed:
		case <-soon.C:
		case <-end.C:
			soon.Stop()
			return Object{}, nil
		case <-q.server.ctx.Done():
			soon.Stop()
			return Object{}, nil
		}
		soon.Stop()
	}
}

// take hands out what is visible now, or says when to look again.
func (q *SQSQueue) take(most int, visibility time.Duration, in sqsInput) (out []Object, next time.Duration, changed <-chan struct{}) {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	f, d := q.server.faults, q.server.dice
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.messages = slices.DeleteFunc(q.messages, func(m *sqsMessage) bool { return now.Sub(m.sent) > q.attributes.Retention })
	limit := f.MostInFlight
	if limit == 0 {
		limit = 120_000
	}
	next = time.Hour
	room := limit - q.inFlight(now)
	var dead []*sqsMessage
	for _, m := range slices.Clone(q.messages) {
		inFlight := m.receipt != "" && m.visible.After(now)
		again := inFlight && !m.twice && d.chance(f.Duplicate)
		if m.visible.After(now) && !again {
			next = min(next, m.visible.Sub(now))
			continue
		}
		if len(out) >= most || room <= 0 {
			continue
		}
		if d.chance(f.Reorder) {
			next = min(next, 10*time.Millisecond)
			continue
		}
		m.count++
		if q.attributes.DeadLetter != nil && m.count > q.attributes.MaxReceiveCount {
			dead = append(dead, m)
			continue
		}
		room--
		m.twice = again
		q.received[m.id]++
		m.receipt = d.uuid()
		if !again || m.visible.Before(now.Add(visibility)) {
			m.visible = now.Add(visibility)
		}
		out = append(out, m.handedOut(in, f))
	}
	for _, m := range dead {
		q.messages = slices.DeleteFunc(q.messages, func(other *sqsMessage) bool { return other == m })
		m.receipt = ""
		q.attributes.DeadLetter.put(m)
	}
	return out, next, q.changed
}

func (m *sqsMessage) handedOut(in sqsInput, f SQSFaults) Object {
	o := Object{"MessageId": m.id, "ReceiptHandle": m.receipt, "MD5OfBody": m.md5, "Body": string(m.body)}
	asked := in.AttributeNames
	if !f.OldAttributes {
		asked = append(asked, in.System...)
	}
	attributes := Object{}
	for name, value := range map[string]string{
		"SentTimestamp": strconv.FormatInt(m.sent.UnixMilli(), 10), "ApproximateReceiveCount": strconv.Itoa(m.count),
	} {
		if !f.NoAttributes && (slices.Contains(asked, name) || slices.Contains(asked, "All")) {
			attributes[name] = value
		}
	}
	if len(attributes) > 0 {
		o["Attributes"] = attributes
	}
	return o
}

// delete deletes a message by its latest receipt. By an older one it says so and
// does nothing, as a standard queue may.
func (q *SQSQueue) delete(receipt string) {
	q.server.mu.Lock()
	lost := q.server.dice.chance(q.server.faults.LoseDelete)
	q.server.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = slices.DeleteFunc(q.messages, func(m *sqsMessage) bool {
		is := m.receipt == receipt && !lost
		if is {
			q.gone[m.id] = true
		}
		return is
	})
}

func (q *SQSQueue) changeVisibility(receipt string, seconds int) error {
	if seconds < 0 || seconds > 43200 {
		return badSQS("InvalidParameterValue", "VisibilityTimeout must be between 0 and 43200")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for _, m := range q.messages {
		if m.receipt == receipt {
			if !m.visible.After(now) {
				return badSQS("MessageNotInflight", "it is not in flight")
			}
			m.visible = now.Add(time.Duration(seconds) * time.Second)
			q.wake()
			return nil
		}
	}
	return badSQS("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
}

// Bodies returns the messages that are in the queue.
func (q *SQSQueue) Bodies() []json.RawMessage {
	q.mu.Lock()
	defer q.mu.Unlock()
	var bodies []json.RawMessage
	for _, m := range q.messages {
		bodies = append(bodies, json.RawMessage(m.body))
	}
	return bodies
}
