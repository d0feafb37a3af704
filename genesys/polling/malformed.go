package polling

import (
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// malformed are elements of answers that are not understood. They are left out,
// counted, and named in the log once each, however often they are read.
type malformed struct {
	log   *slog.Logger
	count atomic.Int64

	mu    sync.Mutex
	named map[string]bool
}

// mostNamed is how many names are remembered, to log each only once.
const mostNamed = 1000

func newMalformed(log *slog.Logger) *malformed {
	return &malformed{log: log, named: map[string]bool{}}
}

// note logs an element that is not understood by its id and the reason, never
// with its content, which can hold personal data.
func (m *malformed) note(what string, element jsontext.Value, err error) {
	m.count.Add(1)
	id := idOf(element)
	if m.first(what + " " + id) {
		m.log.Warn("a part of an answer is not understood and left out", "answer", what, "id", id, "reason", err)
	}
}

// first reports whether something was not named before.
func (m *malformed) first(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.named[name] {
		return false
	}
	if len(m.named) >= mostNamed {
		clear(m.named)
	}
	m.named[name] = true
	return true
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// idOf returns the id of an element of any shape, if it looks like one: other text
// can be personal data and must not reach the log.
func idOf(element jsontext.Value) string {
	var e struct {
		ConversationID any `json:"conversationId"`
		ID             any `json:"id"`
	}
	_ = json.Unmarshal(element, &e, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	for _, id := range []any{e.ConversationID, e.ID} {
		if s, ok := id.(string); ok && idForm.MatchString(s) {
			return s
		}
	}
	return "unknown"
}
