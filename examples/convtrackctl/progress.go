package main

import (
	"sync"
	"time"
)

// progressEvery is how often long work says how far it is.
const progressEvery = 5 * time.Second

// saysHowFar says again and again how far long work is, to who waits for it, until
// stop is called. says must be safe for concurrent use.
func (p *program) saysHowFar(says func() string) (stop func()) {
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				p.err.say("%s", says())
			}
		}
	})
	return func() {
		close(done)
		ended.Wait()
	}
}
