// Package host calls what belongs to the host, its callbacks and its logger, so
// that what goes wrong there is no trouble of who calls.
package host

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
)

// Call calls the host's code, of which what is its name. A panic is logged, not
// with its value, which may quote what was heard, but with its kind.
func Call(log *slog.Logger, what string, do func()) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("the host's code panicked", "in", what, "panic", Kind(p), "stack", string(debug.Stack()))
		}
	}()
	do()
}

// Kind says what somebody panicked with, without quoting it: what the runtime itself
// says, else the type.
func Kind(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", p)
}
