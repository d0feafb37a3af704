// Broker publishes Common Events to a message broker: where a host goes whose
// hooks outgrow one database, or whose other services want to hear the events.
//
//	cd examples/broker && go run .
//
// Without flags it starts a NATS server of its own, plays some calls, and prints
// what a subscriber hears. [Publish] is the whole After hook; nats.go and kafka.go
// open a publisher for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	os.Exit(start(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are what the command line says.
type options struct {
	nats, kafka string
	topic       string
	database    string
	calls       int
	seed        uint64
}

const usage = `Usage: broker [-nats URL] [-kafka HOST:PORT,…] [-topic NAME] [-db FILE] [-calls N]

Plays calls and publishes their Common Events, as CloudEvents, to NATS JetStream,
to Kafka, or to both. With neither it starts a NATS server of its own, and prints
what a subscriber hears. Run it again with the same -db: nothing is published twice.

`

func start(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := options{}
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.nats, "nats", "", "`URL` of a NATS server with JetStream, as in nats://127.0.0.1:4222")
	flags.StringVar(&o.kafka, "kafka", "", "Kafka `brokers`, separated by commas, as in 127.0.0.1:9092")
	flags.StringVar(&o.topic, "topic", "convtrack", "`NAME` of the stream and subject, or of the topic; a topic of Kafka must be there")
	flags.StringVar(&o.database, "db", "", "SQLite `FILE` to keep conversations in (default: memory)")
	flags.IntVar(&o.calls, "calls", 3, "how many calls `N` are played")
	flags.Uint64Var(&o.seed, "seed", 1, "`SEED` of the calls' ids")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		_, _ = fmt.Fprintf(stderr, "broker: %q is not understood; run it with -help to see how it is used\n", flags.Arg(0))
		return 2
	case o.calls < 1:
		_, _ = fmt.Fprintln(stderr, "broker: -calls must be at least 1")
		return 2
	}
	switch err := run(ctx, o, stdout, stderr); {
	case ctx.Err() != nil:
		return 130
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "broker:", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	if o.nats == "" && o.kafka == "" {
		url, stop, err := ownServer()
		if err != nil {
			return err
		}
		defer stop()
		o.nats = url
		heard, err := subscribe(ctx, url, o.topic)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, heard(stdout)) }()
	}
	hooks := events.NewHooks()
	for name, open := range map[string]func() (message.Publisher, error){
		"nats":  func() (message.Publisher, error) { return openNATS(ctx, o.nats, o.topic) },
		"kafka": func() (message.Publisher, error) { return openKafka(o.kafka) },
	} {
		if (name == "nats" && o.nats == "") || (name == "kafka" && o.kafka == "") {
			continue
		}
		to, err := open()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, to.Close()) }()
		Publish(hooks, "publish-"+name, to, o.topic)
	}
	kept, err := openStore(ctx, o.database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	tracker, err := convtrack.New(kept, &convtrack.Config{Hooks: hooks, Logger: log})
	if err != nil {
		return err
	}
	return tracker.Run(ctx, calls{n: o.calls, seed: o.seed, tracker: tracker})
}

func openStore(ctx context.Context, file string) (store.Store, error) {
	if file == "" {
		return memstore.New(), nil
	}
	return sqlitestore.Open(ctx, file, nil)
}
