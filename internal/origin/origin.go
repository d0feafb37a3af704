// Package origin carries with a context where it comes from what is observed: from
// which endpoint, and in which traces of others it was said.
package origin

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// Origin is where what is observed comes from.
type Origin struct {
	// Source is the name of the source or endpoint; empty: the context does not say.
	Source string
	// Traces are those in which the messages were sent, as far as they say.
	Traces []trace.SpanContext
}

type key struct{}

// With returns a context that says where what is observed comes from.
func With(ctx context.Context, o Origin) context.Context { return context.WithValue(ctx, key{}, o) }

// Of returns what the context says.
func Of(ctx context.Context) Origin {
	o, _ := ctx.Value(key{}).(Origin)
	return o
}
