package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

// childVariable makes the command a process that is measured.
const childVariable = "CONVTRACK_LATENCY_CHILD"

// process is what a child is told.
type process struct {
	Engine, Target string
	Life           int
}

// child follows conversations under load until it is told to stop, and says each
// hook that runs.
func child(description string) {
	if err := work(description); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func work(description string) error {
	var p process
	if err := json.Unmarshal([]byte(description), &p); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := engineOf(p.Engine).open(ctx, p.Target)
	if err != nil {
		return err
	}
	hooks := events.NewHooks()
	events.After(hooks, "slow", func(_ context.Context, e *events.ConversationCreated) error {
		fmt.Println(e.ConversationID)
		time.Sleep(rand.N(longestHook))
		return nil
	})
	t, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet, Instance: "measured"})
	if err != nil {
		return err
	}
	if err := t.Run(ctx, load(p.Life)); err != nil {
		return err
	}
	return s.Close()
}

// load is a source of new conversations.
type load int

// Run implements convtrack.Source.
func (l load) Run(ctx context.Context, sink conversation.Sink) error {
	var all sync.WaitGroup
	defer all.Wait()
	for hand := range 8 {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				_ = observe(ctx, sink, fmt.Sprintf("load-%d-%d-%d", l, hand, i)) // it is told to stop
			}
		})
	}
	<-ctx.Done()
	return nil
}
