package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// steadily does something so many times a second for a while, whether or not what
// was begun before is done. It returns how long each took from the moment at which
// it was due.
func steadily(ctx context.Context, rate int, d time.Duration, do func(ctx context.Context, n int) error) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([]time.Duration, max(1, int(d.Seconds()*float64(rate))))
	var all sync.WaitGroup
	began := time.Now()
	for i := range took {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		all.Go(func() {
			if err := do(ctx, i); err != nil {
				cancel(err)
			}
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	return took, context.Cause(ctx)
}

// quantile returns that of the durations; zero when there are none.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[max(0, (len(sorted)*int(q*1000)+999)/1000-1)]
}
