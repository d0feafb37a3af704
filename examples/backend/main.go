// Backend is a case-management backend that keeps running: it hears Genesys
// Cloud in every way that is configured, links each conversation to a case, and
// changes the owner of the case with the agent.
//
//	go run ./examples/backend
//	go run ./examples/backend -listen 127.0.0.1:8080 -store sqlite:backend.db
//	go run ./examples/backend -store postgres://localhost/dcm
//
// It writes each Common Event to stdout as a line of JSON (CloudEvents), and
// to stderr what is on, and what is off and how to switch it on. The
// environment switches ways of hearing on; -help lists it. SIGINT and SIGTERM
// end it: what was accepted is stored first.
//
// The backend itself is in the folder app.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/dcmkit/convtrack/examples/backend/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)   // a second signal ends it at once
	signal.Ignore(syscall.SIGPIPE) // a write to a closed pipe is an error instead, after which what was accepted is stored
	os.Exit(app.Main(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
