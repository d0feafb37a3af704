// App is the example that quickstart builds and runs; see there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(flags.Output(), `quickstart follows a call on a simulator of Genesys Cloud, or a real organisation.

	go run ./examples/quickstart [flags]

For a real organisation set GENESYS_REGION (as in mypurecloud.de), GENESYS_CLIENT_ID and
GENESYS_CLIENT_SECRET: those of an OAuth client with the grant Client Credentials and the
permissions analytics:conversationDetail:view, conversation:communication:view and
routing:queue:view. Ctrl-C ends it.`)
		flags.PrintDefaults()
	}
	var o options
	flags.StringVar(&o.database, "db", "", "SQLite `file` to keep conversations in (default: a temporary one)")
	flags.Float64Var(&o.speed, "speed", 30, "how many times as fast the simulated call is played")
	flags.BoolVar(&o.verbose, "v", false, "log what the sources do")
	switch err := flags.Parse(os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	case flags.NArg() > 0 || o.speed <= 0:
		flags.Usage()
		os.Exit(2)
	}
	o.region, o.clientID, o.clientSecret = os.Getenv("GENESYS_REGION"), os.Getenv("GENESYS_CLIENT_ID"), os.Getenv("GENESYS_CLIENT_SECRET")
	o.colour = terminal(os.Stdout) && os.Getenv("NO_COLOR") == ""
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "quickstart:", err)
		stop()
		os.Exit(1)
	}
}

// terminal reports whether people read along.
func terminal(f *os.File) bool {
	is, err := f.Stat()
	return err == nil && is.Mode()&os.ModeCharDevice != 0
}
