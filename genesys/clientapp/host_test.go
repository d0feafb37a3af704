package clientapp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/clientapp"
)

func TestAHostThatIsSlowToHearDoesNotHaveAStoredHintSentAgain(t *testing.T) {
	for name, heard := range map[string]func(context.Context){
		"until its context ends": func(ctx context.Context) { <-ctx.Done() },
		"much longer":            func(context.Context) { time.Sleep(time.Minute) },
		"it ends its goroutine":  func(context.Context) { runtime.Goexit() },
	} {
		inVirtualTime(t, func(t *testing.T, h *host) {
			id, token, began := h.plays(), h.login("user-a"), time.Now()
			require.Equal(t, http.StatusOK, h.say(token, id).Code, name)
			require.Less(t, time.Since(began), 2*time.Second, name)
			require.Len(t, h.all(), 1, name)
			time.Sleep(2 * time.Minute)
		}, func(c *clientapp.Config) { c.Heard = func(ctx context.Context, _ clientapp.Heard) { heard(ctx) } })
	}
}

func TestCallsOfTheHostThatDoNotReturnAreBoundedAndHoldUpNobody(t *testing.T) {
	var mu sync.Mutex
	most, now := 0, 0
	inVirtualTime(t, func(t *testing.T, h *host) {
		id, token := h.plays(), h.login("user-a")
		for range 10 {
			require.Equal(t, http.StatusOK, h.say(token, id).Code)
		}
		require.Len(t, h.all(), 10)
		synctest.Wait()
		require.Equal(t, 2, most)
		require.Contains(t, h.log.String(), "have not returned")
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Zero(t, now)
	}, func(c *clientapp.Config) {
		c.MaxConcurrent = 2
		c.Heard = func(context.Context, clientapp.Heard) {
			count := func(n int) {
				mu.Lock()
				defer mu.Unlock()
				now += n
				most = max(most, now)
			}
			count(1)
			defer count(-1)
			time.Sleep(time.Hour)
		}
	})
}

// TestAStreamThatCannotBeSentPieceByPieceIsSaid: a usual middleware that counts
// statuses hides http.Flusher.
func TestAStreamThatCannotBeSentPieceByPieceIsSaid(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, h *host) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/case?conversationId="+h.plays(), nil)
		r.Header.Set("Authorization", "Bearer "+h.login("user-a"))
		for range 10 {
			h.app.ServeHTTP(struct{ http.ResponseWriter }{httptest.NewRecorder()}, r)
		}
		require.Equal(t, 1, strings.Count(h.log.String(), "Unwrap"))
	}, func(*clientapp.Config) {})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestAPanicOfTheHostsCodeEndsNeitherTheProcessNorAStream: nor is its value shown,
// by us or by net/http.
func TestAPanicOfTheHostsCodeEndsNeitherTheProcessNorAStream(t *testing.T) {
	for name, change := range map[string]func(*clientapp.Config){
		"the HTTP client": func(c *clientapp.Config) {
			c.HTTP = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { panic("Mr Smith") })}
		},
		"Conversation": func(c *clientapp.Config) {
			c.Conversation = func(context.Context, string) (*conversation.Conversation, error) { panic("Mr Smith") }
		},
	} {
		inVirtualTime(t, func(t *testing.T, h *host) {
			id, token := h.plays(), h.login("user-a")
			require.Equal(t, http.StatusServiceUnavailable, h.say(token, id).Code, name)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/case?conversationId="+id, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			require.NotPanics(t, func() { h.app.ServeHTTP(w, r) }, name)
			require.Equal(t, name == "Conversation", w.Code == http.StatusOK, name)
			require.Empty(t, h.all())
			require.Contains(t, h.log.String(), "panicked", name)
			require.NotContains(t, h.log.String()+w.Body.String(), "Smith", name)
			require.Equal(t, name == "Conversation", strings.Contains(w.Body.String(), ":\n\n"), name)
		}, change)
	}
}
