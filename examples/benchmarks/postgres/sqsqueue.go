package main

import (
	"context"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/eventbridge"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// byQueue is eventbridge.Queue and a tracker, as they are configured by default.
func byQueue() variant {
	return variant{name: "queue", counts: "events", open: func(ctx context.Context, s *server, o *options) (round, error) {
		e, err := newEmulator(s, o)
		if err != nil {
			return nil, err
		}
		f, err := trackerAlone(ctx, s)
		if err != nil {
			return nil, err
		}
		queue, err := eventbridge.NewQueue(e.client(), e.Queue, &eventbridge.QueueConfig{Tracked: f.trackers[0], Logger: silent()})
		if err != nil {
			return nil, err
		}
		f.run(ctx, s, queue)
		return e.through(func() int64 { return queue.Stats().Deleted }, func(ctx context.Context) error {
			if err := f.settle(ctx); err != nil {
				return err
			}
			f.traffic.heard.Store(e.Heard)
			return f.complete()
		}), nil
	}}
}

// trackerAlone is a tracker with an After hook on a schema of its own, which
// nobody runs yet.
func trackerAlone(ctx context.Context, s *server) (*fleet, error) {
	x, err := s.newSite(ctx)
	if err != nil {
		return nil, err
	}
	pool, err := x.pool(ctx, poolSize)
	if err != nil {
		return nil, err
	}
	on, err := pgstore.New(ctx, pool, nil)
	if err != nil {
		return nil, err
	}
	hooks := events.NewHooks()
	events.After(hooks, emptyHook, works, always())
	tracker, err := convtrack.New(on, &convtrack.Config{Hooks: hooks, Logger: silent()})
	if err != nil {
		return nil, err
	}
	return &fleet{trackers: []*convtrack.Tracker{tracker}, traffic: newTraffic(0)}, nil
}

// run runs the tracker until the server is cleared.
func (f *fleet) run(ctx context.Context, s *server, sources ...convtrack.Source) {
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- f.trackers[0].Run(running, sources...) }()
	s.later(func(context.Context) error {
		stop()
		return <-ended
	})
}
