package genesystest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// SQSConfig says what kind of SQS to start.
type SQSConfig struct {
	// InMemory is for testing/synctest: the server has no socket and is reached
	// with HTTPClient only.
	InMemory bool
	// Seed is of what is random.
	Seed uint64
}

// SQS is Amazon SQS as far as a consumer meets it: a server on an endpoint of
// its own, in SQS's JSON protocol, for the real AWS SDK.
//
//	server := genesystest.NewSQS(t, genesystest.SQSConfig{})
//	queue := server.Queue("events", genesystest.QueueAttributes{})
//	client := sqs.New(sqs.Options{BaseEndpoint: aws.String(server.URL()), HTTPClient: server.HTTPClient(), …})
//
// It delivers at least once and in no promised order. It knows ReceiveMessage
// with long polling, DeleteMessage, ChangeMessageVisibility and SendMessage with
// their batches, and GetQueueAttributes; it redrives to dead-letter queues and
// forgets what is older than the retention. [SQS.SetFaults] makes it fail.
//
// As the service does, it hands messages to a long poll whose caller has gone.
// It does not check signatures, and knows no groups or deduplication of FIFO
// queues, no policies and no encryption.
type SQS struct {
	config  SQSConfig
	url     string
	memory  *memoryListener
	http    *http.Server
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	dice    *dice
	faults  SQSFaults
	queues  map[string]*SQSQueue // by URL
	calls   map[string]int
	clients []*http.Client
}

// NewSQS starts an SQS that ends with the test.
func NewSQS(tb testing.TB, c SQSConfig) *SQS {
	tb.Helper()
	s, err := StartSQS(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// StartSQS starts an SQS for a program, which calls Close in the end.
func StartSQS(c SQSConfig) (*SQS, error) {
	s := &SQS{config: c, dice: newDice(c.Seed), queues: map[string]*SQSQueue{}, calls: map[string]int{}}
	var listener net.Listener
	if c.InMemory {
		s.memory = newMemoryListener()
		listener = s.memory
	} else {
		var err error
		if listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("genesystest: %w", err)
		}
	}
	s.url = "http://" + reachable(listener.Addr())
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.running.Go(func() { _ = s.http.Serve(listener) }) // it ends with Close, and then always fails
	return s, nil
}

// Close ends the server and its polls.
func (s *SQS) Close() {
	s.stop()
	_ = s.http.Close()
	s.mu.Lock()
	clients := s.clients
	s.mu.Unlock()
	for _, c := range clients {
		c.CloseIdleConnections()
	}
	s.running.Wait()
}

// URL is the endpoint.
func (s *SQS) URL() string { return s.url }

// HTTPClient returns a client that reaches the server, also when it is in
// memory. Close ends its idle connections.
func (s *SQS) HTTPClient() *http.Client {
	dial := (&net.Dialer{}).DialContext
	if s.memory != nil {
		dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.memory.dial(ctx) }
	}
	c := &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 64}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, c)
	return c
}

// Calls returns how often an action was called: "ReceiveMessage" and so on.
func (s *SQS) Calls(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[action]
}

// sqsError is an answer that tells of an error, in either spelling of the code.
type sqsError struct {
	status        int
	code, message string
	query         string // the code in the older protocol; empty: the header is left out
}

// Error implements error.
func (e *sqsError) Error() string { return e.code }

func badSQS(code, message string) *sqsError {
	return &sqsError{http.StatusBadRequest, code, message, code}
}

// ServeHTTP implements http.Handler.
func (s *SQS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.calls[action]++
	fault, hang := s.faults.of(action, s.dice)
	s.mu.Unlock()
	if hang {
		select {
		case <-s.ctx.Done():
		case <-r.Context().Done():
		}
		return
	}
	var answer any
	if fault != nil {
		err = fault
	} else {
		answer, err = s.answer(action, body)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", s.uuid())
	var failed *sqsError
	if errors.As(err, &failed) {
		if failed.query != "" {
			w.Header().Set("X-Amzn-Query-Error", failed.query+";Sender")
		}
		answer = Object{"__type": "com.amazonaws.sqs#" + failed.code, "message": failed.message}
	}
	out, is := answer.(encoded)
	if !is {
		out = encode(answer)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	if failed != nil {
		w.WriteHeader(failed.status)
	}
	_, _ = w.Write(out)
}

// encoded is an answer that is JSON already.
type encoded []byte

func (s *SQS) uuid() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.uuid()
}

// sqsInput are the members of all inputs.
type sqsInput struct {
	QueueURL            string `json:"QueueUrl"`
	MaxNumberOfMessages *int
	WaitTimeSeconds     int
	VisibilityTimeout   *int
	AttributeNames      []string
	System              []string `json:"MessageSystemAttributeNames"`
	ReceiptHandle       string
	MessageBody         string
	DelaySeconds        int
	Entries             []struct {
		ID                string `json:"Id"`
		ReceiptHandle     string
		VisibilityTimeout int
		MessageBody       string
		DelaySeconds      int
	}
}

// batchID is what a batch answers with for each entry.
const mostEntries = 10

func (s *SQS) answer(action string, body []byte) (any, error) {
	var in sqsInput
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, badSQS("SerializationException", "the request is no JSON")
	}
	s.mu.Lock()
	q := s.queues[in.QueueURL]
	s.mu.Unlock()
	if q == nil {
		return nil, &sqsError{http.StatusBadRequest, "QueueDoesNotExist", "The specified queue does not exist.", "AWS.SimpleQueueService.NonExistentQueue"}
	}
	if strings.HasSuffix(action, "Batch") {
		return s.batch(q, strings.TrimSuffix(action, "Batch"), in)
	}
	switch action {
	case "ReceiveMessage":
		return q.receive(in)
	case "GetQueueAttributes":
		return Object{"Attributes": q.describe()}, nil
	case "DeleteMessage":
		q.delete(in.ReceiptHandle)
		return Object{}, nil
	case "ChangeMessageVisibility":
		if in.VisibilityTimeout == nil {
			return nil, badSQS("MissingParameter", "VisibilityTimeout is required")
		}
		if err := q.changeVisibility(in.ReceiptHandle, *in.VisibilityTimeout); err != nil {
			return nil, err
		}
		return Object{}, nil
	case "SendMessage":
		m := q.send([]byte(in.MessageBody), time.Duration(in.DelaySeconds)*time.Second)
		return Object{"MessageId": m.id, "MD5OfMessageBody": m.md5}, nil
	}
	return nil, badSQS("InvalidAction", "unknown action")
}

// batch does an action for each entry.
func (s *SQS) batch(q *SQSQueue, action string, in sqsInput) (Object, error) {
	switch n := len(in.Entries); {
	case n == 0:
		return nil, badSQS("EmptyBatchRequest", "There should be at least one entry in the request.")
	case n > mostEntries:
		return nil, badSQS("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.")
	}
	ids := map[string]bool{}
	for _, e := range in.Entries {
		if ids[e.ID] {
			return nil, badSQS("BatchEntryIdsNotDistinct", "Id "+e.ID+" repeated.")
		}
		ids[e.ID] = true
	}
	done, failed := []Object{}, []Object{}
	for _, e := range in.Entries {
		s.mu.Lock()
		fails := s.dice.chance(s.faults.FailEntry)
		s.mu.Unlock()
		answer, err := Object{}, error(nil)
		switch {
		case fails:
			err = &sqsError{code: "InternalError", message: "try again"}
		case action == "DeleteMessage":
			q.delete(e.ReceiptHandle)
		case action == "ChangeMessageVisibility":
			err = q.changeVisibility(e.ReceiptHandle, e.VisibilityTimeout)
		case action == "SendMessage":
			m := q.send([]byte(e.MessageBody), time.Duration(e.DelaySeconds)*time.Second)
			answer["MessageId"], answer["MD5OfMessageBody"] = m.id, m.md5
		default:
			return nil, badSQS("InvalidAction", "unknown action")
		}
		var no *sqsError
		if errors.As(err, &no) {
			failed = append(failed, Object{"Id": e.ID, "Code": no.code, "Message": no.message, "SenderFault": no.status != 0})
			continue
		}
		answer["Id"] = e.ID
		done = append(done, answer)
	}
	return Object{"Successful": done, "Failed": failed}, nil
}
