// App is the example that quickstart builds and runs; see there.
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

// The exit codes. A program that Ctrl-C ended gives 128 + SIGINT.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a write to a closed pipe is an error instead, after which the temporary file is removed
	os.Exit(start(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

func start(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "quickstart:", err)
		_, _ = fmt.Fprintln(stderr, "Run it with -help to see how it is used.")
		return exitUsage
	}
	o.region, o.clientID, o.clientSecret = env("GENESYS_REGION"), env("GENESYS_CLIENT_ID"), env("GENESYS_CLIENT_SECRET")
	o.colour = terminal(stdout) && env("NO_COLOR") == ""
	switch err := run(ctx, o, stdout, stderr); {
	case errors.Is(err, errInterrupted):
		_, _ = fmt.Fprintln(stderr, "quickstart: interrupted")
		return exitInterrupted
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "quickstart:", err)
		return exitFailed
	}
	return exitDone
}

const usage = `Usage: go run ./examples/quickstart [-db FILE] [-speed F] [-v]

Follows a call on a simulator of Genesys Cloud, or a real organisation: for
that set GENESYS_REGION (as in mypurecloud.de), GENESYS_CLIENT_ID and
GENESYS_CLIENT_SECRET, those of an OAuth client with the grant Client
Credentials and the permissions analytics:conversationDetail:view,
conversation:communication:view and routing:queue:view. Ctrl-C ends it.

`

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.database, "db", "", "SQLite `FILE` to keep conversations in, for quickstart alone (default: a temporary one)")
	flags.Float64Var(&o.speed, "speed", 30, "play the simulated call `F` times as fast as it was")
	flags.BoolVar(&o.verbose, "v", false, "log what the sources do")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not understood", flags.Arg(0))
	case !(o.speed > 0 && o.speed < 1e6):
		return o, fmt.Errorf("-speed is %g; it must be positive, and less than a million", o.speed)
	}
	return o, nil
}

// terminal reports whether people read along.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	is, err := f.Stat()
	return err == nil && is.Mode()&os.ModeCharDevice != 0
}
