package architect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/architect"
)

func TestMain(m *testing.M) {
	if victim, is := os.LookupEnv(victimVariable); is {
		live(victim)
		return
	}
	goleak.VerifyTestMain(m)
}

const token = "canary-token-3b1d"

// store is a sink that remembers.
type store struct {
	mu    sync.Mutex
	hints []conversation.Hint
	err   error
}

func (s *store) observe(_ context.Context, u conversation.Update) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.hints = append(s.hints, u.Hints...)
	return nil
}

func (s *store) all() []conversation.Hint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]conversation.Hint(nil), s.hints...)
}

func secrets(context.Context) ([]string, error) { return []string{"another", token}, nil }

// newHandler returns a handler, its store and what it logs.
func newHandler(t testing.TB, change ...func(*architect.HandlerConfig)) (*architect.Handler, *store, *written) {
	t.Helper()
	kept, text := &store{}, &written{}
	c := architect.HandlerConfig{Sink: kept.observe, Secrets: secrets, Logger: slog.New(slog.NewTextHandler(text, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	c.AnswerWithin(time.Minute)
	for _, f := range change {
		f(&c)
	}
	h, err := architect.NewHandler(c)
	require.NoError(t, err)
	t.Cleanup(h.Close)
	return h, kept, text
}

// inTime keeps the limit within which a call is answered.
func inTime(c *architect.HandlerConfig) { c.AnswerWithin(0) }

// written is what was logged. It is safe for concurrent use.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *written) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *written) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// post calls the handler, and returns the status and the answer.
func post(h http.Handler, body string, headers ...string) (int, map[string]any) {
	r := httptest.NewRequest(http.MethodPost, "/genesys/v1/updates", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer map[string]any
	text, _ := io.ReadAll(w.Result().Body)
	_ = json.Unmarshal(text, &answer)
	return w.Code, answer
}

func body(members map[string]any) string {
	text, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// remember is a Case that keeps the call.
func remember(into *architect.Call) func(context.Context, architect.Call) (string, error) {
	return func(_ context.Context, c architect.Call) (string, error) {
		*into = c
		return "", nil
	}
}
