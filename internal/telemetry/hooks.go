package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/origin"
	"github.com/dcmkit/convtrack/store"
)

// Run is a run of a hook. The zero value is of no run.
type Run struct {
	began time.Time
	span  trace.Span // nil: it is not traced
}

// BeginAfter begins the run of an After hook: in the trace of the commit that has
// announced its event, whenever that was and in whatever process. The context
// carries the span.
func (t *Telemetry) BeginAfter(ctx context.Context, d *store.Delivery) (context.Context, Run) {
	if t == nil {
		return ctx, Run{}
	}
	r := Run{began: time.Now()}
	if t.tracer == nil {
		return ctx, r
	}
	parent := origin.Parse(d.Trace)
	if !parent.IsValid() {
		return ctx, r
	}
	ctx, r.span = t.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, parent), "process "+d.Hook, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(r.began),
		trace.WithAttributes(keySystem.String(systemConvtrack), keyOperation.String("process"), keyKindOf.String("process"), keyGroup.String(d.Hook),
			keyDestination.String(d.Type), keyMessage.String(d.ID), keyConversation.String(d.ConversationID), keyAttempt.Int(d.Attempts+1)))
	return ctx, r
}

// EndAfter ends it. heard is when the fact was that led to the event; zero: that
// is not known.
func (t *Telemetry) EndAfter(ctx context.Context, r Run, d *store.Delivery, heard time.Time, err error) {
	if t == nil {
		return
	}
	failed := kindOf(err)
	if t.meter != nil {
		t.process.Record(ctx, seconds(r.began), t.afters.of(after{d.Hook, d.Type, failed}, ofAfter).record...)
		if failed == "" && !heard.IsZero() {
			t.delay.Record(ctx, seconds(heard), t.delays.of(d.Hook, ofDelay).record...)
		}
	}
	if r.span != nil {
		end(r.span, failed)
	}
}

// NotRun ends a run of an After hook that did not take place: somebody else has
// the delivery, or nobody.
func (t *Telemetry) NotRun(r Run) {
	if r.span != nil {
		r.span.SetAttributes(keyOutcome.String("not_run"))
		r.span.End()
	}
}

// after is what the duration of an After hook is about.
type after struct{ hook, event, failed string }

func ofAfter(a after) []attribute.KeyValue {
	return withError([]attribute.KeyValue{keySystem.String(systemConvtrack), keyOperation.String("process"), keyGroup.String(a.hook), keyDestination.String(a.event)}, a.failed)
}

func ofDelay(hook string) []attribute.KeyValue { return []attribute.KeyValue{keyGroup.String(hook)} }

// BeginBefore begins the run of a Before hook. It is traced where the commit is
// that it runs in. The context carries the span.
func (t *Telemetry) BeginBefore(ctx context.Context, hook string, h *events.Header) (context.Context, Run) {
	if t == nil {
		return ctx, Run{}
	}
	r := Run{began: time.Now()}
	if t.tracer == nil || !t.inContext(ctx).IsSampled() {
		return ctx, r
	}
	ctx, r.span = t.tracer.Start(ctx, "before "+hook, trace.WithTimestamp(r.began), trace.WithAttributes(keyHook.String(hook), keyEvent.String(string(h.Type)),
		keyMessage.String(h.ID), keyConversation.String(h.ConversationID)))
	return ctx, r
}

// EndBefore ends it, with what RunBefore returned.
func (t *Telemetry) EndBefore(ctx context.Context, r Run, hook string, event events.Type, err error) {
	if t == nil {
		return
	}
	is := before{hook: hook, event: string(event), outcome: "passed"}
	switch err.(type) { //nolint:errorlint // it returns them as they are
	case nil:
	case *events.VetoError:
		is.outcome = "vetoed"
	case *events.NotYetError:
		is.outcome = "not_yet"
	default:
		is.outcome, is.failed = "failed", kindOf(err)
	}
	if t.meter != nil {
		t.before.Record(ctx, seconds(r.began), t.befores.of(is, ofBefore).record...)
	}
	if r.span != nil {
		r.span.SetAttributes(keyOutcome.String(is.outcome))
		end(r.span, is.failed)
	}
}

// before is what the duration of a Before hook is about.
type before struct{ hook, event, outcome, failed string }

func ofBefore(b before) []attribute.KeyValue {
	return withError([]attribute.KeyValue{keyHook.String(b.hook), keyEvent.String(b.event), keyOutcome.String(b.outcome)}, b.failed)
}

// end ends a span. Of what failed it gets the kind alone: what an error says may
// quote anything.
func end(s trace.Span, failed string) {
	if failed != "" {
		s.SetAttributes(keyError.String(failed))
		s.SetStatus(codes.Error, failed)
	}
	s.End()
}
