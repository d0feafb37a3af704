package storetest

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// eachLag changes what the store says of how far each hook is behind.
func eachLag(change func(hook string, lag *store.Lag)) func(*wrapped) {
	return func(w *wrapped) {
		w.lag = func(ctx context.Context, limit int) (map[string]store.Lag, error) {
			lags, err := w.sound.Lag(ctx, limit)
			for hook, lag := range lags {
				change(hook, &lag)
				lags[hook] = lag
			}
			return lags, err
		}
	}
}

// brokenLags say something else of how far hooks are behind.
func brokenLags() []broken {
	const counts = "lagging/the lag of each hook counts what the backlog does, whatever the state"
	const due = "lagging/the lag says since when the earliest delivery is due that could be claimed, or when it will be"
	const left = "lagging/what somebody held is due since its lease has ended, and what waits behind a delivery that is held is not"
	const limited = "lagging/a lag that is not counted to its end says so, and is at least the limit"
	return []broken{
		{"counts one too few", []string{counts, limited}, eachLag(func(_ string, lag *store.Lag) { lag.Unfinished-- })},
		{"says that there is more", []string{counts}, eachLag(func(_ string, lag *store.Lag) { lag.More = true })},
		{"leaves a hook out whose deliveries are held", []string{counts, limited}, func(w *wrapped) {
			w.lag = func(ctx context.Context, limit int) (map[string]store.Lag, error) {
				lags, err := w.sound.Lag(ctx, limit)
				delete(lags, "held")
				return lags, err
			}
		}},
		{"counts less than the limit and says nothing of it", []string{limited}, func(w *wrapped) {
			w.lag = func(ctx context.Context, limit int) (map[string]store.Lag, error) {
				lags, err := w.sound.Lag(ctx, limit)
				for hook, lag := range lags {
					if lag.Unfinished > limit {
						lag.Unfinished = limit
						lags[hook] = lag
					}
				}
				return lags, err
			}
		}},
		{"does not say since when", []string{due}, eachLag(func(_ string, lag *store.Lag) { lag.Due = time.Time{} })},
		{"says since when of what is held", []string{due}, eachLag(func(_ string, lag *store.Lag) {
			if lag.Due.IsZero() {
				lag.Due = time.Now()
			}
		})},
		{"says nothing of what is left of an owner that is gone", []string{left}, func(w *wrapped) {
			gone := time.Time{}
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				if b.Owner == "gone" {
					gone = time.Now()
				}
				return w.sound.Commit(ctx, b)
			}
			eachLag(func(_ string, lag *store.Lag) {
				if !gone.IsZero() && lag.Due.After(gone) {
					lag.Due = time.Time{}
				}
			})(w)
		}},
		{"takes for due what waits behind a delivery that is held", []string{left}, eachLag(func(hook string, lag *store.Lag) {
			if hook == "behind" && lag.Unfinished == 2 {
				lag.Due = time.Now()
			}
		})},
		{"forgets how often a delivery has failed that somebody held", []string{left}, eachLag(func(hook string, lag *store.Lag) {
			if hook == "claimed" {
				lag.Attempts = 0
			}
		})},
		{"takes the time of the next try for now", []string{due}, eachLag(func(_ string, lag *store.Lag) {
			if lag.Due.After(time.Now()) {
				lag.Due = time.Now()
			}
		})},
		{"forgets how often a delivery has failed", []string{due}, eachLag(func(_ string, lag *store.Lag) { lag.Attempts = 0 })},
	}
}
