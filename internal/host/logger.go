package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// Logger returns the logger so that a handler of the host's that panics ends no
// goroutine that logs; slog.Default() for nil. What such a handler loses is not
// repaired: the first time is said on the standard error.
func Logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		l = slog.Default()
	}
	if _, is := l.Handler().(*handler); is {
		return l
	}
	return slog.New(&handler{l.Handler(), &sync.Once{}})
}

// handler guards one of the host's, and those that are made of it.
type handler struct {
	slog.Handler
	once *sync.Once
}

func (h *handler) guard() {
	if p := recover(); p != nil {
		h.once.Do(func() {
			fmt.Fprintf(os.Stderr, "convtrack: the handler of the logger panics (%s); what it was to log is lost\n", Kind(p))
		})
	}
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	defer h.guard()
	return h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	defer h.guard()
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.made(func() slog.Handler { return h.Handler.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return h.made(func() slog.Handler { return h.Handler.WithGroup(name) })
}

// made guards a handler that the host's makes of itself; where it cannot, it stays.
func (h *handler) made(do func() slog.Handler) slog.Handler {
	of := &handler{h.Handler, h.once}
	func() {
		defer h.guard()
		of.Handler = do()
	}()
	return of
}
