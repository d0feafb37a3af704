package polling_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// strangeRefusals are 403s that do not come from the API, and say nothing of what the
// client may read.
var strangeRefusals = map[string]func(genesys.Request) error{
	"of a proxy": func(r genesys.Request) error {
		return &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: http.StatusForbidden}
	},
	"of the login host": func(genesys.Request) error {
		return &genesys.APIError{Method: http.MethodPost, Path: "/oauth/token", Status: http.StatusForbidden, Code: "access_denied"}
	},
}

// refusedAll is what each call returns while everything is refused.
func refusedAll() map[string]func(genesys.Request) error {
	all := maps.Clone(strangeRefusals)
	all["of a login host that is not found"] = func(genesys.Request) error {
		return &genesys.APIError{Method: http.MethodPost, Path: "/oauth/token", Status: http.StatusNotFound}
	}
	all["as the platform fails"] = func(r genesys.Request) error {
		return &genesys.APIError{Method: r.Verb(), Path: r.Path, Status: http.StatusInternalServerError}
	}
	all["of a login whose credentials are wrong"] = func(r genesys.Request) error {
		return &genesys.APIError{Method: r.Verb(), Path: r.Path, Err: genesys.ErrCredentials}
	}
	return all
}

// TestARefusalOfEverythingIsNoAnswerAboutAConversation has everything refused from
// each of the reads of a repair in turn on, for a while.
func TestARefusalOfEverythingIsNoAnswerAboutAConversation(t *testing.T) {
	for name, refusal := range refusedAll() {
		for n := range 6 {
			t.Run(fmt.Sprint(name, " from ", n), func(t *testing.T) { repairRefused(t, n, refusal) })
		}
	}
}

func repairRefused(t *testing.T, n int, refusal func(genesys.Request) error) {
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
				return nil, refusal(r)
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

// TestARefusalOfEverythingIsNoAnswerAboutEvaluationsAndSurveys has everything refused
// while late data is read.
func TestARefusalOfEverythingIsNoAnswerAboutEvaluationsAndSurveys(t *testing.T) {
	for name, refusal := range refusedAll() {
		for _, part := range []string{"/evaluations", "/surveys"} {
			t.Run(name+" at "+part, func(t *testing.T) { lateRefused(t, part, refusal) })
		}
	}
}

func lateRefused(t *testing.T, part string, refusal func(genesys.Request) error) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{JobsEvery: -1, LateAfter: []time.Duration{time.Hour}})
		w.judged("c-1")
		w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
			if strings.Contains(r.Path, part) {
				return nil, refusal(r)
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
