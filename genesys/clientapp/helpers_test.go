package clientapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/clientapp"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const (
	organization = "99999999-aaaa-4bbb-8ccc-000000000001" // the simulator's
	bridge       = "bridge-client"
)

// users are who can log in.
var users = genesystest.Users(
	genesystest.Entry{ID: "user-a", Name: "Alice"}, genesystest.Entry{ID: "user-b", Name: "Bob"},
	genesystest.Entry{ID: "user-c", Name: "Carol"}, genesystest.Entry{ID: "user-d", Name: "Dan", State: "inactive"})

// host is a case system that serves the app.
type host struct {
	*testing.T
	genesys *genesystest.Server
	app     *clientapp.App
	url     string
	log     *syncBuffer

	mu    sync.Mutex
	hints []conversation.Hint
	heard []clientapp.Heard
	down  bool
	cases map[string]clientapp.Case
}

// serve serves the app beside a simulator.
func serve(t *testing.T, change ...func(*clientapp.Config)) *host {
	h := &host{T: t, genesys: genesystest.NewServer(t, users, genesystest.RateLimit(0)), log: &syncBuffer{}, cases: map[string]clientapp.Case{}}
	c := clientapp.Config{
		BaseURL: h.genesys.URL(), ClientID: bridge, OrganizationID: organization, HTTP: h.genesys.HTTPClient(),
		API: h.genesys.API(), Sink: h.observe, Case: h.caseOf, Logger: slog.New(slog.NewTextHandler(h.log, nil)),
		Heard: func(_ context.Context, heard clientapp.Heard) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.heard = append(h.heard, heard)
		},
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	h.app, err = clientapp.New(c)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/genesys/app/", http.StripPrefix("/genesys/app", h.app))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	t.Cleanup(h.app.Close)
	h.url = s.URL + "/genesys/app/"
	return h
}

func (h *host) observe(_ context.Context, u conversation.Update) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return errors.New("the store is down")
	}
	h.hints = append(h.hints, u.Hints...)
	return nil
}

func (h *host) caseOf(_ context.Context, id string, _ clientapp.Agent) (clientapp.Case, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return clientapp.Case{}, errors.New("the store is down")
	}
	return h.cases[id], nil
}

// gives changes the case of a conversation, as a hook does.
func (h *host) gives(id string, c clientapp.Case) {
	h.mu.Lock()
	h.cases[id] = c
	h.mu.Unlock()
	h.app.CaseChanged(id)
}

func (h *host) all() []conversation.Hint {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]conversation.Hint{}, h.hints...)
}

// plays lets a conversation happen to its end, and returns its id: user-a and
// user-b take part in it.
func (h *host) plays() string {
	story := genesystest.BlindTransferToQueue()
	require.NoError(h, h.genesys.Play(story, genesystest.Speed(10_000)).Wait(h.Context()))
	return story.ID
}

func (h *host) login(user string) string {
	return h.genesys.LogIn(genesystest.Login{ClientID: bridge, UserID: user})
}

// do sends a request and returns the answer.
func (h *host) do(method, path, token string, body io.Reader) (int, string, http.Header) {
	r, err := http.NewRequestWithContext(h.Context(), method, h.url+path, body)
	require.NoError(h, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(h, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(h, err)
	return answer.StatusCode, string(text), answer.Header
}

func (h *host) post(token string, update map[string]any) (int, string) {
	body, err := json.Marshal(update)
	require.NoError(h, err)
	status, text, _ := h.do(http.MethodPost, "updates", token, bytes.NewReader(body))
	return status, text
}

func update(kind, id string) map[string]any {
	return map[string]any{"source": "client-app", "kind": kind, "conversationId": id, "seenAt": "2026-01-10T10:00:00.000Z", "body": map[string]any{"id": id}}
}

// syncBuffer is a log.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
