// Convtrackctl is the operator's command: it looks into the store of running
// trackers, judges it, and decides what has failed.
//
//	export CONVTRACK_STORE=postgres://localhost/dcm
//	go run ./examples/convtrackctl doctor
//	go run ./examples/convtrackctl failed list
//	go run ./examples/convtrackctl help
//
// It holds no lock and no connection that a tracker waits for, and prints nothing
// personal unless it is told to.
//
// Where to look: program.go is what all commands have in common, terminal.go how
// they write; then there is a file for each command, check*.go for doctor, and the
// package observe for that command.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// commands are all there are, in the order of the help text.
func commands() []*command {
	return []*command{
		doctorCommand(),
		openCommand(), findCommand(), tailCommand(),
		observeCommand(),
		failedListCommand(), decideCommand("retry"), decideCommand("skip"),
		forgetCommand(),
		migratePrintCommand(), migrateApplyCommand(), migrateStatusCommand(), grantsCommand(),
		completionCommand(),
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{env: env, in: stdin, out: &terminal{w: stdout}, err: &terminal{w: stderr}}
	err := p.dispatch(ctx, args)
	if err == nil {
		err = errors.Join(p.out.broken(), p.err.broken())
	}
	var wrong *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &wrong):
		p.err.say("convtrackctl: %v", err)
		p.err.say("See: convtrackctl help%s", wrong.topic())
		return exitUsage
	case ctx.Err() != nil:
		p.err.say("convtrackctl: interrupted")
		return exitInterrupted
	case !errors.Is(err, errFound):
		p.err.paragraph("convtrackctl: " + err.Error())
	}
	return exitFailed
}

// errFound: the command has said what is wrong.
var errFound = errors.New("something is wrong")

// usageError says that the command line or a variable is wrong.
type usageError struct {
	command string // empty: which one is not known
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

func (e *usageError) topic() string {
	if e.command == "" {
		return ""
	}
	return " " + e.command
}

func wrongUsage(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}
