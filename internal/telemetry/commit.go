package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/dcmkit/convtrack/internal/origin"
)

// Change is a change of one conversation, from when it is about to be committed.
// A nil one is nothing.
type Change struct {
	heard time.Time  // when the first of its facts was; zero: it has none
	span  trace.Span // nil: it is not traced
}

// Begin begins with a change that comes from what was heard. It is a span in the
// trace of that, with links to the others where it comes from several; a trace of
// its own, where it comes from none, as a conclusion that has settled does. What is
// not sampled is not traced any further.
func (t *Telemetry) Begin(ctx context.Context, conversationID string, heard []*Heard) (context.Context, *Change) {
	if t == nil {
		return ctx, nil
	}
	c := &Change{}
	var in []trace.SpanContext
	for _, h := range heard {
		if c.heard.IsZero() || h.At.Before(c.heard) {
			c.heard = h.At
		}
		if is := h.context(); is.IsSampled() {
			in = append(in, is)
		}
	}
	if t.tracer == nil || len(in) == 0 && len(heard) > 0 {
		return ctx, c
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(keySystem.String(systemConvtrack),
		keyOperation.String("commit"), keyKindOf.String("send"), keyConversation.String(conversationID))}
	if len(in) > 0 {
		ctx = trace.ContextWithSpanContext(ctx, in[0])
		options = append(options, trace.WithLinks(links(in[1:])...))
	}
	ctx, c.span = t.tracer.Start(ctx, "commit", options...)
	return ctx, c
}

// Heard is when the first of its facts was heard; zero: it has none.
func (c *Change) Heard() time.Time {
	if c == nil {
		return time.Time{}
	}
	return c.heard
}

// Trace is the traceparent of the events of the change; empty, where the change
// is not traced, or not sampled.
func (c *Change) Trace() string {
	if c == nil || c.span == nil || !c.span.SpanContext().IsSampled() {
		return ""
	}
	return origin.Parent(c.span.SpanContext())
}

// Committed ends it well: so many events were announced.
func (c *Change) Committed(events int) {
	if c == nil || c.span == nil {
		return
	}
	c.span.SetAttributes(keyEvents.Int(events))
	end(c.span, "")
}

// Failed ends it: it was not committed, for what kind of reason.
func (c *Change) Failed(kind string) {
	if c != nil && c.span != nil {
		end(c.span, kind)
	}
}

// StoreCall is for a call of the store that has ended, and Commit for one that
// has committed so many conversations.
func (t *Telemetry) StoreCall(ctx context.Context, operation string, began time.Time, err error) {
	if t == nil || t.meter == nil {
		return
	}
	t.storeCall.Record(ctx, seconds(began), t.calls.of(call{operation, kindOf(err)}, t.ofCall).record...)
}

// Commit is for a commit of so many conversations.
func (t *Telemetry) Commit(ctx context.Context, conversations int) {
	if t != nil && t.meter != nil {
		t.commitSize.Record(ctx, int64(conversations))
	}
}

// call is what the duration of a call of the store is about.
type call struct{ operation, failed string }

func (i *instruments) ofCall(c call) []attribute.KeyValue {
	return withError([]attribute.KeyValue{keyStore.String(i.storeSystem), keyStoreCall.String(c.operation)}, c.failed)
}
