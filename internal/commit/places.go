package commit

import (
	"context"
	"slices"
	"sync"
	"time"
)

// slowFor is how long a Before hook counts as slow that has timed out.
const slowFor = time.Minute

// places are those for transactions in which Before hooks run. Changes that ask a slow
// hook share half of them: a hook that hangs for many conversations holds up only those.
type places struct {
	all, ofSlow chan struct{}

	mu       sync.Mutex
	timedOut map[string]time.Time // when each hook did that last
}

func newPlaces(n int) *places {
	return &places{all: make(chan struct{}, n), ofSlow: make(chan struct{}, max(1, n/2)), timedOut: map[string]time.Time{}}
}

// slow notes that the hook has timed out now.
func (p *places) slow(hook string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timedOut[hook] = time.Now()
}

func (p *places) isSlow(hook string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, is := p.timedOut[hook]
	return is && time.Since(at) < slowFor
}

// take waits for a place for a change that asks the hooks; leave gives it back.
func (p *places) take(ctx context.Context, hooks []string) (leave func(), err error) {
	for {
		slow := slices.ContainsFunc(hooks, p.isSlow)
		if slow {
			if err := enter(ctx, p.ofSlow); err != nil {
				return nil, err
			}
		}
		leave := func() {
			if slow {
				<-p.ofSlow
			}
		}
		if err := enter(ctx, p.all); err != nil {
			leave()
			return nil, err
		}
		if slow || !slices.ContainsFunc(hooks, p.isSlow) {
			return func() { <-p.all; leave() }, nil
		}
		<-p.all // one has become slow meanwhile
	}
}

func enter(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
