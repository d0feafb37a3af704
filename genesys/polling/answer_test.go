package polling_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// refuseID refuses the details of lists with an id in them.
func refuseID(id string, status int, count *atomic.Int64) func(genesys.Request, []byte, error) ([]byte, error) {
	return func(r genesys.Request, body []byte, err error) ([]byte, error) {
		if r.Path == detailsPath && strings.Contains(r.Query.Get("id"), id) {
			count.Add(1)
			return nil, &genesys.APIError{Method: "GET", Path: r.Path, Status: status}
		}
		return body, err
	}
}

// questions are the reads that the source makes, by a part of their path.
var questions = map[string]string{
	"details query": "/details/query", "details": "/conversations/details?", "live conversations": "/api/v2/conversations/",
	"evaluations": "/quality/evaluations/query", "surveys": "/surveys", "jobs": "/jobs", "everything": "",
}

// TestAnAnswerThatIsNotUnderstoodIsAnErrorOfItsQuestion: what is not
// understood is in TestWhatIsNoAnswerIsNotUnderstood.
func TestAnAnswerThatIsNotUnderstoodIsAnErrorOfItsQuestion(t *testing.T) {
	for question, part := range questions {
		t.Run(question, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.settle(3 * day)
				s := genesystest.BlindTransferToQueue()
				s.ID = "ended"
				s.Survey("survey-1", "user-b", "q-2", 10*time.Minute).Complete(30*time.Minute, 90, 9)
				s.Evaluation("evaluation-1", "user-b", "judge", "q-2", 20*time.Minute).Finish(30*time.Minute, 80, 70)
				s.Attributes = append(s.Attributes, genesystest.Attribute{At: 10 * time.Second, Participant: "p-cust", Values: map[string]string{"case": "42"}})
				from := time.Now()
				w.server.Play(s)
				w.waiting("open")
				w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
					if err != nil || r.Method == http.MethodDelete || !strings.Contains(r.Path+"?", part) {
						return body, err
					}
					return []byte("<html>please sign in</html>"), nil
				})
				w.start(polling.Config{DiscoverEvery: 10 * time.Minute, FollowEvery: 10 * time.Minute, JobsEvery: 30 * time.Minute,
					LateAfter: []time.Duration{time.Hour}})
				w.settle(15 * time.Minute)
				w.gap(from)
				w.settle(time.Hour)
				require.NotZero(t, w.source.Stats().Failures)
				w.calls.answer(nil)
				w.settle(70 * time.Minute)
				require.Empty(t, w.lost())
				require.Equal(t, conversation.StatusQueued, w.status("open"))
				require.Equal(t, int64(1), w.source.Stats().Repaired)
				c := w.get("ended")
				require.Equal(t, conversation.StatusEnded, c.Status)
				require.Equal(t, "42", c.Participant("p-cust").Attributes["case"], "the job was read")
				require.Len(t, c.Surveys, 1, "late data was read")
				require.Len(t, c.Evaluations, 1)
			})
		})
	}
}

// badElements are elements of a page that cannot be understood.
var badElements = map[string]string{
	"of another kind":    `{"sign":"in"}`,
	"a number":           `7`,
	"a text":             `"canary"`,
	"without an id":      `{"conversationStart":"2000-01-01T00:00:00Z","originatingDirection":"inbound","participants":[]}`,
	"with a bad time":    `{"conversationId":"bad-1","conversationStart":"canary","participants":[]}`,
	"with a bad list":    `{"conversationId":"bad-1","conversationStart":"2000-01-01T00:00:00Z","participants":"canary"}`,
	"with a name twice":  `{"conversationId":"bad-1","conversationStart":"2000-01-01T00:00:00Z","participants":[],"participants":[{"purpose":"canary"}]}`,
	"with an id of text": `{"conversationId":{"canary":1},"conversationStart":"2000-01-01T00:00:00Z"}`,
}

func TestOneBadElementOfAPageIsNamedAndTheRestIsUsed(t *testing.T) {
	for name, bad := range badElements {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
					if err != nil || !strings.HasPrefix(r.Path, "/api/v2/analytics") || !bytes.Contains(body, []byte(`"conversations":[`)) {
						return body, err
					}
					end := bytes.LastIndexByte(body, ']')
					return append(append(bytes.Clone(body[:end]), []byte(","+bad)...), body[end:]...), nil
				})
				w.waiting("c-1")
				w.call("c-2")
				w.start(polling.Config{DiscoverEvery: 5 * time.Minute, FollowEvery: 5 * time.Minute, JobsEvery: -1, LateAfter: []time.Duration{}})
				w.settle(20 * time.Minute)
				require.Equal(t, conversation.StatusQueued, w.status("c-1"))
				require.Equal(t, conversation.StatusEnded, w.status("c-2"))
				require.Empty(t, w.lost())
				require.NotZero(t, w.source.Stats().Malformed)
				require.Equal(t, 1, strings.Count(w.log.String(), `answer="details query" id=`), "it is named once")
				require.NotContains(t, w.log.String(), "canary")
				if strings.Contains(bad, "bad-1") {
					require.Contains(t, w.log.String(), "id=bad-1")
				}
			})
		})
	}
}

// TestAPageOfWhichNothingIsUnderstoodIsNoEmptyPage also holds when there is only
// one conversation.
func TestAPageOfWhichNothingIsUnderstoodIsNoEmptyPage(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
			return bytes.ReplaceAll(body, []byte(`"conversationId"`), []byte(`"conversationIdentifier"`)), err
		})
		w.waiting("c-1")
		w.start(polling.Config{})
		w.settle(time.Hour)
		require.NotZero(t, w.source.Stats().Failures)
		w.calls.answer(nil)
		w.settle(10 * time.Minute)
		require.Equal(t, conversation.StatusQueued, w.status("c-1"))
	})
}
