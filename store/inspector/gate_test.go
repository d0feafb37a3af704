package inspector_test

import (
	"context"
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
