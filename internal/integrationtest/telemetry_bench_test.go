package integrationtest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/telemetry/telemetrytest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/store/sqlitestore"
)

// BenchmarkTelemetry measures what it costs to measure and trace, from the bytes of
// a notification to its After hook: how much more of the processor's time, and how
// much longer it takes, than with telemetry switched off. Rounds with and without
// take turns, and the median counts, as others use the machine, too.
//
//	go test ./internal/integrationtest -run '^$' -bench Telemetry -benchtime 1x
func BenchmarkTelemetry(b *testing.B) {
	sampled := func(share float64) func() *telemetrytest.Recorder {
		return func() *telemetrytest.Recorder {
			return telemetrytest.New(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(share)))
		}
	}
	for name, open := range map[string]func(b *testing.B) store.Store{
		"memory": func(*testing.B) store.Store { return memstore.New() },
		"sqlite": func(b *testing.B) store.Store {
			s, err := sqlitestore.Open(b.Context(), filepath.Join(b.TempDir(), "telemetry.db"), nil)
			require.NoError(b, err)
			return s
		},
	} {
		for _, on := range []struct {
			name     string
			recorder func() *telemetrytest.Recorder
			traces   bool
		}{
			{"metrics", sampled(0), false}, {"traces=1%", sampled(0.01), true}, {"traces=100%", sampled(1), true},
		} {
			b.Run(name+"/"+on.name, func(b *testing.B) {
				const rounds = 5
				var processor, wall []float64
				for range b.N {
					for i := range rounds + 1 {
						without := measure(b, open(b), &convtrack.Config{})
						r := on.recorder()
						config := &convtrack.Config{MeterProvider: r.Meters}
						if on.traces {
							config.TracerProvider = r.Tracers
						}
						with := measure(b, open(b), config)
						r.Collect(b)
						if i > 0 { // the first one warms up
							processor = append(processor, with.processor.Seconds()/without.processor.Seconds())
							wall = append(wall, with.wall.Seconds()/without.wall.Seconds())
						}
					}
				}
				b.ReportMetric(median(processor), "cpu-on÷off")
				b.ReportMetric(median(wall), "time-on÷off")
			})
		}
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// cost is what a round has taken.
type cost struct{ processor, wall time.Duration }

// measure runs a tracker on what many agents' conversations say.
func measure(b *testing.B, s store.Store, config *convtrack.Config) cost {
	b.Helper()
	const conversations, each, tellers = 500, 8, 32
	hooks := events.NewHooks()
	var ran sync.WaitGroup
	ran.Add(conversations)
	events.After(hooks, "counts", func(context.Context, *events.ConversationCreated) error { ran.Done(); return nil })
	config.Hooks, config.Logger = hooks, quiet
	tracker, err := convtrack.New(s, config)
	require.NoError(b, err)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx) }()
	require.NoError(b, tracker.Observe(ctx, conversation.Update{}))

	began, used := time.Now(), processorTime(b)
	var telling sync.WaitGroup
	for teller := range tellers {
		telling.Go(func() {
			for n := range each {
				for i := teller; i < conversations; i += tellers {
					m, err := genesys.Decode(genesystest.Notification(fmt.Sprint("c-", i), 4, n), time.Now())
					if err == nil {
						err = tracker.Observe(ctx, conversation.Update{Conversations: m.Conversations})
					}
					if err != nil {
						panic(err)
					}
				}
			}
		})
	}
	telling.Wait()
	ran.Wait()
	took := cost{processorTime(b) - used, time.Since(began)}
	stop()
	require.NoError(b, <-ended)
	require.NoError(b, s.Close())
	return took
}

// processorTime is how much of the processors' time this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var is syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &is))
	return time.Duration(is.Utime.Nano() + is.Stime.Nano())
}
