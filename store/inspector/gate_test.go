package inspector_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/dcmkit/convtrack/store"
)

// gate is a store whose lists wait until it is open, or their time is up.
type gate struct {
	store.Store
	open          chan struct{}
	reading, most atomic.Int64
}

func (g *gate) List(ctx context.Context, q store.Query) (store.Page, error) {
	defer g.reading.Add(-1)
	for n := g.reading.Add(1); ; {
		most := g.most.Load()
		if n <= most || g.most.CompareAndSwap(most, n) {
			break
		}
	}
	select {
	case <-g.open:
		return g.Store.List(ctx, q)
	case <-ctx.Done():
		return store.Page{}, ctx.Err()
	}
}

// outage is a store that cannot be read while it is down.
type outage struct {
	store.Store
	down atomic.Bool
}

var errDown = errors.New("the database is away")

func (o *outage) Load(ctx context.Context, ids ...string) ([]store.Record, error) {
	if o.down.Load() {
		return nil, errDown
	}
	return o.Store.Load(ctx, ids...)
}

func (o *outage) List(ctx context.Context, q store.Query) (store.Page, error) {
	if o.down.Load() {
		return store.Page{}, errDown
	}
	return o.Store.List(ctx, q)
}

// halfway is a store that takes so many decisions, and no more.
type halfway struct {
	store.Store
	left atomic.Int64
}

func (h *halfway) Decide(ctx context.Context, do store.Decision, ids ...string) (int, error) {
	if h.left.Add(-1) < 0 {
		return 0, errDown
	}
	return h.Store.Decide(ctx, do, ids...)
}
