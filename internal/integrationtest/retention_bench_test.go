package integrationtest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/access"
	"github.com/dcmkit/convtrack/internal/retention"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

const (
	old    = 4000 // conversations that ended long ago
	phase  = 100  // observations, before deleting begins or stops
	every  = 5 * time.Millisecond
	settle = 20 // observations of a phase that do not count: a batch may be under way
)

// BenchmarkLatencyWhileOldConversationsAreDeleted compares, in one run and in turns,
// how long it takes to store what is new while Config.Retain has old conversations
// deleted, and while it does not. The ratio should be at most 1.10: of the means, as
// who has to wait for a batch waits for the whole of it. An iteration is a turn of
// each; take ten (-benchtime 10x).
func BenchmarkLatencyWhileOldConversationsAreDeleted(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) store.Store{
		"sqlite": func(b *testing.B) store.Store {
			s, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "store.db"), nil)
			require.NoError(b, err)
			return s
		},
		"postgres": func(b *testing.B) store.Store {
			c, err := pgtest.Start(os.Getenv("CONVTRACK_TEST_POSTGRES"))
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, c.Close()) })
			s, err := pgstore.New(b.Context(), c.Pool(b, c.Schema(b)), nil)
			require.NoError(b, err)
			return s
		},
	} {
		b.Run(name, func(b *testing.B) { deleteBeside(b, open(b)) })
	}
}

func deleteBeside(b *testing.B, s store.Store) {
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: quiet, SettleLate: -1, SettleSoon: -1})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = tracker.Run(ctx) })
	defer running.Wait()
	defer cancel()
	observe := func(messages ...[]byte) {
		var u conversation.Update
		for _, data := range messages {
			m, err := genesys.Decode(data, time.Now())
			require.NoError(b, err)
			u.Conversations = append(u.Conversations, m.Conversations...)
		}
		require.NoError(b, tracker.Observe(ctx, u))
	}
	fresh := func(seed uint64) [][]byte {
		return genesystest.BlindTransferToQueue().Fresh(rand.New(rand.NewPCG(seed, 1))).Snapshots()
	}
	for seed := uint64(0); seed < old; {
		var messages [][]byte
		for range 100 {
			messages = append(messages, fresh(seed)...)
			seed++
		}
		observe(messages...)
	}
	require.NoError(b, tracker.Settle(ctx))

	var deleting atomic.Bool
	var deleted atomic.Int64
	again := make(chan struct{}, 1)
	r := retention.New(retention.Config{Store: access.New(s, quiet), Conversations: time.Hour, Log: quiet,
		Mine: deleting.Load, LetGo: func(_ context.Context, ids []string) { deleted.Add(int64(len(ids))) }})
	running.Go(func() {
		for {
			select {
			case <-again:
			case <-ctx.Done():
				return
			}
			if _, err := r.DeleteConversations(ctx); err != nil && !errors.Is(err, context.Canceled) {
				b.Error(err)
			}
		}
	})

	var took [2][]time.Duration // without and with
	seed := uint64(old)
	for b.Loop() {
		for with := range took {
			if deleting.Store(with == 1); with == 1 {
				again <- struct{}{}
			}
			for i := range phase {
				seed++
				message := fresh(seed)[0]
				time.Sleep(every)
				began := time.Now()
				observe(message)
				if i >= settle {
					took[with] = append(took[with], time.Since(began))
				}
			}
		}
	}
	require.Positive(b, deleted.Load())
	require.Less(b, deleted.Load(), int64(old), "there was not enough to delete")
	mean := func(list []time.Duration) float64 {
		var sum time.Duration
		for _, d := range list {
			sum += d
		}
		return float64(sum.Microseconds()) / float64(len(list))
	}
	median := func(list []time.Duration) float64 {
		slices.Sort(list)
		return float64(list[len(list)/2].Microseconds())
	}
	b.ReportMetric(mean(took[0]), "µs-without")
	b.ReportMetric(mean(took[1]), "µs-with")
	b.ReportMetric(mean(took[1])/mean(took[0]), "ratio")
	b.ReportMetric(median(took[1])/median(took[0]), "ratio-of-medians")
	b.ReportMetric(float64(deleted.Load()), "deleted")
}
