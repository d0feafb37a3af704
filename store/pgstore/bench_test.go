package pgstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/store"
)

// BenchmarkUpdate is the reference update: so many in a batch, from so many
// goroutines that each have conversations of their own.
func BenchmarkUpdate(b *testing.B) { benchUpdates(b, updateUndelivered) }

// BenchmarkUpdateAndDeliver is the same with the delivery of the event to a
// hook, and the end of the delivery before.
func BenchmarkUpdateAndDeliver(b *testing.B) { benchUpdates(b, updateAll) }

type update func(ctx context.Context, s store.Store, list []*reference) error

func benchUpdates(b *testing.B, do update) {
	for _, size := range []int{1, 10, 100} {
		for _, writers := range []int{1, 2, 4, 8} {
			b.Run(fmt.Sprintf("batch=%d/writers=%d", size, writers), func(b *testing.B) { benchUpdate(b, do, size, writers) })
		}
	}
}

func benchUpdate(b *testing.B, do update, size, writers int) {
	s := open(b, func(c *pgxpool.Config) { c.MaxConns = int32(writers) + 1 })
	const all = 2000
	list := references(b, s, 0, all)
	_, err := s.pool.Exec(b.Context(), "vacuum analyze")
	require.NoError(b, err)
	var left, updates atomic.Int64
	left.Store(int64(b.N))
	before := walAt(b, s.pool)
	b.ReportAllocs()
	b.ResetTimer()
	var group sync.WaitGroup
	for w := range writers {
		own := list[w*all/writers : (w+1)*all/writers]
		group.Go(func() {
			for at := 0; left.Add(-1) >= 0; at = (at + size) % (len(own) - size + 1) {
				if err := do(b.Context(), s, own[at:at+size]); err != nil {
					b.Error(err)
					return
				}
				updates.Add(int64(size))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(updates.Load())/b.Elapsed().Seconds(), "updates/s")
	b.ReportMetric(float64(walAt(b, s.pool)-before)/float64(updates.Load()), "WAL-B/update")
}
