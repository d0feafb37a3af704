package telemetry

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

type panics struct{ noop.Span }

func (panics) SpanContext() trace.SpanContext { panic("Erika Mustermann called") }

func TestASpanThatPanicsIsNoneAndTheLogSaysSoOnceByItsKindAlone(t *testing.T) {
	var log bytes.Buffer
	g := &guard{log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		require.False(t, g.inContext(trace.ContextWithSpan(t.Context(), panics{})).IsValid())
	}
	require.Equal(t, 1, strings.Count(log.String(), "kind=string"))
	require.Contains(t, log.String(), "guard_test.go", "where it happened")
	require.NotContains(t, log.String(), "Erika")
}
