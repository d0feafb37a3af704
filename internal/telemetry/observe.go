package telemetry

import (
	"cmp"
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/dcmkit/convtrack/internal/origin"
)

// Heard is something that a source has said, from when it is heard.
type Heard struct {
	At     time.Time
	source string
	facts  int64
	span   trace.Span // nil: it is not traced
}

// noSource is what calls itself nothing: the host.
const noSource = "host"

type heardKey struct{}

// Hear begins with what a source has said, so many partial conversations. The
// context carries it to HeardIn.
func (t *Telemetry) Hear(ctx context.Context, facts int) (context.Context, *Heard) {
	if t == nil {
		return ctx, nil
	}
	from := origin.Of(ctx)
	h := &Heard{At: time.Now(), source: cmp.Or(from.Source, noSource), facts: int64(facts)}
	if t.tracer != nil {
		ctx, h.span = t.traceHearing(ctx, h, from.Traces)
	}
	if t.meter != nil {
		t.heard.Add(ctx, h.facts, t.sources.of(h.source, ofSource).add...)
	}
	return context.WithValue(ctx, heardKey{}, h), h
}

// traceHearing begins the span of something heard: in the trace of the one that
// has said it, with a link where there are several.
func (t *Telemetry) traceHearing(ctx context.Context, h *Heard, in []trace.SpanContext) (context.Context, trace.Span) {
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(h.At), trace.WithAttributes(
		keySystem.String(systemGenesys), keyOperation.String("observe"), keyKindOf.String("process"), keyDestination.String(h.source), keyBatch.Int64(h.facts))}
	if len(in) == 1 && !t.inContext(ctx).IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, in[0])
	} else if len(in) > 0 {
		options = append(options, trace.WithLinks(links(in)...))
	}
	return t.tracer.Start(ctx, "observe "+h.source, options...)
}

// mostLinks is how many links a span has at the most: as many as SDKs keep.
const mostLinks = 128

func links(to []trace.SpanContext) []trace.Link {
	list := make([]trace.Link, 0, min(len(to), mostLinks))
	for _, c := range to[:cap(list)] {
		list = append(list, trace.Link{SpanContext: c})
	}
	return list
}

// HeardIn returns what the context carries; nil: nothing.
func HeardIn(ctx context.Context) *Heard {
	h, _ := ctx.Value(heardKey{}).(*Heard)
	return h
}

// Stored ends it: what was heard is stored, or is not, with err.
func (t *Telemetry) Stored(ctx context.Context, h *Heard, err error) {
	if t == nil {
		return
	}
	failed := kindOf(err)
	if t.meter != nil {
		t.process.Record(ctx, seconds(h.At), t.hearings.of(hearing{h.source, failed}, ofHearing).record...)
		if err == nil {
			t.stored.Add(ctx, h.facts, t.sources.of(h.source, ofSource).add...)
		}
	}
	if h.span != nil {
		end(h.span, failed)
	}
}

func ofSource(name string) []attribute.KeyValue { return []attribute.KeyValue{keySource.String(name)} }

// hearing is what the duration of one is about.
type hearing struct{ source, failed string }

func ofHearing(h hearing) []attribute.KeyValue {
	return withError([]attribute.KeyValue{keySystem.String(systemGenesys), keyOperation.String("observe"), keyDestination.String(h.source)}, h.failed)
}

// context returns that of the span; one that is not valid, when there is none.
func (h *Heard) context() trace.SpanContext {
	if h == nil || h.span == nil {
		return trace.SpanContext{}
	}
	return h.span.SpanContext()
}
