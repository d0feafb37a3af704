// Replay reads Genesys Cloud messages, tracks the conversations in them and
// prints every Common Event as an After hook sees it, then the conversations.
//
//	go run ./examples/replay messages.jsonl
//	some-recorder | go run ./examples/replay
//	go run ./examples/replay -shuffle 7 -repeat 3 detail-events.json record.json
//	go run ./examples/replay -against sqlite:convtrack.db
//
// It accepts any mix of WebSocket frames, EventBridge envelopes (also wrapped by
// SQS, SNS, Kinesis, Firehose and Lambda), analytics and REST conversations,
// pages of them, evaluations and surveys, and recognises each by its shape. It writes JSON
// Lines to stdout: CloudEvents, and {"type":"conversation","data":…} for each
// conversation at the end. What it cannot understand it names on stderr.
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
	exitUnderstood = 0
	exitRefused    = 1 // something was not understood, or could not be read; a dry run found differences
	exitUsage      = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)   // a second signal ends it at once
	signal.Ignore(syscall.SIGPIPE) // a write to a closed pipe is an error instead, after which the copy of a file is removed
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// options are the command line.
type options struct {
	store   string
	against string
	shuffle *int64 // the seed; nil: as they come
	repeat  int
	files   []string
}

const usage = `Usage: replay [-store memory|sqlite:PATH|postgres://…] [-shuffle SEED] [-repeat N] [FILE…]
       replay -against sqlite:PATH|postgres://…

Reads Genesys Cloud messages from the files, or from stdin, and writes the
Common Events and then the conversations to stdout, as JSON Lines.

With -against it reads no messages: it compares the Common Events that this
version derives from the conversations in a store with those that were announced,
and writes a line for each conversation in which they differ: what would be
added, with the hooks that would have run, dropped or changed. It writes nothing
to the store. Its exit code is 0 when nothing differs, else 1.

`

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.store, "store", "memory", "where to keep the conversations: memory, sqlite:PATH or a postgres:// URL, a store for replay alone")
	seed := flags.Int64("shuffle", 0, "put the messages in a random order; the same `SEED` gives the same order")
	flags.IntVar(&o.repeat, "repeat", 1, "say every message `N` times")
	flags.StringVar(&o.against, "against", "", "compare with what was announced in this store, sqlite:PATH or a postgres:// URL, and write nothing to it")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	empty := false // as of a variable that is not set
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "shuffle":
			o.shuffle = seed
		case "against":
			empty = o.against == ""
		}
	})
	if empty {
		return nil, errors.New("-against is empty; it is sqlite:PATH or a postgres:// URL")
	}
	if o.repeat < 1 {
		return nil, fmt.Errorf("-repeat is %d; it must be at least 1", o.repeat)
	}
	o.files = flags.Args()
	if o.against != "" && flags.NFlag()+flags.NArg() > 1 {
		return nil, errors.New("-against looks at what is stored: it takes no other flag and no FILE")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitUnderstood
	case err != nil:
		fmt.Fprintln(stderr, "replay:", err)
		fmt.Fprintln(stderr, "Run it with -help to see how it is used.")
		return exitUsage
	}
	if o.against != "" {
		return dryRun(ctx, o.against, stdout, stderr)
	}
	s, err := openStore(ctx, o.store)
	if err != nil {
		fmt.Fprintln(stderr, "replay:", err)
		return exitUsage
	}
	defer s.Close()
	in := &input{options: o, stdin: stdin, stderr: stderr}
	if err := replay(ctx, s, in, stdout); err != nil {
		fmt.Fprintln(stderr, "replay:", err)
		return exitRefused
	}
	if in.refused > 0 {
		return exitRefused
	}
	return exitUnderstood
}

func dryRun(ctx context.Context, name string, stdout, stderr io.Writer) int {
	s, err := openReadOnly(ctx, name)
	if err != nil {
		fmt.Fprintln(stderr, "replay:", err)
		return exitUsage
	}
	defer s.Close()
	different, err := against(ctx, s, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "replay:", err)
	}
	if err != nil || different > 0 {
		return exitRefused
	}
	return exitUnderstood
}
