package clientapp_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/clientapp"
)

// listen opens an event stream. next returns the data of the next event; it is
// empty when the stream ends.
func (h *host) listen(token string, conversations ...string) (next func() string) {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), http.MethodGet, h.url+"case?"+url.Values{"conversationId": conversations}.Encode(), nil)
	require.NoError(h, err)
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(h, err)
	h.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(h, http.StatusOK, answer.StatusCode)
	require.Equal(h, "text/event-stream; charset=utf-8", answer.Header.Get("Content-Type"))
	require.Equal(h, "no-store", answer.Header.Get("Cache-Control"))
	lines := bufio.NewScanner(answer.Body)
	return func() string {
		for lines.Scan() {
			if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
				return data
			}
		}
		return ""
	}
}

func TestAStreamTellsTheCaseWhenItBeginsAndWheneverItHasChanged(t *testing.T) {
	h := serve(t)
	id := h.plays()
	next := h.listen(h.login("user-a"), id)
	require.JSONEq(t, `{"conversationId":"`+id+`","takesPart":true,"case":null}`, next())
	h.app.CaseChanged("another")
	h.app.CaseChanged(id) // it is the same
	h.gives(id, clientapp.Case{ID: "7", Title: "Broken window", Owner: "Alice", OwnerID: "user-a", URL: "https://dcm.example.com/7"})
	require.JSONEq(t, `{"conversationId":"`+id+`","takesPart":true,"case":{"id":"7","title":"Broken window","owner":"Alice","ownerId":"user-a","url":"https://dcm.example.com/7"}}`, next())
	h.gives(id, clientapp.Case{ID: "7", Owner: "Bob"})
	require.Contains(t, next(), `"owner":"Bob"`)
	require.Equal(t, 1, h.app.Stats().Streams)
}

func TestWhatAnotherProcessHasDoneIsSeenAtTheNextLook(t *testing.T) {
	h := serve(t, func(c *clientapp.Config) { c.CaseEvery = 20 * time.Millisecond })
	id := h.plays()
	next := h.listen(h.login("user-a"), id)
	require.Contains(t, next(), `"case":null`)
	h.mu.Lock()
	h.cases[id] = clientapp.Case{ID: "7"}
	h.mu.Unlock()
	require.Contains(t, next(), `"id":"7"`)
}

func TestAnAgentSeesNoCaseOfAConversationThatIsNoneOfHis(t *testing.T) {
	h := serve(t)
	id := h.plays()
	h.gives(id, clientapp.Case{ID: "secret"})
	next := h.listen(h.login("user-c"), id)
	require.JSONEq(t, `{"conversationId":"`+id+`","takesPart":false,"case":null}`, next())
}

func TestACaseThatCannotBeToldNowIsUnknownAndToldLater(t *testing.T) {
	for name, fail := range map[string]func(){
		"an error": nil,
		"a panic":  func() { panic("the case of Mr Smith") },
	} {
		fails := true
		h := serve(t, func(c *clientapp.Config) {
			ask := c.Case
			c.CaseEvery = 20 * time.Millisecond
			c.Case = func(ctx context.Context, id string, agent clientapp.Agent) (clientapp.Case, error) {
				if fails {
					fails = false
					if fail != nil {
						fail()
					}
					return clientapp.Case{}, context.DeadlineExceeded
				}
				return ask(ctx, id, agent)
			}
		})
		id := h.plays()
		h.gives(id, clientapp.Case{ID: "7"})
		next := h.listen(h.login("user-a"), id)
		require.JSONEq(t, `{"conversationId":"`+id+`","takesPart":false,"case":null,"unknown":true}`, next(), name)
		require.Contains(t, next(), `"id":"7"`, name)
		require.NotContains(t, h.log.String(), "Smith")
		require.NotEmpty(t, h.log.String())
	}
}

func TestOnlyALinkThatOpensAPageReachesThePanel(t *testing.T) {
	h := serve(t)
	id := h.plays()
	for link, kept := range map[string]bool{
		"https://dcm.example.com/7": true, "http://127.0.0.1:8080/7": true, "http://dcm.example.com/7": false,
		"javascript:alert(1)": false, "data:text/html,x": false, "//evil.example": false, "/7": false, "https:": false,
	} {
		h.gives(id, clientapp.Case{ID: "7", URL: link})
		require.Equal(t, kept, strings.Contains(h.listen(h.login("user-a"), id)(), `"url"`), link)
	}
}

func TestStreamsAreBoundedAndEndWithTheApp(t *testing.T) {
	h := serve(t, func(c *clientapp.Config) { c.MaxStreams = 1 })
	id, token := h.plays(), h.login("user-a")
	next := h.listen(token, id)
	require.NotEmpty(t, next())
	status, _, header := h.do(http.MethodGet, "case?conversationId="+id, token, nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotEmpty(t, header.Get("Retry-After"))
	h.app.Close()
	require.Empty(t, next())
	require.Eventually(t, func() bool { return h.app.Stats().Streams == 0 }, time.Minute, time.Millisecond)
	h.app.Close()
}

func TestOneAgentDoesNotUseUpTheStreamsOfTheOthers(t *testing.T) {
	h := serve(t)
	id, token := h.plays(), h.login("user-a")
	for range 32 {
		require.NotEmpty(t, h.listen(token, id)())
	}
	status, _, _ := h.do(http.MethodGet, "case?conversationId="+id, token, nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotEmpty(t, h.listen(h.login("user-b"), id)())
}

func TestAStreamIsAboutConversationsAndNotTooMany(t *testing.T) {
	h := serve(t)
	token := h.login("user-a")
	for _, query := range []string{"conversationId=..%2f..%2fusers", "conversationId=" + strings.Repeat("a", 200), strings.Repeat("conversationId=a&", 65)} {
		status, answer, _ := h.do(http.MethodGet, "case?"+query, token, nil)
		require.Equal(t, http.StatusBadRequest, status, query)
		require.Contains(t, answer, `"error"`)
	}
}
