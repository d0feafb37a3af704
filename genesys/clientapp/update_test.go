package clientapp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

func TestWhatTheBrowserSaysIsAHintThatIsStoredBeforeItIsAnswered(t *testing.T) {
	h := serve(t)
	id, token := h.plays(), h.login("user-a")
	now := time.Now().UTC().Truncate(time.Millisecond)
	for i, kind := range []string{"event", "snapshot", "hint"} {
		u := update(kind, id)
		u["seenAt"] = now.Format("2006-01-02T15:04:05.000Z")
		status, answer := h.post(token, u)
		require.Equal(t, http.StatusOK, status, answer)
		require.JSONEq(t, `{"accepted":true}`, answer)
		require.Equal(t, conversation.Hint{ConversationID: id, At: now, By: "client app"}, h.all()[i])
		require.Equal(t, "user-a", h.heard[i].Agent.ID)
		require.Equal(t, kind == "hint", h.heard[i].Body == nil)
	}
	require.JSONEq(t, fmt.Sprintf(`{"id":%q}`, id), string(h.heard[0].Body))

	h.down = true
	status, answer := h.post(token, update("event", id))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotContains(t, answer, "accepted")
	require.Len(t, h.all(), 3)
	is := h.app.Stats()
	require.Equal(t, []int64{3, 1, 1, 1, 1}, []int64{is.Stored, is.Unavailable, is.Events, is.Snapshots, is.Hints})
}

func TestAPanicOfTheHostDoesNotHaveAStoredHintSentAgain(t *testing.T) {
	h := serve(t, func(c *clientapp.Config) { c.Heard = func(context.Context, clientapp.Heard) { panic("Mr Smith") } })
	status, answer := h.post(h.login("user-a"), update("event", h.plays()))
	require.Equal(t, http.StatusOK, status, answer)
	require.Len(t, h.all(), 1)
	require.Contains(t, h.log.String(), "panicked")
	require.NotContains(t, h.log.String(), "Smith")
}

func TestATokenMustBeOfThisOrganisationThisClientAndAnActiveUser(t *testing.T) {
	h := serve(t)
	id := h.plays()
	revoked := h.login("user-a")
	h.genesys.RevokeToken(revoked)
	for name, c := range map[string]struct {
		token  string
		status int
	}{
		"none":                  {"", 401},
		"nonsense":              {"nonsense", 401},
		"revoked":               {revoked, 401},
		"another organisation":  {h.genesys.LogIn(genesystest.Login{ClientID: bridge, UserID: "user-a", OrganizationID: "another"}), 403},
		"another OAuth client":  {h.genesys.LogIn(genesystest.Login{ClientID: "another", UserID: "user-a"}), 403},
		"a user who is gone":    {h.login("user-d"), 403},
		"no user":               {h.genesys.LogIn(genesystest.Login{ClientID: bridge}), 403},
		"of this and all right": {h.login("user-a"), 200},
	} {
		status, answer := h.post(c.token, update("event", id))
		require.Equal(t, c.status, status, "%s: %s", name, answer)
		if c.status == http.StatusOK {
			continue
		}
		require.NotContains(t, answer, "participant", name)
		status, answer, _ = h.do(http.MethodGet, "case?conversationId="+id, c.token, nil)
		require.Equal(t, c.status, status, "%s: %s", name, answer)
		require.NotEmpty(t, answer)
		if c.token != "" {
			require.NotContains(t, h.log.String()+answer, c.token, name)
		}
	}
	require.Len(t, h.all(), 1)
}

func TestAnAgentMustTakePartInTheConversationByWhatTheHostReadsItself(t *testing.T) {
	h := serve(t)
	id := h.plays()
	for user, status := range map[string]int{"user-a": 200, "user-b": 200, "user-c": 403} {
		u := update("event", id)
		u["body"] = map[string]any{"id": id, "participants": []any{map[string]any{"userId": user}}} // he says so himself
		got, answer := h.post(h.login(user), u)
		require.Equal(t, status, got, user)
		require.Equal(t, status == 403, strings.Contains(answer, `"code":"participant"`), "the page does not log in again for that")
	}
	got, _ := h.post(h.login("user-a"), update("event", "00000000-0000-4000-8000-00000000dead"))
	require.Equal(t, http.StatusForbidden, got, "there is no such conversation")
	require.Len(t, h.all(), 2)
	require.EqualValues(t, 2, h.app.Stats().Strangers)

	any := serve(t, func(c *clientapp.Config) { c.AnyAgent, c.API = true, nil })
	got, _ = any.post(any.login("user-c"), update("event", id))
	require.Equal(t, http.StatusOK, got)
}

func TestWhoIsKnownToTakePartCostsNoCallOfTheAPI(t *testing.T) {
	known := &conversation.Conversation{ID: "c-1", Participants: []*conversation.Participant{{ID: "p-1", UserID: "user-a"}}}
	var fails error
	h := serve(t, func(c *clientapp.Config) {
		c.Conversation = func(context.Context, string) (*conversation.Conversation, error) { return known, fails }
	})
	reads := func() (n int) {
		for _, r := range h.genesys.Requests() {
			if r.Path == "/api/v2/conversations/{id}" {
				n++
			}
		}
		return n
	}
	token := h.login("user-a")
	for range 3 {
		status, _ := h.post(token, update("event", "c-1"))
		require.Equal(t, http.StatusOK, status)
	}
	require.Zero(t, reads())
	fails = errors.New("the store is down")
	status, _ := h.post(token, update("event", "c-1"))
	require.Equal(t, http.StatusOK, status, "that does not end")

	h.plays() // user-b is new in a conversation that is known with user-a alone
	known.ID, fails = genesystest.BlindTransferToQueue().ID, nil
	for range 3 {
		status, _ := h.post(h.login("user-b"), update("event", known.ID))
		require.Equal(t, http.StatusOK, status)
	}
	require.Equal(t, 1, reads())
}

func TestWhileTheAPIIsDownNobodyIsToldThatHeTakesNoPart(t *testing.T) {
	h := serve(t)
	id := h.plays()
	h.genesys.Faults().Requests(genesystest.RequestFault{Status: http.StatusInternalServerError, Match: func(_, path string) bool { return path == "/api/v2/conversations/{id}" }})
	status, _ := h.post(h.login("user-a"), update("event", id))
	require.Equal(t, http.StatusServiceUnavailable, status)
}

func TestWhatCannotBeUnderstoodIsRefusedWithASentenceAndIsNotStored(t *testing.T) {
	h := serve(t)
	id, token := h.plays(), h.login("user-a")
	send := func(body string) (int, string) {
		status, answer, _ := h.do(http.MethodPost, "updates", token, strings.NewReader(body))
		return status, answer
	}
	for _, body := range []string{
		``, `{`, `[]`, `null`, `"x"`, `{"conversationId":7,"kind":"event"}`, `{"kind":"event"}`, `{"conversationId":"","kind":"event"}`,
		`{"conversationId":"` + id + `"}`, `{"conversationId":"` + id + `","kind":"state"}`,
		`{"conversationId":"../../users/me","kind":"event"}`, `{"conversationId":"<b>","kind":"event"}`, `{"conversationId":"` + strings.Repeat("a", 200) + `","kind":"event"}`,
	} {
		status, answer := send(body)
		require.Equal(t, http.StatusBadRequest, status, body)
		require.Contains(t, answer, `"error"`, body)
	}
	for name, seen := range map[string]string{"nonsense": "yesterday", "a clock that is wrong": "1999-01-01T00:00:00Z", "none": ""} {
		u := update("event", id)
		u["seenAt"] = seen
		status, _ := h.post(token, u)
		require.Equal(t, http.StatusOK, status, name)
		require.Zero(t, h.all()[len(h.all())-1].At, name)
	}
	u := update("event", id)
	u["body"] = map[string]any{"text": strings.Repeat("a", 1<<20)}
	status, answer := h.post(token, u)
	require.Equal(t, http.StatusRequestEntityTooLarge, status, answer)
	require.Len(t, h.all(), 3)
	require.NotContains(t, h.log.String(), "users/me")
}

func TestAnAgentWhoCallsTooOftenIsToldToWait(t *testing.T) {
	h := serve(t, func(c *clientapp.Config) { c.MaxPerMinute = 10 })
	id, fast, other := h.plays(), h.login("user-a"), h.login("user-b")
	var last int
	for range 20 {
		body, err := json.Marshal(update("event", id))
		require.NoError(t, err)
		var header http.Header
		if last, _, header = h.do(http.MethodPost, "updates", fast, strings.NewReader(string(body))); last == http.StatusTooManyRequests {
			require.NotEmpty(t, header.Get("Retry-After"))
			break
		}
	}
	require.Equal(t, http.StatusTooManyRequests, last)
	status, _ := h.post(other, update("event", id))
	require.Equal(t, http.StatusOK, status)
}

func TestNobodyUsesUpTheHostsRateLimitWithConversationsThatDoNotExist(t *testing.T) {
	h := serve(t)
	token, before := h.login("user-a"), h.genesys.Counts().Requests
	for i := range 100 {
		_, _ = h.post(token, update("event", fmt.Sprintf("made-up-%d", i)))
	}
	require.Less(t, h.genesys.Counts().Requests-before, int64(50))
}

func TestAConfigurationThatCannotWorkIsAnError(t *testing.T) {
	good := clientapp.Config{BaseURL: "http://127.0.0.1:1", ClientID: "c", OrganizationID: "o", AnyAgent: true,
		Sink: func(context.Context, conversation.Update) error { return nil }}
	app, err := clientapp.New(good)
	require.NoError(t, err)
	app.Close()
	for name, change := range map[string]func(*clientapp.Config){
		"no client":          func(c *clientapp.Config) { c.ClientID = "" },
		"no organisation":    func(c *clientapp.Config) { c.OrganizationID = "" },
		"no sink":            func(c *clientapp.Config) { c.Sink = nil },
		"no region":          func(c *clientapp.Config) { c.BaseURL = "" },
		"no API":             func(c *clientapp.Config) { c.AnyAgent = false },
		"a base without TLS": func(c *clientapp.Config) { c.BaseURL = "http://gateway.example.com" },
		"negative":           func(c *clientapp.Config) { c.MaxStreams = -1 },
		"an embedder's path": func(c *clientapp.Config) { c.Embedders = []string{"https://crm.example.com/app"} },
		"every embedder":     func(c *clientapp.Config) { c.Embedders = []string{"*"} },
		"a directive":        func(c *clientapp.Config) { c.Embedders = []string{"https://a.example; script-src *"} },
	} {
		c := good
		change(&c)
		_, err := clientapp.New(c)
		require.Error(t, err, name)
	}
}
