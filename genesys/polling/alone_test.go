package polling_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// aboutOne are the questions about one conversation, by what tells them apart: the
// same question about several at a time is none of them.
var aboutOne = map[string]func(r genesys.Request, id string) bool{
	"details":            func(r genesys.Request, id string) bool { return r.Path == detailsPath && r.Query.Get("id") == id },
	"live conversations": func(r genesys.Request, id string) bool { return r.Path == "/api/v2/conversations/"+id },
	"evaluations": func(r genesys.Request, id string) bool {
		return strings.HasPrefix(r.Path, "/api/v2/quality/evaluations") && r.Query.Get("conversationId") == id
	},
	"surveys": func(r genesys.Request, id string) bool {
		return r.Path == "/api/v2/quality/conversations/"+id+"/surveys"
	},
}

// judged plays a call with an evaluation and a survey.
func (w *world) judged(id string) {
	s := genesystest.BlindTransferToQueue()
	s.ID = id
	s.Survey("survey-"+id, "user-b", "q-2", 5*time.Minute).Complete(10*time.Minute, 90, 9)
	s.Evaluation("evaluation-"+id, "user-b", "judge", "q-2", 5*time.Minute).Finish(10*time.Minute, 80, 70)
	w.server.Play(s)
}

// TestWhatIsNeverAnsweredAboutOneConversationHoldsUpNoOtherThoughItIsReadAlone
// has the platform answer one question about two conversations in a way that is
// never understood, or refuse it: about one that is the only open one, and about
// one that has ended alone in its hour.
func TestWhatIsNeverAnsweredAboutOneConversationHoldsUpNoOtherThoughItIsReadAlone(t *testing.T) {
	for question, is := range aboutOne {
		for name, answer := range map[string]func() ([]byte, error){
			"one that says nothing": func() ([]byte, error) { return []byte(`{"conversations":[7],"entities":[7]}`), nil },
			"a refusal": func() ([]byte, error) {
				return nil, &genesys.APIError{Method: http.MethodGet, Status: http.StatusBadRequest}
			},
			"a failure": func() ([]byte, error) {
				return nil, &genesys.APIError{Method: http.MethodGet, Status: http.StatusInternalServerError}
			},
			"one that is not ready in time": func() ([]byte, error) {
				return nil, &genesys.APIError{Method: http.MethodGet, Status: http.StatusGatewayTimeout}
			},
			"a proxy's failure": func() ([]byte, error) {
				return nil, &genesys.APIError{Method: http.MethodGet, Status: http.StatusBadGateway}
			},
			"one that the client does not wait for": func() ([]byte, error) {
				return nil, &genesys.APIError{Method: http.MethodGet, Err: errors.New("no answer in time")}
			},
		} {
			t.Run(question+" by "+name, func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
						if is(r, "odd-open") || is(r, "odd-ended") {
							return answer()
						}
						return body, err
					})
					w.start(polling.Config{DiscoverEvery: 5 * time.Minute, FollowEvery: 5 * time.Minute, JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
					w.waiting("odd-open")
					w.judged("odd-ended")
					w.settle(3 * time.Hour)
					w.judged("good")
					w.settle(30 * time.Minute)
					w.gap(time.Now().Add(-time.Minute))
					w.settle(2 * time.Hour)
					require.Equal(t, int64(1), w.source.Stats().Repaired)
					good := w.get("good")
					require.Len(t, good.Surveys, 1)
					require.Len(t, good.Evaluations, 1)
					require.True(t, good.Surveys[0].Detailed())
					require.True(t, good.Evaluations[0].Detailed())
					require.Zero(t, w.source.Health().BlindSince)
				})
			})
		}
	}
}

// TestWhatTheClientWaitsForInVainHoldsUpNoOther has the client wait for each answer about
// two of many conversations, for as long as the clients of the packages platform and rest
// do: about the first of a list and the last.
func TestWhatTheClientWaitsForInVainHoldsUpNoOther(t *testing.T) {
	for question, prefix := range map[string]string{"details": detailsPath, "live conversations": "/api/v2/conversations/", "surveys": "/api/v2/quality/conversations/"} {
		for _, limit := range []time.Duration{16 * time.Second, time.Minute} {
			t.Run(fmt.Sprint(question, " for ", limit), func(t *testing.T) {
				inBubble(t, func(t *testing.T, w *world) {
					w.start(polling.Config{DiscoverEvery: 10 * time.Minute, Overlap: time.Second, JobsEvery: -1, LateAfter: []time.Duration{30 * time.Minute}})
					for _, id := range []string{"a-slow", "e-1", "e-2", "z-slow"} {
						w.judged(id)
					}
					w.settle(5 * time.Minute)
					w.waiting("b-slow")
					for i := range 120 {
						w.waiting(fmt.Sprintf("c-%03d", i))
					}
					w.waiting("y-slow")
					w.settle(10 * time.Minute)
					w.calls.wait(func(r genesys.Request) time.Duration {
						if strings.HasPrefix(r.Path, prefix) && strings.Contains(r.Path+r.Query.Get("id"), "-slow") {
							return limit
						}
						return 0
					})
					w.gap(time.Now().Add(-time.Minute))
					w.settle(75 * time.Minute)
					require.Equal(t, int64(1), w.source.Stats().Repaired)
					for _, id := range []string{"e-1", "e-2"} {
						require.True(t, w.get(id).Surveys[0].Detailed(), id)
					}
					blind := 0
					for range 60 {
						w.settle(time.Minute)
						if !w.source.Health().BlindSince.IsZero() {
							blind++
						}
					}
					require.Less(t, blind, 10, "minutes of an hour")
				})
			})
		}
	}
}

// TestWhileTheDetailsOfAllConversationsAreRefusedNothingIsPassedOver also shows
// that it does not search for ids that cause it again and again.
func TestWhileTheDetailsOfAllConversationsAreRefusedNothingIsPassedOver(t *testing.T) {
	for _, ended := range []int{1, 2, 20} {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
			w.waiting("open")
			ids := make([]string, ended)
			for i := range ids {
				ids[i] = "e-" + string(rune('a'+i))
				w.judged(ids[i])
			}
			w.settle(50 * time.Minute)
			began := time.Now()
			undo := w.server.Faults().Requests(genesystest.RequestFault{Status: http.StatusNotFound, Match: func(_, path string) bool { return path == detailsPath }})
			w.settle(40 * time.Minute)
			require.NotZero(t, w.source.Health().BlindSince)
			require.Less(t, len(exactly(w.requests(detailsPath, began), detailsPath)), 600)
			undo()
			w.settle(10 * time.Minute)
			require.Zero(t, w.source.Health().BlindSince)
			for _, id := range ids {
				require.Equal(t, conversation.StatusEnded, w.status(id))
				require.True(t, len(w.get(id).Surveys) == 1 && w.get(id).Surveys[0].Detailed(), "%s got no late read", id)
			}
		})
	}
}
