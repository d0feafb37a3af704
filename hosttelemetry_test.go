package convtrack_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
)

// hostMeters is a provider in whose instruments something happens.
type hostMeters struct {
	metricnoop.MeterProvider
	do func()
}

func (m hostMeters) Meter(string, ...metric.MeterOption) metric.Meter { return hostMeter{do: m.do} }

type hostMeter struct {
	metricnoop.Meter
	do func()
}

func (m hostMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return hostCounter{do: m.do}, nil
}

func (m hostMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return hostDurations{do: m.do}, nil
}

func (m hostMeter) Int64Histogram(string, ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	return hostSizes{do: m.do}, nil
}

type hostCounter struct {
	metricnoop.Int64Counter
	do func()
}

func (c hostCounter) Add(context.Context, int64, ...metric.AddOption) { c.do() }

type hostDurations struct {
	metricnoop.Float64Histogram
	do func()
}

func (h hostDurations) Record(context.Context, float64, ...metric.RecordOption) { h.do() }

type hostSizes struct {
	metricnoop.Int64Histogram
	do func()
}

func (h hostSizes) Record(context.Context, int64, ...metric.RecordOption) { h.do() }

// hostTracers is a provider in which something happens: when a span starts, when
// something is done with it, or when it is asked for its trace.
type hostTracers struct {
	tracenoop.TracerProvider
	start, do, is func()
}

func (p hostTracers) Tracer(string, ...trace.TracerOption) trace.Tracer { return hostTracer{of: p} }

type hostTracer struct {
	tracenoop.Tracer
	of hostTracers
}

func (t hostTracer) Start(ctx context.Context, _ string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	call(t.of.start)
	s := hostSpan{of: t.of}
	return trace.ContextWithSpan(ctx, s), s
}

type hostSpan struct {
	tracenoop.Span
	of hostTracers
}

func (s hostSpan) End(...trace.SpanEndOption)          { call(s.of.do) }
func (s hostSpan) SetAttributes(...attribute.KeyValue) { call(s.of.do) }
func (s hostSpan) SetStatus(codes.Code, string)        { call(s.of.do) }

func (s hostSpan) SpanContext() trace.SpanContext {
	call(s.of.is)
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled})
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// nilMeters and nilTracers are providers that need what they point to.
type (
	nilMeters  struct{ hostMeters }
	nilTracers struct{ hostTracers }
)

func TestAProviderThatPanicsWhenATrackerIsMadeIsAnErrorThatNamesIt(t *testing.T) {
	_, err := convtrack.New(memstore.New(), &convtrack.Config{MeterProvider: (*nilMeters)(nil)})
	require.ErrorContains(t, err, "Config.MeterProvider panicked")
	_, err = convtrack.New(memstore.New(), &convtrack.Config{TracerProvider: (*nilTracers)(nil)})
	require.ErrorContains(t, err, "Config.TracerProvider panicked")
}

func TestAStopTakesNoLongerThanTheDrainTimeoutAlthoughWhatMeasuresHangs(t *testing.T) {
	for what, prepare := range map[string]func(c *convtrack.Config, hang func()){
		"the meter":  func(c *convtrack.Config, hang func()) { c.MeterProvider = hostMeters{do: hang} },
		"the tracer": func(c *convtrack.Config, hang func()) { c.TracerProvider = hostTracers{start: hang} },
		"a span":     func(c *convtrack.Config, hang func()) { c.TracerProvider = hostTracers{do: hang} },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end := make(chan struct{})
				defer time.Sleep(time.Hour) // let what hangs return
				defer close(end)
				hangs := false
				hooks := events.NewHooks()
				journalHook(hooks, "journal")
				r := startWith(t, memstore.New(), hooks, nil, func(c *convtrack.Config) {
					prepare(c, func() {
						if hangs {
							<-end
						}
					})
				})
				synctest.Wait()
				hangs = true
				go func() {
					_ = r.Observe(t.Context(), conversation.Update{Conversations: decode(t, genesystest.BlindTransferToQueue().Snapshots()[0])})
				}()
				time.Sleep(time.Second)
				began := time.Now()
				require.NoError(t, r.stop())
				require.LessOrEqual(t, time.Since(began), 30*time.Second, "the drain timeout")
			})
		})
	}
}
