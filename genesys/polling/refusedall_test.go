package polling_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// refusedLogin is what each call returns while the login host refuses the client.
func refusedLogin(path string) error {
	return &genesys.APIError{Method: "GET", Path: path, Err: genesys.ErrCredentials}
}

// TestARefusedLoginIsNoAnswerAboutAConversation has the login refused from each of
// the reads of a repair in turn on, for a while.
func TestARefusedLoginIsNoAnswerAboutAConversation(t *testing.T) {
	for n := range 6 {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(still)
			for i := range 5 {
				w.waiting(fmt.Sprint("c-", i))
			}
			from := time.Now()
			w.settle(time.Minute)
			refused, read := 0, map[string]bool{}
			var up atomic.Bool
			w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
				id, isLive := strings.CutPrefix(r.Path, "/api/v2/conversations/")
				switch {
				case isLive && !up.Load() && len(read) == n:
					refused++
					return nil, refusedLogin(r.Path)
				case isLive:
					read[id] = true
				}
				return body, err
			})
			w.gap(from)
			w.settle(2 * time.Minute)
			up.Store(true)
			w.settle(5 * time.Minute)
			require.Equal(t, int64(1), w.source.Stats().Repaired)
			require.Len(t, read, 5)
			require.Equal(t, n < 5, refused > 0)
		})
	}
}

// TestARefusedLoginIsNoAnswerAboutEvaluationsAndSurveys has the login refused while
// late data is read.
func TestARefusedLoginIsNoAnswerAboutEvaluationsAndSurveys(t *testing.T) {
	for _, part := range []string{"/evaluations", "/surveys"} {
		inBubble(t, func(t *testing.T, w *world) {
			w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
			w.judged("c-1")
			w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
				if strings.Contains(r.Path, part) {
					return nil, refusedLogin(r.Path)
				}
				return body, err
			})
			w.settle(90 * time.Minute)
			w.calls.answer(nil)
			w.settle(10 * time.Minute)
			c := w.get("c-1")
			require.True(t, c.Surveys[0].Detailed())
			require.True(t, c.Evaluations[0].Detailed())
		})
	}
}
