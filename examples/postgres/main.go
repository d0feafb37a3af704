// Postgres is a small case-management backend on PostgreSQL, as one would run
// it: its own tables beside those of convtrack, in one database, and two
// replicas.
//
//	go run ./examples/postgres
//	go run ./examples/postgres -database postgres://localhost/demo
//
// A call comes in and is transferred from one agent to another. A Before hook
// links it to a case in the transaction that stores it, and an After hook gives
// the case to whoever answers, in the transaction that marks this as done.
// Both replicas hear everything that Genesys says; all of it happens once.
//
// Without -database it starts a PostgreSQL of its own, if one is installed, and
// removes it at the end. With -database, which names a database for this program
// alone, it can also be run several times at once: as so many more replicas.
//
// Everything that is the backend's own is in cases.go, its hooks are in
// hooks.go.
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

	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	database     string
	conversation string
	replicas     int
}

const usage = `Usage: postgres [-database URL] [-replicas N] [-conversation ID]

Plays a call that is transferred, and shows how the owner of its case changes.

`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("postgres", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.database, "database", "", "`URL` of a database for this program alone; empty: start a server for this run")
	flags.StringVar(&o.conversation, "conversation", "a-call", "`ID` of the conversation; one that was played before brings nothing new")
	flags.IntVar(&o.replicas, "replicas", 2, "run `N` replicas in this process")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("%q is not understood", flags.Arg(0))
	case o.replicas < 1:
		return nil, errors.New("-replicas must be at least 1")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "postgres:", err)
		fmt.Fprintln(stderr, "Run it with -help to see how it is used.")
		return 2
	}
	if err := start(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "postgres:", err)
		return 1
	}
	return 0
}

// start starts a server where none is named, and the backend on it.
func start(ctx context.Context, o *options, stdout io.Writer) (err error) {
	database := o.database
	if database == "" {
		server, err := pgtest.Start("") //nolint:contextcheck // it takes a second, and is ended below
		if err != nil {
			return fmt.Errorf("-database is not set, and no server can be started: %w", err)
		}
		defer func() { err = errors.Join(err, server.Close()) }()
		database = server.ConnString
	}
	return serve(ctx, database, o, stdout)
}
