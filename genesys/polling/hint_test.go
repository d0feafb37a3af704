package polling_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// hinted reads a conversation that nobody else finds, about which the live API gives an
// answer.
func hinted(t *testing.T, answer func() ([]byte, error), then func(t *testing.T, w *world, err error)) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(still)
		w.settle(time.Minute)
		w.waiting("c-1")
		w.settle(time.Minute)
		w.calls.answer(func(r genesys.Request, body []byte, err error) ([]byte, error) {
			if r.Path == "/api/v2/conversations/c-1" {
				return answer()
			}
			return body, err
		})
		began := time.Now()
		err := w.source.Read(t.Context(), "c-1")
		require.Less(t, time.Since(began), time.Minute)
		then(t, w, err)
	})
}

func TestAHintAboutWhatTheLiveAPIDoesNotGiveReadsTheRecord(t *testing.T) {
	refused := func(e *genesys.APIError) func() ([]byte, error) {
		return func() ([]byte, error) {
			e.Method, e.Path = http.MethodGet, livePath
			return nil, e
		}
	}
	for name, answer := range map[string]func() ([]byte, error){
		"it has nothing of it":                func() ([]byte, error) { return []byte(` {} `), nil },
		"it no longer has it":                 refused(&genesys.APIError{Status: http.StatusNotFound, Code: "not.found"}),
		"a permission is missing":             refused(&genesys.APIError{Status: http.StatusForbidden, Code: "missing.permissions"}),
		"a permission is missing in division": refused(&genesys.APIError{Status: http.StatusForbidden, Code: divisionCodes[0]}),
		"its answer is never understood":      func() ([]byte, error) { return []byte(`{"sign":"in"}`), nil },
		"its answer is about another":         func() ([]byte, error) { return []byte(`{"id":"c-2","participants":[]}`), nil },
	} {
		t.Run(name, func(t *testing.T) {
			hinted(t, answer, func(t *testing.T, w *world, err error) {
				require.NoError(t, err)
				require.Equal(t, conversation.StatusQueued, w.status("c-1"))
			})
		})
	}
}

// The record lags behind what the hint is about.
func TestAHintIsKeptWhileTheLiveAPICannotBeReached(t *testing.T) {
	cut := errors.New("the connection is cut")
	hinted(t, func() ([]byte, error) { return nil, cut }, func(t *testing.T, w *world, err error) {
		require.ErrorIs(t, err, cut)
		require.Empty(t, w.status("c-1"))
	})
}
