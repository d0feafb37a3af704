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
	old   = 4000 // conversations that ended long ago
	turn  = 15   // observations without, or with, what is deleted
	pairs = 10   // of turns, in an iteration
	every = 5 * time.Millisecond
)

// BenchmarkLatencyWhileOldConversationsAreDeleted compares, in one run and in short
// turns, how long it takes to store what is new while Config.Retain has old
// conversations deleted, and while it does not. Each turn without has one with beside
// it, in an order that is drawn, so that what else the machine does meets both. The
// ratio is that of their means, as who has to wait for a batch waits for the whole of
// it, and of all pairs the median: it should be at most 1.10. An iteration is ten
// pairs; take twenty or more (-benchtime 20x).
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
	r := retention.New(retention.Config{Store: access.New(s, quiet), Conversations: time.Hour, Log: quiet,
		Mine: deleting.Load, LetGo: func(_ context.Context, ids []string) { deleted.Add(int64(len(ids))) }})
	delete := func(ctx context.Context) {
		if _, err := r.DeleteConversations(ctx); err != nil && !errors.Is(err, context.Canceled) {
			b.Error(err)
		}
	}
	seed := uint64(old)
	random := rand.New(rand.NewPCG(1, 2))
	take := func(with bool) float64 {
		var beside sync.WaitGroup
		ctx, stop := context.WithCancel(ctx)
		if deleting.Store(with); with {
			late := time.Duration(random.IntN(40)) * time.Millisecond // steps meet any of the observations
			beside.Go(func() {
				time.Sleep(late)
				delete(ctx)
			})
		}
		defer beside.Wait() // a batch that has begun ends
		defer stop()
		defer deleting.Store(false)
		var sum time.Duration
		for range turn {
			seed++
			message := fresh(seed)[0]
			time.Sleep(every)
			began := time.Now()
			observe(message)
			sum += time.Since(began)
		}
		return float64(sum.Microseconds()) / turn
	}
	var without, with, ratios []float64
	for b.Loop() {
		for range pairs {
			var took [2]float64
			first := random.IntN(2)
			for _, i := range []int{first, 1 - first} {
				took[i] = take(i == 1)
			}
			without, with, ratios = append(without, took[0]), append(with, took[1]), append(ratios, took[1]/took[0])
		}
	}
	require.Positive(b, deleted.Load())
	require.Less(b, deleted.Load(), int64(old), "there was not enough to delete")
	slices.Sort(ratios)
	b.ReportMetric(middle(without), "µs-without")
	b.ReportMetric(middle(with), "µs-with")
	b.ReportMetric(middle(ratios), "ratio")
	b.ReportMetric(ratios[len(ratios)/4], "ratio-lower-quartile")
	b.ReportMetric(ratios[len(ratios)*3/4], "ratio-upper-quartile")
	b.ReportMetric(float64(deleted.Load()), "deleted")
}

// middle is the median.
func middle(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
