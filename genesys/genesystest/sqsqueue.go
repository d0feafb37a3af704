package genesystest

import (
	"bytes"
	"crypto/md5" //nolint:gosec // SQS says so
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
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
	messages []*sqsMessage          // in the order in which they came, with some that are gone
	there    int                    // how many are not gone
	handed   map[string]*sqsMessage // by the receipt of the last receive
	expires  time.Time              // when the first of them has been kept for too long
	changed  chan struct{}          // closed when a message may have become visible
	gone     map[string]bool
	received map[string]int // by message, also of those that are gone
}

type sqsMessage struct {
	id, md5 string
	body    []byte
	text    []byte // the body as JSON text
	sent    time.Time
	visible time.Time // when it is, or was
	receipt string    // of the last receive
	count   int
	twice   bool // it was handed out again while it is in flight
	gone    bool
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
		handed: map[string]*sqsMessage{}, gone: map[string]bool{}, received: map[string]int{}}
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

// Compose makes messages. The function that it returns puts all of them into the
// queue at once, so that a benchmark can leave out what making them costs.
func (q *SQSQueue) Compose(bodies iter.Seq[[]byte]) (send func()) {
	var composed []*sqsMessage
	for body := range bodies {
		composed = append(composed, q.compose(body, 0))
	}
	return func() { q.put(composed...) }
}

func (q *SQSQueue) send(body []byte, delay time.Duration) *sqsMessage {
	m := q.compose(body, delay)
	q.put(m)
	return m
}

func (q *SQSQueue) compose(body []byte, delay time.Duration) *sqsMessage {
	q.server.mu.Lock()
	delay += q.server.dice.upTo(q.server.faults.Delay)
	id := q.server.dice.uuid()
	q.server.mu.Unlock()
	sum := md5.Sum(body) //nolint:gosec // SQS says so
	return &sqsMessage{id: id, md5: hex.EncodeToString(sum[:]), body: slices.Clone(body), text: encode(string(body)), sent: time.Now(), visible: time.Now().Add(delay)}
}

func (q *SQSQueue) put(list ...*sqsMessage) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range list {
		if expires := m.sent.Add(q.attributes.Retention); q.there == 0 || expires.Before(q.expires) {
			q.expires = expires
		}
		q.messages = append(q.messages, m)
		q.there++
	}
	q.wake()
}

// remove removes a message. Those that are gone leave the list at its beginning,
// or when they are most of it.
func (q *SQSQueue) remove(m *sqsMessage) {
	delete(q.handed, m.receipt)
	m.gone = true
	q.there--
	for len(q.messages) > 0 && q.messages[0].gone {
		q.messages[0], q.messages = nil, q.messages[1:]
	}
	if len(q.messages) > 2*q.there+mostEntries {
		q.messages = slices.DeleteFunc(q.messages, func(m *sqsMessage) bool { return m.gone })
	}
}

// removeExpired removes what has been kept for too long.
func (q *SQSQueue) removeExpired(now time.Time) {
	if q.there == 0 || !now.After(q.expires) {
		return
	}
	var left []*sqsMessage
	for _, m := range q.messages {
		switch expires := m.sent.Add(q.attributes.Retention); {
		case m.gone:
		case now.After(expires):
			delete(q.handed, m.receipt)
		default:
			if len(left) == 0 || expires.Before(q.expires) {
				q.expires = expires
			}
			left = append(left, m)
		}
	}
	q.messages, q.there = left, len(left)
}

func (q *SQSQueue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Len returns how many messages are in the queue, those in flight included.
func (q *SQSQueue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.there
}

// InFlight returns how many messages are handed out and not deleted.
func (q *SQSQueue) InFlight() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.inFlight(time.Now())
}

func (q *SQSQueue) inFlight(now time.Time) (n int) {
	for _, m := range q.handed {
		if m.visible.After(now) {
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
		"ApproximateNumberOfMessages": strconv.Itoa(q.there - held), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(held)}
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
func (q *SQSQueue) receive(in sqsInput) (any, error) {
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
			return handedOut(messages), nil
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
func (q *SQSQueue) take(most int, visibility time.Duration, in sqsInput) (out [][]byte, next time.Duration, changed <-chan struct{}) {
	q.server.mu.Lock()
	defer q.server.mu.Unlock()
	f, d := q.server.faults, q.server.dice
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.removeExpired(now)
	room := f.MostInFlight
	if room == 0 {
		room = 120_000
	}
	if room < len(q.handed)+most { // else there is room
		room -= q.inFlight(now)
	}
	next = time.Hour
	var dead []*sqsMessage
	for _, m := range q.messages {
		if len(out) == most {
			break
		}
		if m.gone {
			continue
		}
		inFlight := m.receipt != "" && m.visible.After(now)
		again := inFlight && !m.twice && d.chance(f.Duplicate)
		if m.visible.After(now) && !again {
			next = min(next, m.visible.Sub(now))
			continue
		}
		if room <= 0 {
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
		delete(q.handed, m.receipt)
		m.receipt = d.uuid()
		q.handed[m.receipt] = m
		if !again || m.visible.Before(now.Add(visibility)) {
			m.visible = now.Add(visibility)
		}
		out = append(out, m.handedOut(in, f))
	}
	for _, m := range dead {
		moved := *m
		q.remove(m)
		moved.receipt = ""
		q.attributes.DeadLetter.put(&moved)
	}
	return out, next, q.changed
}

// handedOut is a message as a receive answers with it.
func (m *sqsMessage) handedOut(in sqsInput, f SQSFaults) []byte {
	out := fmt.Appendf(make([]byte, 0, len(m.text)+300), `{"MessageId":%q,"ReceiptHandle":%q,"MD5OfBody":%q,"Body":%s`, m.id, m.receipt, m.md5, m.text)
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
		out = append(append(out, `,"Attributes":`...), encode(attributes)...)
	}
	return append(out, '}')
}

// handedOut answers a receive with messages.
func handedOut(messages [][]byte) any {
	if messages == nil {
		return Object{"Messages": messages}
	}
	return encoded(bytes.Join([][]byte{[]byte(`{"Messages":[`), bytes.Join(messages, []byte(`,`)), []byte(`]}`)}, nil))
}

// delete deletes a message by its latest receipt. By an older one it says so and
// does nothing, as a standard queue may.
func (q *SQSQueue) delete(receipt string) {
	q.server.mu.Lock()
	lost := q.server.dice.chance(q.server.faults.LoseDelete)
	q.server.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	if m := q.handed[receipt]; m != nil && !lost {
		q.gone[m.id] = true
		q.remove(m)
	}
}

func (q *SQSQueue) changeVisibility(receipt string, seconds int) error {
	if seconds < 0 || seconds > 43200 {
		return badSQS("InvalidParameterValue", "VisibilityTimeout must be between 0 and 43200")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	m := q.handed[receipt]
	if m == nil {
		return badSQS("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
	}
	if !m.visible.After(now) {
		return badSQS("MessageNotInflight", "it is not in flight")
	}
	m.visible = now.Add(time.Duration(seconds) * time.Second)
	q.wake()
	return nil
}

// Bodies returns the messages that are in the queue.
func (q *SQSQueue) Bodies() []json.RawMessage {
	q.mu.Lock()
	defer q.mu.Unlock()
	var bodies []json.RawMessage
	for _, m := range q.messages {
		if !m.gone {
			bodies = append(bodies, json.RawMessage(m.body))
		}
	}
	return bodies
}
