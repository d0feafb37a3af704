// Package app is the backend of examples/backend.
//
// Where to look: options.go and environment.go say what can be configured,
// database.go and cases.go where things are kept, hooks.go what happens when
// something happens, sources.go how Genesys Cloud is heard, server.go
// what is served, panel.go what agents see, operate.go, readiness.go, exporters.go and measurements.go what operators see. run.go
// joins them.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
)

// The exit codes.
const (
	exitStopped = 0
	exitFailed  = 1
	exitUsage   = 2
)

// Main runs the backend until ctx ends, and returns its exit code.
func Main(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitStopped
	}
	if err == nil {
		o.environment, err = readEnvironment(env) //nolint:contextcheck // nothing is asked before the sources run
	}
	if err == nil {
		err = run(ctx, o, stdout, stderr)
	}
	var wrong *usageError
	switch {
	case errors.As(err, &wrong):
		_, _ = fmt.Fprintf(stderr, "backend: %v\nRun it with -help to see how it is used.\n", err)
		return exitUsage
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "backend:", err)
		return exitFailed
	}
	return exitStopped
}

// usageError says that a flag or a variable is wrong.
type usageError struct {
	what string // the flag or the variable
	err  error
}

func (e *usageError) Error() string { return e.what + ": " + e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

func wrongUsage(what, format string, args ...any) error {
	return &usageError{what, fmt.Errorf(format, args...)}
}
