package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/dcmkit/convtrack/internal/throttle"
)

// guard keeps a panic of the host's providers, or of what it has put into them, from
// what is measured. It is logged by its kind, as its value may quote anything.
type guard struct {
	log       *slog.Logger
	throttled throttle.Log
}

// catch is deferred around each call.
func (g *guard) catch(ctx context.Context) {
	if p := recover(); p != nil {
		g.throttled.To(ctx, g.log, slog.LevelError, "a MeterProvider or TracerProvider panicked; what it was to measure is lost",
			"kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	}
}

// notPanicking calls a provider of Config, and returns a panic as an error.
func notPanicking(what string, do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("convtrack: Config.%s panicked with a %T; is it a nil pointer?", what, p)
		}
	}()
	do()
	return nil
}

// inContext returns the span context that ctx carries.
func (g *guard) inContext(ctx context.Context) (is trace.SpanContext) {
	defer g.catch(ctx)
	return trace.SpanContextFromContext(ctx)
}

type tracer struct {
	trace.Tracer
	*guard
}

func (t tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (within context.Context, s trace.Span) {
	within, s = ctx, noop.Span{}
	defer t.catch(ctx)
	if made, is := t.Tracer.Start(ctx, name, options...); made != nil && is != nil {
		within, s = made, span{is, t.guard}
	}
	return within, s
}

type span struct {
	trace.Span
	*guard
}

func (s span) End(options ...trace.SpanEndOption) {
	defer s.catch(context.Background())
	s.Span.End(options...)
}

func (s span) SetAttributes(list ...attribute.KeyValue) {
	defer s.catch(context.Background())
	s.Span.SetAttributes(list...)
}

func (s span) SetStatus(code codes.Code, description string) {
	defer s.catch(context.Background())
	s.Span.SetStatus(code, description)
}

func (s span) SpanContext() (is trace.SpanContext) {
	defer s.catch(context.Background())
	return s.Span.SpanContext()
}

type counter struct {
	metric.Int64Counter
	*guard
}

func (c counter) Add(ctx context.Context, n int64, options ...metric.AddOption) {
	defer c.catch(ctx)
	c.Int64Counter.Add(ctx, n, options...)
}

type durations struct {
	metric.Float64Histogram
	*guard
}

func (h durations) Record(ctx context.Context, value float64, options ...metric.RecordOption) {
	defer h.catch(ctx)
	h.Float64Histogram.Record(ctx, value, options...)
}

type sizes struct {
	metric.Int64Histogram
	*guard
}

func (h sizes) Record(ctx context.Context, value int64, options ...metric.RecordOption) {
	defer h.catch(ctx)
	h.Int64Histogram.Record(ctx, value, options...)
}
