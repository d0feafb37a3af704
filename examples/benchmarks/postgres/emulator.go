package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// The emulator of SQS is the simulator's, in a process of its own, which also
// puts the messages into the queue: that costs no request. Each variant has one.

// emulated is what the emulator's process says: at the start where it is, and
// then how many conversations it tells of, once the messages are made.
type emulated struct {
	Endpoint, Queue string `json:",omitempty"` // only at the start
	Heard           int64
}

// runEmulator is the process of an emulator. Each time it makes as many envelopes
// as it is told to, and puts them into the queue when it is told anything more,
// until there is nobody any more.
func runEmulator(in io.Reader, out io.Writer) error {
	server, err := genesystest.StartSQS(genesystest.SQSConfig{Seed: 1})
	if err != nil {
		return err
	}
	defer server.Close()
	queue := server.Queue("events", genesystest.QueueAttributes{Visibility: time.Minute, DeadLetter: server.Queue("events-failed", genesystest.QueueAttributes{})})
	say := json.NewEncoder(out)
	if err := say.Encode(emulated{Endpoint: server.URL(), Queue: queue.URL()}); err != nil {
		return err
	}
	traffic := newTraffic(live)
	sent := 0
	for orders := json.NewDecoder(in); ; {
		var n int
		if err := orders.Decode(&n); err != nil {
			return nil // nobody wants more
		}
		send := queue.Compose(func(yield func([]byte) bool) {
			for ; n > 0; n-- {
				sent++
				if !yield(envelope(sent, traffic.notification(sent%live))) {
					return
				}
			}
		})
		if err := say.Encode(emulated{Heard: traffic.heard.Load()}); err != nil {
			return err
		}
		if err := orders.Decode(&n); err != nil {
			return nil
		}
		send()
	}
}

// envelope is what EventBridge makes of a notification; they come a millisecond
// apart.
func envelope(n int, notification []byte) []byte {
	at := referenceStart.Add(time.Duration(n) * time.Millisecond)
	return fmt.Appendf(nil, `{"version":"0","id":"0f4f0b6c-6f6e-4a8e-9a3e-%012d","detail-type":"v2.routing.queues.{id}.conversations",`+
		`"source":"aws.partner/genesys.com/cloud/99999999-aaaa-4bbb-8ccc-000000000001/benchmark","account":"123456789012","time":%q,"region":"eu-central-1","resources":[],`+
		`"detail":{"timestamp":%q,%s}`, n, at.Format(time.RFC3339), at.Format("2006-01-02T15:04:05.000Z"), notification[1:])
}

// emulator is the way to an emulator's process.
type emulator struct {
	emulated
	*child
	most float64 // messages a second so far
}

// newEmulator starts one that ends when the server is cleared.
func newEmulator(s *server, o *options) (*emulator, error) {
	process, err := startChild(s, o, "-emulator")
	if err != nil {
		return nil, err
	}
	e := &emulator{child: process, most: 400}
	return e, e.hear.Decode(&e.emulated)
}

// config is how an AWS client reaches it. All variants write requests in one
// piece, as the queue of eventbridge does by itself: otherwise some answers are
// lost on a busy machine, and somebody waits for a minute.
func (e *emulator) config() aws.Config {
	return aws.Config{Region: "eu-central-1", BaseEndpoint: &e.Endpoint, HTTPClient: onePiece{&http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
	})}
}

func (e *emulator) client() *sqs.Client { return sqs.NewFromConfig(e.config()) }

// through returns the round of a consumer that has been started: about as many
// messages as it takes in the time are put into the queue at once, and the clock
// stops when it has deleted them all and end returns.
func (e *emulator) through(deleted func() int64, end func(context.Context) error) round {
	return func(ctx context.Context, d time.Duration) (t tally, err error) {
		n := max(100, int64(e.most*d.Seconds()))
		want := deleted() + n
		if err := e.say.Encode(n); err != nil {
			return t, err
		}
		if err := e.hear.Decode(&e.emulated); err != nil {
			return t, err
		}
		began := time.Now()
		if err := e.say.Encode(n); err != nil {
			return t, err
		}
		for deadline := began.Add(2 * time.Minute); deleted() < want; time.Sleep(time.Millisecond) {
			switch {
			case ctx.Err() != nil:
				return t, context.Cause(ctx)
			case time.Now().After(deadline):
				return t, fmt.Errorf("of %d messages %d are left after two minutes", n, want-deleted())
			}
		}
		if end != nil {
			err = end(ctx)
		}
		t = tally{n: n, took: time.Since(began)}
		e.most = max(e.most, t.rate())
		return t, err
	}
}

// onePiece hands over the bodies of requests as bytes.
type onePiece struct{ *http.Client }

// Do implements aws.HTTPClient.
func (c onePiece) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return c.Client.Do(r)
}
