// Package telemetrytest records what is measured and traced, with OpenTelemetry's
// own SDK.
package telemetrytest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// Recorder is told of everything. It is safe for concurrent use.
type Recorder struct {
	Meters  *sdkmetric.MeterProvider
	Tracers *sdktrace.TracerProvider
	reader  *sdkmetric.ManualReader
	spans   *tracetest.SpanRecorder
}

// New returns a recorder of all traces, or of those that the sampler takes.
func New(sampler ...sdktrace.Sampler) *Recorder {
	r := &Recorder{reader: sdkmetric.NewManualReader(), spans: tracetest.NewSpanRecorder()}
	r.Meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	options := []sdktrace.TracerProviderOption{sdktrace.WithSpanProcessor(r.spans)}
	for _, s := range sampler {
		options = append(options, sdktrace.WithSampler(s))
	}
	r.Tracers = sdktrace.NewTracerProvider(options...)
	return r
}

// Sample is a value of a metric: the sum of a counter, a level, or how much a
// histogram has.
type Sample struct {
	Name  string
	Of    map[string]string // attributes
	Value float64
}

// Collect collects the metrics.
func (r *Recorder) Collect(t testing.TB) (all []Sample) {
	t.Helper()
	var collected metricdata.ResourceMetrics
	require.NoError(t, r.reader.Collect(t.Context(), &collected))
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			add := func(of attribute.Set, value float64) {
				s := Sample{m.Name, map[string]string{}, value}
				for _, a := range of.ToSlice() {
					s.Of[string(a.Key)] = a.Value.String()
				}
				all = append(all, s)
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, float64(p.Value))
				}
			case metricdata.Sum[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, float64(p.Count))
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, float64(p.Count))
				}
			default:
				t.Fatalf("the metric %s is a %T", m.Name, m.Data)
			}
		}
	}
	return all
}

// Value returns the value of the metric with the attributes, given as names and
// values, in all its samples together; -1: there is none.
func (r *Recorder) Value(t testing.TB, name string, of ...string) float64 {
	t.Helper()
	sum, found := 0.0, false
	for _, s := range r.Collect(t) {
		is := s.Name == name
		for i := 0; i < len(of); i += 2 {
			is = is && s.Of[of[i]] == of[i+1]
		}
		if is {
			sum, found = sum+s.Value, true
		}
	}
	if !found {
		return -1
	}
	return sum
}

// Spans returns the spans that have ended, in the order of their ends.
func (r *Recorder) Spans() []sdktrace.ReadOnlySpan { return r.spans.Ended() }

// Named returns the spans of a name that have ended.
func (r *Recorder) Named(name string) (named []sdktrace.ReadOnlySpan) {
	for _, s := range r.Spans() {
		if s.Name() == name {
			named = append(named, s)
		}
	}
	return named
}

// Text is everything that was recorded, as text.
func (r *Recorder) Text(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for _, s := range r.Collect(t) {
		_, _ = fmt.Fprintln(&b, s.Name, s.Of, s.Value)
	}
	for _, s := range tracetest.SpanStubsFromReadOnlySpans(r.spans.Ended()) {
		_, _ = fmt.Fprintf(&b, "%s %v %v %v %v %v\n", s.Name, s.Attributes, s.Events, s.Links, s.Status, s.Resource)
	}
	return b.String()
}
