package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
)

// mostHeld is how many bytes an open conversation may take: what the
// documentation of Config.CacheSize says, of which one in sixteen is not packed.
const mostHeld = 20<<10/16 + 4<<10

// memory measures what each open conversation costs that is held in memory and
// of which nothing is heard.
func memory(ctx context.Context, o *options, engines []engine) (goals []goal, err error) {
	for _, n := range o.held {
		fmt.Fprintf(o.progress, "memory: %d conversations\n", n)
		bytes, goroutines, err := held(ctx, &sqlite{}, n)
		if err != nil {
			return nil, err
		}
		goals = append(goals,
			goal{what: fmt.Sprintf("%d open conversations: each takes", n), unit: "bytes", rounds: []float64{bytes}, most: mostHeld, beside: "4 participants each; the heap after a collection"},
			goal{what: fmt.Sprintf("%d open conversations: goroutines", n), unit: "each", rounds: []float64{goroutines}, most: 0, beside: "those that were there before are not counted"})
	}
	return goals, nil
}

// held returns how much memory and how many goroutines each of n conversations
// takes, once everything about them is done.
func held(ctx context.Context, e engine, n int) (bytes, goroutines float64, err error) {
	target, remove, err := e.place(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	s, err := e.open(ctx, target)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	hooks := events.NewHooks()
	events.After(hooks, "count", func(context.Context, *events.ConversationCreated) error { return nil })
	err = tracking(ctx, s, &convtrack.Config{Hooks: hooks, Logger: quiet, CacheSize: n}, func(t *convtrack.Tracker) error {
		if err := observeAll(ctx, t, "warm", 100); err != nil { // what is made once is there
			return err
		}
		heap, before := settled()
		if err := observeAll(ctx, t, "held", n); err != nil {
			return err
		}
		after, running := settled()
		bytes = (after - heap) / float64(n)
		goroutines = max(0, float64(running-before)/float64(n))
		runtime.KeepAlive(t)
		return nil
	})
	return bytes, goroutines, err
}

// settled returns how large the heap is, and how many goroutines there are, when
// neither gets any smaller.
func settled() (heap float64, goroutines int) {
	least := 0.0
	for range 20 {
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		is, n := float64(m.HeapAlloc), runtime.NumGoroutine()
		if least > 0 && is >= least*0.999 && n >= goroutines {
			return is, n
		}
		least, goroutines = is, n
	}
	return least, goroutines
}

// tracking calls do with a tracker that runs.
func tracking(ctx context.Context, s store.Store, c *convtrack.Config, do func(*convtrack.Tracker) error) error {
	t, err := convtrack.New(s, c)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- t.Run(running) }()
	err = do(t)
	stop()
	return errors.Join(err, <-ended)
}

// observeAll has the tracker observe so many new open conversations.
func observeAll(ctx context.Context, t *convtrack.Tracker, name string, n int) error {
	const hands = 200
	errs := make(chan error, hands)
	var all sync.WaitGroup
	for hand := range hands {
		all.Go(func() {
			for i := hand; i < n; i += hands {
				if err := observe(ctx, t.Observe, fmt.Sprintf("%s-%d", name, i)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

func observe(ctx context.Context, sink conversation.Sink, id string) error {
	m, err := genesys.Decode(genesystest.Notification(id, 4, 0), time.Now())
	if err != nil {
		return err
	}
	return sink(ctx, conversation.Update{Conversations: m.Conversations})
}
