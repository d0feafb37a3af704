package integrationtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/origin"
	"github.com/dcmkit/convtrack/internal/telemetry/telemetrytest"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

// recorded is a tracker that runs and is recorded.
type recorded struct {
	*convtrack.Tracker
	stop func()
}

func start(t *testing.T, s store.Store, hooks *events.Hooks, r *telemetrytest.Recorder, sources ...convtrack.Source) recorded {
	t.Helper()
	tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet, MeterProvider: r.Meters, TracerProvider: r.Tracers})
	require.NoError(t, err)
	stop := sync.OnceFunc(run(t, tracker, sources...))
	t.Cleanup(stop)
	synctest.Wait()
	return recorded{tracker, stop}
}

// reporting is a source that says how it does.
type reporting struct {
	says conversation.SourceHealth
	run  func(ctx context.Context, sink conversation.Sink) error
}

func (s *reporting) String() string                    { return "socket" }
func (s *reporting) Health() conversation.SourceHealth { return s.says }
func (s *reporting) Run(ctx context.Context, sink conversation.Sink) error {
	return s.run(ctx, sink)
}

var errDead = errors.New("dead")

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, n)) }

// sentIn is the context of what comes in messages that name those traces.
func sentIn(ctx context.Context, traces ...string) context.Context {
	o := origin.Origin{Source: "eventbridge"}
	for _, parent := range traces {
		o.Traces = append(o.Traces, origin.Parse(parent))
	}
	return origin.With(ctx, o)
}

const (
	sampled   = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	alike     = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01"
	unsampled = "00-2af7651916cd43dd8448eb211c80319c-b7ad6b7169203333-00"
)

func oneNamed(t *testing.T, r *telemetrytest.Recorder, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	require.Len(t, r.Named(name), 1, "spans: %v", r.Spans())
	return r.Named(name)[0]
}

func first(t *testing.T, n uint64) []*conversation.Conversation {
	t.Helper()
	return decode(t, genesystest.BlindTransferToQueue().Fresh(seeded(n)).Snapshots()[0])
}

func TestATraceLeadsFromTheMessageThroughTheCommitToEachHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder, hooks := telemetrytest.New(), events.NewHooks()
		in := map[string]trace.SpanContext{}
		var mu sync.Mutex
		note := func(ctx context.Context, name string) {
			mu.Lock()
			defer mu.Unlock()
			in[name] = trace.SpanContextFromContext(ctx)
		}
		events.Before(hooks, "first", func(ctx context.Context, e *events.ConversationCreated) error {
			note(ctx, "before first")
			return nil
		})
		events.After(hooks, "second", func(ctx context.Context, e *events.ConversationCreated) error {
			note(ctx, "process second")
			return nil
		})
		events.After(hooks, "third", func(ctx context.Context, e *events.ConversationCreated) error {
			note(ctx, "process third")
			return nil
		}, events.InTransaction())
		r := start(t, memstore.New(), hooks, recorder)
		require.NoError(t, r.Observe(sentIn(t.Context(), sampled), conversation.Update{Conversations: first(t, 1)}))
		synctest.Wait()
		observe, commit := oneNamed(t, recorder, "observe eventbridge"), oneNamed(t, recorder, "commit")
		message := origin.Parse(sampled)
		require.Equal(t, message.SpanID(), observe.Parent().SpanID())
		require.Equal(t, observe.SpanContext().SpanID(), commit.Parent().SpanID())
		for name, is := range in {
			span := oneNamed(t, recorder, name)
			require.Equal(t, message.TraceID(), span.SpanContext().TraceID())
			require.Equal(t, commit.SpanContext().SpanID(), span.Parent().SpanID(), name)
			require.Equal(t, span.SpanContext().SpanID(), is.SpanID(), "the context of the hook carries its span")
		}
		require.Len(t, in, 3)
		require.Equal(t, trace.SpanKindConsumer, observe.SpanKind())
		require.Equal(t, trace.SpanKindProducer, commit.SpanKind())
		require.Equal(t, trace.SpanKindConsumer, oneNamed(t, recorder, "process second").SpanKind())
	})
}

func TestWhatComesFromSeveralMessagesIsLinkedWithTheirTraces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder, hooks := telemetrytest.New(), events.NewHooks()
		released := make(chan struct{})
		events.Before(hooks, "waits", func(context.Context, *events.ConversationCreated) error { <-released; return nil })
		r := start(t, memstore.New(), hooks, recorder)
		facts := decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])
		for _, in := range []context.Context{t.Context(), sentIn(t.Context(), sampled), sentIn(t.Context(), alike), sentIn(t.Context(), sampled, alike)} {
			go func() { _ = r.Observe(in, conversation.Update{Conversations: facts}) }()
			synctest.Wait()
		}
		facts[0].ExternalTag = "changed"
		close(released)
		synctest.Wait()
		require.Len(t, recorder.Named("observe eventbridge"), 3)
		both := recorder.Named("observe eventbridge")
		links := map[int]int{}
		for _, s := range both {
			links[len(s.Links())]++
		}
		require.Equal(t, map[int]int{0: 2, 2: 1}, links, "a message that was sent with others is linked, not a child")
		for _, s := range recorder.Named("commit") {
			if len(s.Links()) > 0 {
				require.Len(t, s.Links(), 2, "what waited meanwhile was committed together: in the trace of one, with links to the others")
			}
		}
	})
}

// The store may be given up by the process that committed: the trace is with the
// delivery.
func TestTheTraceGoesOnInAnotherProcessThatRunsTheHookLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		broken, sound := events.NewHooks(), events.NewHooks()
		events.After(broken, "hook", func(context.Context, *events.ConversationCreated) error { return errDead })
		events.After(sound, "hook", func(context.Context, *events.ConversationCreated) error { return nil })
		one, other := telemetrytest.New(), telemetrytest.New()
		r := start(t, s, broken, one)
		require.NoError(t, r.Observe(sentIn(t.Context(), sampled), conversation.Update{Conversations: first(t, 1)}))
		synctest.Wait()
		r.stop()
		start(t, s, sound, other)
		time.Sleep(time.Hour)
		failed, done := oneNamed(t, one, "process hook"), oneNamed(t, other, "process hook")
		require.Equal(t, oneNamed(t, one, "commit").SpanContext().SpanID(), done.Parent().SpanID())
		require.Equal(t, origin.Parse(sampled).TraceID(), done.SpanContext().TraceID())
		require.Equal(t, codes.Error, failed.Status().Code)
		require.Equal(t, codes.Unset, done.Status().Code)
		require.Contains(t, done.Attributes(), attribute.Int("convtrack.attempt", 2))
	})
}

func TestWhatIsNotSampledIsNotTracedAnyFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder, hooks := telemetrytest.New(), events.NewHooks()
		events.After(hooks, "hook", func(ctx context.Context, e *events.ConversationCreated) error { return errDead }, events.Attempts(1))
		s := memstore.New()
		r := start(t, s, hooks, recorder)
		require.NoError(t, r.Observe(sentIn(t.Context(), unsampled), conversation.Update{Conversations: first(t, 1)}))
		synctest.Wait()
		require.Empty(t, recorder.Spans())
		time.Sleep(time.Second)
		page, err := s.Failed(t.Context(), store.FailedQuery{Limit: 1})
		require.NoError(t, err)
		_, err = s.Decide(t.Context(), store.Retry, page.Items[0].ID)
		require.NoError(t, err)
		due, _, err := s.Claim(t.Context(), store.Claim{Owner: "me", Lease: time.Minute, Hooks: []string{"hook"}, Limit: 1})
		require.NoError(t, err)
		require.Len(t, due, 1)
		require.Empty(t, due[0].Trace)
	})
}

func TestTheKindOfAnErrorIsToldAndNotWhatItSays(t *testing.T) {
	for kind, fails := range map[string]func(ctx context.Context) error{
		"_OTHER":     func(context.Context) error { return errors.New("CANARY") },
		"panic":      func(context.Context) error { panic("CANARY") },
		"nil_error":  func(context.Context) error { return (*nilError)(nil) },
		"veto_after": func(context.Context) error { return events.Veto("CANARY") },
		"timeout":    func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("CANARY %w", ctx.Err()) },
		"canceled":   func(context.Context) error { return fmt.Errorf("CANARY %w", context.Canceled) },
	} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				recorder, hooks := telemetrytest.New(), events.NewHooks()
				events.After(hooks, "hook", func(ctx context.Context, _ *events.ConversationCreated) error { return fails(ctx) }, events.Attempts(1))
				r := start(t, memstore.New(), hooks, recorder)
				require.NoError(t, r.Observe(t.Context(), conversation.Update{Conversations: first(t, 1)}))
				time.Sleep(time.Hour)
				span := oneNamed(t, recorder, "process hook")
				require.Equal(t, sdktrace.Status{Code: codes.Error, Description: kind}, span.Status())
				require.Empty(t, span.Events())
				require.Equal(t, 1.0, recorder.Value(t, "messaging.process.duration", "messaging.consumer.group.name", "hook", "error.type", kind))
				require.NotContains(t, recorder.Text(t), "CANARY")
			})
		})
	}
}

type nilError struct{}

func (*nilError) Error() string { return "CANARY" }

func TestEverythingThatHealthAndStatsTellIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder, hooks := telemetrytest.New(), events.NewHooks()
		events.Before(hooks, "vetoes", func(_ context.Context, e *events.ConversationCreated) error {
			if e.ConversationID == "unwanted" {
				return events.Veto("not ours")
			}
			return nil
		})
		events.After(hooks, "works", func(context.Context, events.Event) error { return nil })
		events.After(hooks, "broken", func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(1))
		source := &reporting{says: conversation.SourceHealth{Wanted: 3, Heard: 2, Waiting: 4, LastHeard: time.Now(), Refused: []conversation.RefusedTopic{{}},
			Queue: &conversation.QueueHealth{OldestSent: time.Now(), Waiting: 5}, API: &conversation.APIHealth{Allowed: 300, Remaining: 250}, Requests: &conversation.RequestHealth{Denied: 6}}}
		story := genesystest.BlindTransferToQueue()
		source.run = func(ctx context.Context, sink conversation.Sink) error {
			for _, data := range story.Snapshots() {
				if err := sink(ctx, conversation.Update{Conversations: decode(t, data)}); err != nil {
					return err
				}
			}
			_ = sink(ctx, conversation.Update{Conversations: []*conversation.Conversation{conversation.State(&conversation.Conversation{ID: "unwanted"}, conversation.Statement{By: conversation.SourceTopic, Seen: time.Now()})}})
			_ = sink(ctx, conversation.Update{Gap: &conversation.Gap{Source: "socket", From: time.Now(), Reason: "CANARY"}})
			<-ctx.Done()
			return context.Cause(ctx)
		}
		s := memstore.New()
		r := start(t, s, hooks, recorder, source)
		time.Sleep(time.Minute)
		value := func(name string, of ...string) float64 { return recorder.Value(t, name, of...) }
		snapshots := float64(len(story.Snapshots()))
		h, stats := r.Health(t.Context()), r.Stats()
		require.Equal(t, snapshots+1, value("convtrack.facts.heard", "convtrack.source", "socket"))
		require.Equal(t, snapshots+1, value("convtrack.facts.stored", "convtrack.source", "socket"))
		require.Equal(t, snapshots+2, value("messaging.process.duration", "messaging.operation.name", "observe", "messaging.destination.name", "socket"))
		require.Equal(t, float64(stats.Delivered), value("messaging.process.duration", "messaging.consumer.group.name", "works"))
		require.Equal(t, float64(stats.Delivered), value("convtrack.after.delay", "messaging.consumer.group.name", "works"))
		require.Equal(t, 1.0, value("convtrack.before.duration", "convtrack.hook", "vetoes", "convtrack.outcome", "vetoed"))
		require.Equal(t, 1.0, value("convtrack.before.duration", "convtrack.hook", "vetoes", "convtrack.outcome", "passed"))
		require.Equal(t, float64(stats.Commits), value("db.client.operation.duration", "db.operation.name", "commit"))
		require.Equal(t, float64(stats.Commits), value("convtrack.commit.size"))
		require.Equal(t, 1.0, value("convtrack.vetoed"))
		require.Equal(t, 1.0, value("convtrack.gaps"))
		require.Equal(t, 1.0, value("convtrack.failed"))
		require.Equal(t, 1.0, value("convtrack.failed.waiting", "convtrack.hook", "broken", "convtrack.kind", string(store.FailedDelivery)))
		require.Equal(t, float64(h.Deliveries["broken"].Unfinished), value("convtrack.deliveries.unfinished", "convtrack.hook", "broken"))
		require.Equal(t, 60.0, value("convtrack.queue.lag"))
		require.Equal(t, 5.0, value("convtrack.queue.waiting"))
		require.Equal(t, 250.0, value("convtrack.api.remaining"))
		require.Equal(t, 6.0, value("convtrack.requests", "convtrack.outcome", "denied"))
		require.Equal(t, 1.0, value("convtrack.source.blind", "convtrack.source", "socket"))
		require.Equal(t, 60.0, value("convtrack.source.blind.age", "convtrack.source", "socket"))
		require.Equal(t, 4.0, value("convtrack.source.waiting", "convtrack.source", "socket"))
		for of, n := range map[string]float64{"wanted": 3, "heard": 2, "refused": 1} {
			require.Equal(t, n, value("convtrack.source.topics", "convtrack.topics", of))
		}
		for kind, n := range stats.Events {
			require.Equal(t, float64(n), value("convtrack.events", "convtrack.event.type", kind))
		}
		documented := metricsIn(t, "../../docs/production.md")
		for _, s := range recorder.Collect(t) {
			require.Contains(t, documented, s.Name, "docs/production.md does not list it")
			for of := range s.Of {
				require.Contains(t, documented[s.Name], of, "docs/production.md does not list the attribute of %s", s.Name)
			}
		}
		for name := range documented {
			require.GreaterOrEqual(t, value(name), 0.0, "docs/production.md lists %s, which tells nothing", name)
		}
		require.NotContains(t, recorder.Text(t), "CANARY")
		r.stop()
		commits := r.Stats().Commits
		require.NoError(t, s.Close())
		require.Equal(t, float64(commits), value("convtrack.commits"), "what was counted last is told when the tracker has ended")
	})
}

// metricsIn returns the metrics that a document lists in tables, with their
// attributes.
func metricsIn(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	all := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| [^|]* \\| ([^|]*) \\|").FindAllStringSubmatch(string(text), -1) {
		all[row[1]] = row[2]
	}
	require.NotEmpty(t, all)
	return all
}

func TestACollectionAsksHealthOnceAndEndsInTimeWhateverTheStoreDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder := telemetrytest.New()
		s := storetest.Faulty(memstore.New(), storetest.Fault{Method: "SetValue", Hangs: true, Times: 1 << 30})
		_, err := convtrack.New(s, &convtrack.Config{Logger: quiet, MeterProvider: recorder.Meters})
		require.NoError(t, err)
		began := time.Now()
		all := recorder.Collect(t)
		require.LessOrEqual(t, time.Since(began), 5*time.Second)
		told := map[string]int{}
		for _, s := range all {
			told[s.Name+fmt.Sprint(s.Of)]++
		}
		require.Equal(t, 1, told["convtrack.store.latency"+fmt.Sprint(map[string]string{})])
		require.Equal(t, 1.0, recorder.Value(t, "convtrack.store.trouble", "convtrack.trouble", "slow"))
	})
}

func TestAttributesHaveFewValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder, hooks := telemetrytest.New(), events.NewHooks()
		events.After(hooks, "works", func(context.Context, events.Event) error { return nil })
		r := start(t, memstore.New(), hooks, recorder)
		series := func(from, n uint64) (all []string) {
			for i := range n {
				for _, data := range genesystest.BlindTransferToQueue().Fresh(seeded(from + i)).Snapshots() {
					require.NoError(t, r.Observe(t.Context(), conversation.Update{Conversations: decode(t, data)}))
				}
			}
			time.Sleep(time.Minute)
			for _, s := range recorder.Collect(t) {
				for _, value := range s.Of {
					require.False(t, strings.Contains(value, "-"), "an id in %v", s)
				}
				if s.Of["db.operation.name"] != "renew" { // it is chance whether a hook runs when it is time for that
					all = append(all, fmt.Sprint(s.Name, s.Of))
				}
			}
			return all
		}
		series(1, 5)
		once := series(10, 5)
		require.Subset(t, once, series(20, 20), "more conversations make no more series")
	})
}

func TestATrackerThatHasEndedTellsWhatItCountedAndNoLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recorder, s, hooks := telemetrytest.New(), memstore.New(), events.NewHooks()
		events.After(hooks, "case", func(context.Context, *events.ConversationCreated) error { return errDead }, events.Attempts(1000))
		fail := make(chan struct{})
		source := &reporting{run: func(ctx context.Context, sink conversation.Sink) error {
			_ = sink(ctx, conversation.Update{Conversations: first(t, 1)})
			<-fail
			return errDead
		}}
		tracker, err := convtrack.New(s, &convtrack.Config{Hooks: hooks, Logger: quiet, MeterProvider: recorder.Meters})
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(t.Context(), source) }()
		time.Sleep(time.Minute)
		require.Equal(t, 0.0, recorder.Value(t, "convtrack.source.failed"))
		require.Equal(t, 1.0, recorder.Value(t, "convtrack.deliveries.unfinished", "convtrack.hook", "case"))
		close(fail)
		require.Error(t, <-ended)
		time.Sleep(time.Minute)
		tells := func(name string) bool {
			return slices.ContainsFunc(recorder.Collect(t), func(s telemetrytest.Sample) bool { return s.Name == name })
		}
		for _, level := range []string{"convtrack.source.failed", "convtrack.processes", "convtrack.problems", "convtrack.deliveries.unfinished"} {
			require.False(t, tells(level), level)
		}
		require.Positive(t, recorder.Value(t, "convtrack.commits"))

		works := events.NewHooks()
		events.After(works, "case", func(context.Context, *events.ConversationCreated) error { return nil })
		start(t, s, works, recorder)
		time.Sleep(time.Hour)
		require.True(t, tells("convtrack.processes"))
		require.False(t, tells("convtrack.deliveries.unfinished"), "that of the tracker before")
	})
}
