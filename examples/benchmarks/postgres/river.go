package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// notificationJob carries a notification to its worker.
type notificationJob struct {
	Body json.RawMessage `json:"body"`
}

func (notificationJob) Kind() string { return "notification" }

// decoding decodes the notification and does nothing with it.
type decoding struct {
	river.WorkerDefaults[notificationJob]
	handled *atomic.Int64
}

func (w *decoding) Work(_ context.Context, job *river.Job[notificationJob]) error {
	var m notification
	if err := json.Unmarshal(job.Args.Body, &m); err != nil {
		return err
	}
	w.handled.Add(1)
	return nil
}

// byRiver inserts a job for each notification and works it.
func byRiver() variant {
	return variant{name: "river", with: fmt.Sprint(producers, " producers, 500 workers"), counts: "events", open: func(ctx context.Context, s *server, _ *options) (round, error) {
		x, err := s.newSite(ctx)
		if err != nil {
			return nil, err
		}
		pool, err := x.pool(ctx, producers+4)
		if err != nil {
			return nil, err
		}
		driver := riverpgxv5.New(pool)
		migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: silent()})
		if err != nil {
			return nil, err
		}
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return nil, err
		}
		traffic := newTraffic(live)
		return func(ctx context.Context, d time.Duration) (t tally, err error) {
			if _, err := pool.Exec(ctx, "truncate river_job"); err != nil {
				return t, err
			}
			var handled atomic.Int64
			workers := river.NewWorkers()
			river.AddWorker(workers, &decoding{handled: &handled})
			client, err := river.NewClient(driver, &river.Config{Workers: workers, Logger: silent(),
				Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 500}},
				FetchCooldown: 10 * time.Millisecond, FetchPollInterval: 50 * time.Millisecond})
			if err != nil {
				return t, err
			}
			if err := client.Start(ctx); err != nil {
				return t, err
			}
			defer func() { err = errors.Join(err, client.Stop(context.WithoutCancel(ctx))) }()
			return throughQueue(ctx, traffic, d, &handled, func(ctx context.Context, data []byte) error {
				_, err := client.Insert(ctx, notificationJob{data}, nil)
				return err
			})
		}, nil
	}}
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
