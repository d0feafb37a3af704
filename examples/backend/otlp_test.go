package main_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metricscollector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracecollector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// collector takes what is exported through OTLP over HTTP. It is safe for
// concurrent use.
type collector struct {
	t   *testing.T
	url string

	mu        sync.Mutex
	metrics   map[string]*metrics.Metric // the last of each name
	spans     []*trace.Span
	resources map[string]bool // what it came from, as text
	text      strings.Builder // all of it
	headers   []http.Header
}

func collect(t *testing.T) *collector {
	c := &collector{t: t, metrics: map[string]*metrics.Metric{}, resources: map[string]bool{}}
	serve := http.NewServeMux()
	serve.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		var all metricscollector.ExportMetricsServiceRequest
		c.read(r, &all)
		for _, of := range all.ResourceMetrics {
			c.from(of.Resource)
			for _, scope := range of.ScopeMetrics {
				for _, m := range scope.Metrics {
					c.metrics[m.Name] = m
				}
			}
		}
		c.mu.Unlock()
		c.answer(w, &metricscollector.ExportMetricsServiceResponse{})
	})
	serve.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var all tracecollector.ExportTraceServiceRequest
		c.read(r, &all)
		for _, of := range all.ResourceSpans {
			c.from(of.Resource)
			for _, scope := range of.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
		c.mu.Unlock()
		c.answer(w, &tracecollector.ExportTraceServiceResponse{})
	})
	serve.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		assert.Fail(t, "a request that is not OTLP: "+r.Method+" "+r.URL.Path)
	})
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// read reads a request, and leaves the collector locked.
func (c *collector) read(r *http.Request, into proto.Message) {
	assert.Equal(c.t, "application/x-protobuf", r.Header.Get("Content-Type"))
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if assert.NoError(c.t, err) {
			body = unzipped
		}
	}
	data, err := io.ReadAll(body)
	assert.NoError(c.t, err)
	assert.NoError(c.t, proto.Unmarshal(data, into))
	c.mu.Lock()
	c.text.WriteString(prototext.Format(into))
	c.headers = append(c.headers, r.Header)
}

func (c *collector) from(r *resource.Resource) {
	for _, a := range r.GetAttributes() {
		c.resources[a.Key+"="+a.Value.GetStringValue()] = true
	}
}

func (c *collector) answer(w http.ResponseWriter, with proto.Message) {
	data, err := proto.Marshal(with)
	assert.NoError(c.t, err)
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(data)
}

// events is how many events of a type were announced, as the metrics say.
func (c *collector) events(kind string) (n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.metrics["convtrack.events"].GetSum().GetDataPoints() {
		for _, a := range p.Attributes {
			if a.Key == "convtrack.event.type" && a.Value.GetStringValue() == kind {
				n += p.GetAsInt() + int64(p.GetAsDouble())
			}
		}
	}
	return n
}

// traced are the names of the spans of a trace.
func (c *collector) traced(id string) map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := map[string]bool{}
	for _, s := range c.spans {
		if hex.EncodeToString(s.TraceId) == id {
			names[s.Name] = true
		}
	}
	return names
}

// personal is what a story has that must not be seen.
func personal(s *genesystest.Story) (all []string) {
	for _, l := range s.Legs {
		if l.Purpose == "customer" {
			l.Name, l.Address = "Rosa Canary", "tel:+31699999999"
		}
		all = append(all, l.User)
	}
	s.Attributes = append(s.Attributes, genesystest.Attribute{Participant: s.Legs[0].Participant, Values: map[string]string{"pin": "canary-4711"}})
	return append(all, "Canary", "+31699999999", "canary-4711", token)
}

func TestMetricsAndTracesReachACollectorByTheStandardVariablesAndNameNobody(t *testing.T) {
	t.Parallel()
	to := collect(t)
	p := start(t, "memory", "CONVTRACK_TOKENS="+token, "OTEL_EXPORTER_OTLP_ENDPOINT="+to.url, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
		"OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "OTEL_EXPORTER_OTLP_HEADERS=x-tenant=desk", "OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_BSP_SCHEDULE_DELAY=100",
		"OTEL_SERVICE_NAME=case-desk", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test")
	story := genesystest.BlindTransferToQueue()
	secrets := personal(story)
	require.Contains(t, string(bytes.Join(story.Envelopes(), nil)), "+31699999999", "nothing personal is told")
	p.post(story.Envelopes())
	const caller = "0af7651916cd43dd8448eb211c80319c"
	other := genesystest.BlindTransferToQueue()
	other.ID = "c0000000-0000-4000-8000-00000000000f"
	status, answer := p.do(http.MethodPost, "/genesys/v1/eventbridge", string(other.Envelopes()[0]), "Authorization", "Bearer "+token,
		"traceparent", "00-"+caller+"-b7ad6b7169203331-01")
	require.Equal(t, http.StatusOK, status, answer)

	p.until(func() bool { return to.events("agent.transferred") == 1 })
	p.until(func() bool {
		names := to.traced(caller)
		return names["commit"] && names["process print"]
	})
	to.mu.Lock()
	defer to.mu.Unlock()
	for _, name := range []string{"convtrack.facts.pending", "messaging.process.duration", "db.client.operation.duration"} {
		require.Contains(t, to.metrics, name)
	}
	require.True(t, to.resources["service.name=case-desk"], to.resources)
	require.True(t, to.resources["deployment.environment.name=test"], to.resources)
	for _, h := range to.headers {
		require.Equal(t, "desk", h.Get("X-Tenant"))
		require.Equal(t, "gzip", h.Get("Content-Encoding"))
	}
	for _, secret := range secrets {
		if secret != "" {
			require.NotContains(t, to.text.String(), secret)
		}
	}
	for name, m := range to.metrics {
		require.NotContains(t, prototext.Format(m), "c0000000-", "a metric names a conversation: %s", name)
	}
}

func TestWhatIsLeftReachesTheCollectorWhenTheBackendStops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		env             []string
		metrics, traces bool
	}{
		{"both", nil, true, true},
		{"metrics alone", []string{"OTEL_TRACES_EXPORTER=none"}, true, false},
		{"traces alone", []string{"OTEL_METRICS_EXPORTER=none"}, false, true},
		{"nothing", []string{"OTEL_SDK_DISABLED=true"}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			to := collect(t)
			// By themselves they would be sent much later.
			p := start(t, "memory", append(c.env, "CONVTRACK_TOKENS="+token, "OTEL_EXPORTER_OTLP_ENDPOINT="+to.url,
				"OTEL_METRIC_EXPORT_INTERVAL=3600000", "OTEL_BSP_SCHEDULE_DELAY=3600000")...)
			story := genesystest.BlindTransferToQueue()
			p.post(story.Envelopes())
			p.until(func() bool { return has(p.events(story.ID), "conversation.ended") })
			require.Zero(t, p.stop())
			require.Equal(t, c.metrics, to.events("agent.transferred") == 1)
			require.Equal(t, c.traces, len(to.spans) > 0)
		})
	}
}
