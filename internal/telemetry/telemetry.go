// Package telemetry measures and traces, through the API of OpenTelemetry, what
// the tracker does: sources, commits, calls of the store and hooks.
//
// Names are those of the semantic conventions where they have one: a source is
// where messages are consumed, an After hook is a consumer group that processes
// Common Events, the store is a database. What they have no name for begins with
// "convtrack.". Metrics have attributes of few values; spans also have ids of
// conversations and events. Neither has anything else of a conversation, and of
// an error only its kind.
//
// A nil [Telemetry] is one that is off. All its methods may be called; those on a
// path where each nanosecond counts are best not called.
package telemetry

import (
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/dcmkit/convtrack/store"
)

// Scope is the name of what measures and traces.
const Scope = "github.com/dcmkit/convtrack"

// Telemetry measures and traces. It is safe for concurrent use.
type Telemetry struct {
	tracer trace.Tracer // nil: nothing is traced
	meter  metric.Meter // nil: nothing is measured
	*guard
	instruments
}

// New returns what measures through the one provider and traces through the
// other; both may be nil, and nil is returned when both are. storeSystem is the
// db.system.name of the store. What a provider does wrong later is logged.
func New(log *slog.Logger, meters metric.MeterProvider, tracers trace.TracerProvider, storeSystem string) (*Telemetry, error) {
	if meters == nil && tracers == nil {
		return nil, nil //nolint:nilnil // it is off
	}
	t := &Telemetry{guard: &guard{log: log}}
	if tracers != nil {
		if err := notPanicking("TracerProvider", func() { t.tracer = tracer{tracers.Tracer(Scope), t.guard} }); err != nil {
			return nil, err
		}
	}
	if meters == nil {
		return t, nil
	}
	var err error
	if panicked := notPanicking("MeterProvider", func() {
		t.meter = meters.Meter(Scope)
		err = t.instruments.make(t.meter, t.guard, storeSystem)
	}); panicked != nil {
		return nil, panicked
	}
	if err != nil {
		return nil, fmt.Errorf("convtrack: Config.MeterProvider: %w", err)
	}
	return t, nil
}

// The attributes, of metrics and spans.
const (
	keySystem      = attribute.Key("messaging.system")
	keyOperation   = attribute.Key("messaging.operation.name")
	keyKindOf      = attribute.Key("messaging.operation.type")
	keyDestination = attribute.Key("messaging.destination.name")
	keyGroup       = attribute.Key("messaging.consumer.group.name")
	keyMessage     = attribute.Key("messaging.message.id")
	keyBatch       = attribute.Key("messaging.batch.message_count")
	keyError       = attribute.Key("error.type")
	keyStoreCall   = attribute.Key("db.operation.name")
	keyStore       = attribute.Key("db.system.name")

	keySource       = attribute.Key("convtrack.source")
	keyHook         = attribute.Key("convtrack.hook")
	keyEvent        = attribute.Key("convtrack.event.type")
	keyOutcome      = attribute.Key("convtrack.outcome")
	keyConversation = attribute.Key("convtrack.conversation.id")
	keyAttempt      = attribute.Key("convtrack.attempt")
	keyEvents       = attribute.Key("convtrack.events")
	keyChanges      = attribute.Key("convtrack.changes")
)

// The values of messaging.system: who sends.
const (
	systemGenesys   = "genesys_cloud"
	systemConvtrack = "convtrack"
)

// SystemOf is the db.system.name of a store: what it says itself.
func SystemOf(s store.Store) string {
	if d, ok := store.As[store.Described](s); ok {
		return d.System()
	}
	return "other_sql"
}
