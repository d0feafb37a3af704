package origin

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
)

const parent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"

func TestATraceIsReadAsItWasWritten(t *testing.T) {
	for _, flags := range []string{"-00", "-01"} {
		text := parent[:len(parent)-3] + flags
		is := Parse(text)
		require.True(t, is.IsValid())
		require.True(t, is.IsRemote())
		require.Equal(t, flags == "-01", is.IsSampled())
		require.Equal(t, text, Parent(is))
	}
	require.Empty(t, Parent(trace.SpanContext{}))
}

func TestTheHeadersOfARequestNameItsTrace(t *testing.T) {
	h := http.Header{}
	require.False(t, FromHeader(h).IsValid())
	h.Set("Traceparent", parent)
	h.Set("Tracestate", "vendor=1")
	require.Equal(t, parent, Parent(FromHeader(h)))
	require.Equal(t, "vendor=1", FromHeader(h).TraceState().String())
}

func TestATraceHeaderOfXRayNamesTheSameTraceAsATraceparent(t *testing.T) {
	const root, from = "Root=1-5759e988-bd862e3fe1be46a994272793", "Parent=53995c3f42cd8ad8"
	for header, sampled := range map[string]bool{
		root + ";" + from + ";Sampled=1":                 true,
		root + ";" + from + ";Sampled=0":                 false,
		root + ";" + from:                                false,
		"Sampled=1; " + from + "; " + root:               true,
		"Self=1-2-3;" + root + ";" + from + ";Sampled=1": true,
	} {
		is := FromXRay(header)
		require.Equal(t, parent[:len(parent)-3], Parent(is)[:len(parent)-3], header)
		require.Equal(t, sampled, is.IsSampled(), header)
	}
}

func TestNonsenseNamesNoTrace(t *testing.T) {
	for _, text := range []string{"", "x", "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8",
		"Root=;Parent=", "Root=1-zz;Parent=53995c3f42cd8ad8;Sampled=1", "00-0-0-01", parent + "\n"} {
		require.False(t, FromXRay(text).IsValid(), "%q", text)
		require.False(t, Parse(text).IsValid(), "%q", text)
	}
}
