package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Instrument is one that is looked at when somebody collects: from a state, which
// all have in common, it tells its values.
type Instrument[S any] struct {
	Name, Unit, Help string
	// Counter says that the value only grows.
	Counter bool
	Tell    func(s S, say func(value float64, of ...attribute.KeyValue))
}

// watchTime is how long the state may take to be looked at.
const watchTime = 5 * time.Second

// Watch has the instruments observed, with a state that is looked at once for each
// collection. Of a state that is over only the counters are told: a level that nobody
// keeps any more would hide that, and what another one tells under the same name.
// look must return soon after its context has ended.
func Watch[S any](t *Telemetry, look func(context.Context) (is S, over bool), list []Instrument[S]) error {
	if t == nil || t.meter == nil {
		return nil
	}
	var err error
	if panicked := notPanicking("MeterProvider", func() { err = observe(t.meter, look, list) }); panicked != nil {
		return panicked
	}
	if err != nil {
		return fmt.Errorf("convtrack: Config.MeterProvider: %w", err)
	}
	return nil
}

func observe[S any](meter metric.Meter, look func(context.Context) (S, bool), list []Instrument[S]) error {
	observables := make([]metric.Observable, len(list))
	values := make([]metric.Float64Observable, len(list))
	var all []error
	for i, is := range list {
		var err error
		if is.Counter {
			values[i], err = meter.Float64ObservableCounter(is.Name, metric.WithUnit(is.Unit), metric.WithDescription(is.Help))
		} else {
			values[i], err = meter.Float64ObservableGauge(is.Name, metric.WithUnit(is.Unit), metric.WithDescription(is.Help))
		}
		all, observables[i] = append(all, err), values[i]
	}
	_, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, watchTime)
		defer cancel()
		state, over := look(ctx)
		for i, is := range list {
			if over && !is.Counter {
				continue
			}
			is.Tell(state, func(value float64, of ...attribute.KeyValue) {
				o.ObserveFloat64(values[i], value, metric.WithAttributes(of...))
			})
		}
		return nil
	}, observables...)
	return errors.Join(append(all, err)...)
}
