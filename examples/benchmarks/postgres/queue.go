package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// mostQueued is how far the producers of a queue may be ahead of its handler.
const mostQueued = 4000

// throughQueue lets the producers put notifications into a queue for a while,
// and returns when all of them were handled.
func throughQueue(ctx context.Context, t *traffic, d time.Duration, handled *atomic.Int64, put func(ctx context.Context, data []byte) error) (tally, error) {
	var queued atomic.Int64
	began := time.Now()
	n, err := t.produce(ctx, producers, d, func(slot int) (bool, error) {
		if queued.Load()-handled.Load() >= mostQueued {
			time.Sleep(time.Millisecond)
			return false, nil
		}
		queued.Add(1)
		return true, put(ctx, t.notification(slot))
	})
	if err != nil {
		return tally{}, err
	}
	for deadline := time.Now().Add(time.Minute); handled.Load() < n; time.Sleep(time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return tally{}, err
		}
		if time.Now().After(deadline) {
			return tally{}, fmt.Errorf("of %d notifications only %d were handled within a minute", n, handled.Load())
		}
	}
	return tally{n: n, took: time.Since(began)}, nil
}
