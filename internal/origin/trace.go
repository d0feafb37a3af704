package origin

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
)

// FromHeader returns the trace that the headers of a request name, as W3C Trace
// Context has it. The span context is not valid where they name none, or nonsense.
func FromHeader(h http.Header) trace.SpanContext {
	if h.Get(traceparent) == "" {
		return trace.SpanContext{}
	}
	return extract(propagation.HeaderCarrier(h))
}

// Parse returns the trace that a traceparent names.
func Parse(parent string) trace.SpanContext {
	if parent == "" {
		return trace.SpanContext{}
	}
	return extract(propagation.MapCarrier{traceparent: parent})
}

func extract(from propagation.TextMapCarrier) trace.SpanContext {
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), from))
}

// Parent returns the traceparent of a trace; empty, where the span context is not
// valid. The tracestate, which may be long, is left out.
func Parent(of trace.SpanContext) string {
	if !of.IsValid() {
		return ""
	}
	flags := "-00"
	if of.IsSampled() {
		flags = "-01"
	}
	return "00-" + of.TraceID().String() + "-" + of.SpanID().String() + flags
}

// FromXRay returns the trace that a trace header of AWS X-Ray names, as in
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".
// The id of a trace is a time and 96 random bits, which W3C's has without the
// dashes.
func FromXRay(header string) trace.SpanContext {
	var root, parent, sampled string
	for field := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Root":
			root = value
		case "Parent":
			parent = value
		case "Sampled":
			sampled = value
		}
	}
	version, id, found := strings.Cut(root, "-")
	if !found || version != "1" {
		return trace.SpanContext{}
	}
	flags := "00"
	if sampled == "1" {
		flags = "01"
	}
	return Parse("00-" + strings.ReplaceAll(id, "-", "") + "-" + parent + "-" + flags)
}
