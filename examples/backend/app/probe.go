package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// storeProbe finds out whether the store takes a write: one that is full, or
// whose file is gone, may still be read. It is safe for concurrent use.
type storeProbe struct {
	store store.Store

	mu    sync.Mutex
	asked time.Time
	last  error
}

const (
	storeTime  = 2 * time.Second // how long the store may take to answer
	probeEvery = time.Second     // how often it is asked at most, whoever wants to know
	probeName  = "example-backend/readiness"
)

// err is why the store does not take a write; nil when it does.
func (p *storeProbe) err(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.asked) < probeEvery {
		return p.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime) // the answer is for others too
	defer cancel()
	p.last = p.write(ctx)
	p.asked = time.Now()
	return p.last
}

func (p *storeProbe) write(ctx context.Context) error {
	value, version, err := p.store.Value(ctx, probeName)
	if err != nil {
		return err
	}
	if len(value) == 0 {
		value = []byte("1")
	}
	if _, err = p.store.SetValue(ctx, probeName, value, version); errors.Is(err, store.ErrConflict) {
		return nil // another process was faster: the store answers
	}
	return err
}
