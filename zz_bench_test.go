package convtrack_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
)

type nullStore struct{ store.Store }

func (n nullStore) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	var d store.Committed
	d.Results = make([]store.Result, len(b.Changes))
	for i, c := range b.Changes {
		d.Results[i].Version = c.Version + 1
	}
	return d, nil
}

func BenchmarkZZ(b *testing.B) {
	const tmpl = "0f1e2d3c-0000-4000-8000-0f1e2d3c4b5a"
	hooks := events.NewHooks()
	events.After(hooks, "x", func(context.Context, events.Event) error { return nil })
	tracker, err := convtrack.New(nullStore{memstore.New()}, &convtrack.Config{Hooks: hooks, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	go tracker.Run(ctx)
	defer cancel()
	var frames [7][]byte
	for v := range frames {
		frames[v] = genesystest.Notification(tmpl, 4, v)
	}
	var mu sync.Mutex
	n := 0
	b.ReportAllocs()
	b.SetParallelism(50)
	b.RunParallel(func(pb *testing.PB) {
		id := ""
		v := 7
		for pb.Next() {
			if v == 7 {
				mu.Lock()
				n++
				id = fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n)
				mu.Unlock()
				v = 0
			}
			data := bytes.ReplaceAll(frames[v], []byte("0f1e2d3c"), []byte(id[:8]))
			v++
			m, err := genesys.Decode(data, time.Now())
			if err != nil {
				b.Fatal(err)
			}
			if err := tracker.Observe(ctx, conversation.Update{Conversations: m.Conversations}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
