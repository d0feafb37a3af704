package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// exports says what is sent elsewhere through OTLP. Prometheus may always ask.
type exports struct{ metrics, traces bool }

// readExports reads the standard variables of OpenTelemetry. Those that are not
// read here (headers, certificates, sampler, resource …) its SDK reads itself.
func readExports(env func(string) string) (is exports, err error) {
	if env("OTEL_SDK_DISABLED") == "true" {
		return is, nil
	}
	for _, signal := range []struct {
		on   *bool
		name string
	}{{&is.metrics, "METRICS"}, {&is.traces, "TRACES"}} {
		exporter := "OTEL_" + signal.name + "_EXPORTER"
		switch env(exporter) {
		case "otlp":
			*signal.on = true
		case "":
			*signal.on = env("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || env("OTEL_EXPORTER_OTLP_"+signal.name+"_ENDPOINT") != ""
		case "none", "prometheus":
		default:
			return is, wrongUsage(exporter, "%q is not known here; it may be otlp or none", env(exporter))
		}
		for _, endpoint := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_" + signal.name + "_ENDPOINT"} {
			if is := env(endpoint); *signal.on && is != "" && !isEndpoint(is) {
				return exports{}, wrongUsage(endpoint, "this is no address of a collector; it is one as in http://localhost:4318, with http or https")
			}
		}
		for _, protocol := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_" + signal.name + "_PROTOCOL"} {
			if is := env(protocol); *signal.on && is != "" && is != "http/protobuf" {
				return exports{}, wrongUsage(protocol, "%q is not built in; this backend speaks http/protobuf, which collectors take on port 4318", is)
			}
		}
	}
	return is, nil
}

// isEndpoint reports whether that is an address to which OTLP can be sent. It is not
// shown when it is not, as it can have a password in it.
func isEndpoint(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// telemetry measures and traces, and hands on what was found.
type telemetry struct {
	meters  *sdkmetric.MeterProvider
	tracers *sdktrace.TracerProvider // nil: traces are off
	scrape  http.Handler             // answers GET /metrics
}

// scrapeTime is how long Prometheus may wait; the tracker takes 5 s at the most.
const scrapeTime = 9 * time.Second

func newTelemetry(ctx context.Context, on exports, log *slog.Logger) (t *telemetry, registry *prometheus.Registry, err error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry cannot be handed on", "error", err) }))
	of, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "convtrack-backend")), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	registry = prometheus.NewRegistry()
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, nil, err
	}
	options := []sdkmetric.Option{sdkmetric.WithReader(exporter), sdkmetric.WithResource(of)}
	if on.metrics {
		to, err := otlpmetrichttp.New(ctx)
		if err != nil {
			return nil, nil, err
		}
		options = append(options, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(to)))
	}
	t = &telemetry{meters: sdkmetric.NewMeterProvider(options...), scrape: promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), Timeout: scrapeTime, MaxRequestsInFlight: 4})}
	if !on.traces {
		return t, registry, nil
	}
	to, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, err
	}
	t.tracers = sdktrace.NewTracerProvider(sdktrace.WithBatcher(to), sdktrace.WithResource(of))
	return t, registry, nil
}

// meterProvider and tracerProvider are what a tracker gets.
func (t *telemetry) meterProvider() otelmetric.MeterProvider { return t.meters }

func (t *telemetry) tracerProvider() trace.TracerProvider {
	if t.tracers == nil {
		return nil
	}
	return t.tracers
}

// handOnTime is how long it may take to hand on the last of it.
const handOnTime = 5 * time.Second

// close hands on what there is.
func (t *telemetry) close() {
	ctx, cancel := context.WithTimeout(context.Background(), handOnTime)
	defer cancel()
	if err := t.meters.Shutdown(ctx); err != nil {
		otel.Handle(err)
	}
	if t.tracers == nil {
		return
	}
	if err := t.tracers.Shutdown(ctx); err != nil {
		otel.Handle(err)
	}
}
