// Package failure says how hooks fail: to the store, in a form of bounded size,
// and to the operator, once instead of each time. What follows from a failure is
// decided where the hook runs: of a Before hook in internal/commit, of an After hook
// in internal/outbox.
package failure

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// The most of it that is stored: a hook that puts a whole answer or dump into
// its error must not fill the database.
const (
	mostError = 4 << 10
	mostStack = 16 << 10
)

// Of describes the failed try of a hook. err is what it returned, mostly an
// *events.HookError.
func Of(hook string, e store.Event, attempts int, err error, at time.Time) store.Failure {
	f := store.Failure{Hook: hook, EventID: e.ID, Type: e.Type, Attempts: attempts, At: at}
	var failed *events.HookError
	if errors.As(err, &failed) {
		f.Stack = cut(failed.Stack, mostStack)
		err = failed.Err
	}
	f.Error = cut(err.Error(), mostError)
	return f
}

// cut shortens a text, at the boundary of a character, and says so.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
	if len(text) <= most {
		return text
	}
	const rest = " … (cut)"
	end := most - len(rest)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + rest
}
