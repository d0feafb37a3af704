// Caseowner is a small case-management program in which the owner of a case
// changes by itself when Genesys assigns its conversation to an agent.
//
//	go run ./examples/caseowner
//
// It plays a scripted call that is transferred from one agent to another and
// prints what becomes of the case. Everything that is DCM's own is in cases.go;
// everything that convtrack asks for is in hooks.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
)

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Usage: caseowner\n\nPlays a call that is transferred, and shows how the owner of its case changes. It has no flags.")
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "caseowner: %q is not understood; it takes no arguments\n", flag.Arg(0))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "caseowner:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	cases := newCases(
		&Case{ID: "CASE-4711", Owner: "nobody", Caller: "+31612345678"},
	)
	people := &People{
		Users: []User{
			{Name: "alice", GenesysUserID: "user-a"},
			{Name: "bob", Email: "bob@dcm.example"},
		},
		// In production this asks GET /api/v2/users/{id}.
		EmailOf: func(_ context.Context, genesysUserID string) (string, error) {
			return map[string]string{"user-b": "bob@dcm.example"}[genesysUserID], nil
		},
	}
	hooks := events.NewHooks()
	register(hooks, cases, people, func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) })

	tracker, err := convtrack.New(memstore.New(), &convtrack.Config{Hooks: hooks, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := tracker.Run(ctx, script{genesystest.BlindTransferToQueue()}); err != nil {
		return err
	}
	for _, c := range cases.All() {
		fmt.Fprintf(out, "%s belongs to %s\n", c.ID, c.Owner)
	}
	return nil
}

// script is a source that says what Genesys would have said over a WebSocket.
type script struct{ story *genesystest.Story }

// Run implements convtrack.Source.
func (s script) Run(ctx context.Context, sink conversation.Sink) error {
	for _, frame := range s.story.Snapshots() {
		message, err := genesys.Decode(frame, s.story.Start)
		if err != nil {
			return err
		}
		if err := sink(ctx, conversation.Update{Conversations: message.Conversations}); err != nil {
			return err
		}
	}
	return nil
}
