package polling_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// queuing is an API whose calls wait for turn before they are sent, and whose
// answers arrive after another delay.
type queuing struct {
	genesys.API
	turn, answer time.Duration
}

func (q queuing) Call(ctx context.Context, r genesys.Request) ([]byte, error) {
	time.Sleep(q.turn)
	body, err := q.API.Call(ctx, r)
	time.Sleep(q.answer)
	return body, err
}

// TestAnAnswerIsAsOldAsItsRequest: an event that arrives while the answer is on its
// way is newer than the answer; one that arrived before the request was sent is not.
func TestAnAnswerIsAsOldAsItsRequest(t *testing.T) {
	const body = `"id":"c","participants":[{"id":"p","purpose":"customer","callbacks":[{"id":"s","state":"scheduled","held":%t,"callbackScheduledTime":"2026-03-03T%d:00:00Z"}]}]}`
	for name, is := range map[string]struct {
		told time.Duration
		want int
	}{
		"told on the way": {12 * time.Second, 12}, "told before": {5 * time.Second, 15}, "told afterwards": {18 * time.Second, 12},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.calls.API = queuing{w.calls.API, 10 * time.Second, 5 * time.Second}
				w.calls.answer(func(r genesys.Request, answer []byte, err error) ([]byte, error) {
					if r.Path != "/api/v2/conversations/c" {
						return answer, err
					}
					return fmt.Appendf(nil, `{"startTime":"2026-03-02T09:00:00Z",`+body, false, 15), nil
				})
				w.start(polling.Config{})
				w.settle(time.Minute)
				read := make(chan error, 1)
				go func() { read <- w.source.Read(t.Context(), "c") }()
				w.settle(is.told)
				m, err := genesys.Decode(fmt.Appendf(nil, `{"topicName":"v2.users.u.conversations","eventBody":{`+body+"}", true, 12), time.Now())
				require.NoError(t, err)
				require.NoError(t, w.tracker.Observe(t.Context(), conversation.Update{Conversations: m.Conversations}))
				require.NoError(t, <-read)
				_, s := w.get("c").Session("s")
				require.Equal(t, is.want, s.CallbackScheduledTime.Hour())
				require.Equal(t, is.want == 12, s.Held)
			})
		})
	}
}

// TestTheResultsOfAJobAreAsOldAsTheDataLake has a job bring what was so half an hour
// ago, after a live read has told what is so now.
func TestTheResultsOfAJobAreAsOldAsTheDataLake(t *testing.T) {
	for name, answer := range map[string]func([]byte) []byte{
		"a page that says how old it is": func(body []byte) []byte { return body },
		"a page that does not": func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"dataAvailabilityDate"`), []byte(`"another"`))
		},
		"a page whose date is none": func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"dataAvailabilityDate":"`), []byte(`"dataAvailabilityDate":"about `))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
					if bytes.Contains(body, []byte(`"conversations":[`)) {
						body = answer(body)
					}
					return body, err
				})
				w.start(polling.Config{JobsEvery: 10 * time.Minute, LateAfter: []time.Duration{}})
				s := genesystest.NewStory("c-1")
				customer := s.Customer("cust", 0)
				s.Queue("acd", time.Second, "q-1")
				s.Attributes = []genesystest.Attribute{
					{At: 10 * time.Second, Participant: customer.Participant, Values: map[string]string{"case": "41"}},
					{At: 20 * time.Minute, Participant: customer.Participant, Values: map[string]string{"case": "42"}},
				}
				w.server.Play(s)
				told := func() string { return w.get("c-1").Participant(customer.Participant).Attributes["case"] }
				w.settle(21 * time.Minute)
				require.NoError(t, w.source.Read(t.Context(), "c-1"))
				require.Equal(t, "42", told())
				w.settle(20 * time.Minute)
				require.NotZero(t, w.source.Stats().Active, "a job has brought the conversation")
				require.Equal(t, "42", told())
			}, genesystest.DataLakeLag(30*time.Minute))
		})
	}
}
