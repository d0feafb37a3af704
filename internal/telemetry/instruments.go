package telemetry

import (
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// instruments are what is measured where it happens. What only has to be looked
// at now and then is observed; see [Watch].
type instruments struct {
	heard, stored metric.Int64Counter     // facts
	process       metric.Float64Histogram // what a source hears, and After hooks
	before        metric.Float64Histogram // Before hooks
	delay         metric.Float64Histogram // from a fact to the end of an After hook
	storeCall     metric.Float64Histogram
	commitSize    metric.Int64Histogram

	storeSystem string
	sources     sets[string]
	hearings    sets[hearing]
	afters      sets[after]
	befores     sets[before]
	delays      sets[string]
	calls       sets[call]
}

// The limits of buckets, in seconds: those of the conventions, and for what may
// take long.
var (
	processBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	storeBuckets   = []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}
	delayBuckets   = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600}
	sizeBuckets    = []float64{1, 2, 5, 10, 20, 50, 100, 200, 500}
)

func (i *instruments) make(m metric.Meter, g *guard, storeSystem string) error {
	i.storeSystem = storeSystem
	var all []error
	count := func(into *metric.Int64Counter, name, unit, help string) {
		is, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(help))
		*into, all = counter{is, g}, append(all, err)
	}
	seconds := func(into *metric.Float64Histogram, name, help string, buckets []float64) {
		is, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(help), metric.WithExplicitBucketBoundaries(buckets...))
		*into, all = durations{is, g}, append(all, err)
	}
	count(&i.heard, "convtrack.facts.heard", "{fact}", "Partial conversations that a source has said.")
	count(&i.stored, "convtrack.facts.stored", "{fact}", "Partial conversations of a source that are stored, or were known.")
	seconds(&i.process, "messaging.process.duration", "How long it took to store what a source heard (messaging.operation.name observe), and to run an After hook (process).", processBuckets)
	seconds(&i.before, "convtrack.before.duration", "How long a Before hook ran.", processBuckets)
	seconds(&i.delay, "convtrack.after.delay", "From when the fact was heard that led to an event, until an After hook was done with it, where that was in one process without a stop.", delayBuckets)
	seconds(&i.storeCall, "db.client.operation.duration", "How long calls of the store took; commits with the hooks that run in them.", storeBuckets)
	size, err := m.Int64Histogram("convtrack.commit.size", metric.WithUnit("{conversation}"),
		metric.WithDescription("Conversations in a commit; none, where it only records what hooks have done."), metric.WithExplicitBucketBoundaries(sizeBuckets...))
	i.commitSize = sizes{size, g}
	return errors.Join(append(all, err)...)
}

// sets keeps the options of measurements, so that a measurement makes none.
type sets[K comparable] struct {
	mu  sync.RWMutex
	all map[K]set
}

type set struct {
	record []metric.RecordOption
	add    []metric.AddOption
}

// of returns the options for the key, which attributes makes the first time.
func (s *sets[K]) of(key K, attributes func(K) []attribute.KeyValue) set {
	s.mu.RLock()
	is, known := s.all[key]
	s.mu.RUnlock()
	if known {
		return is
	}
	option := metric.WithAttributeSet(attribute.NewSet(attributes(key)...))
	is = set{[]metric.RecordOption{option}, []metric.AddOption{option}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[K]set{}
	}
	s.all[key] = is
	return is
}

// withError adds what failed; empty: nothing did.
func withError(list []attribute.KeyValue, failed string) []attribute.KeyValue {
	if failed == "" {
		return list
	}
	return append(list, keyError.String(failed))
}

func seconds(since time.Time) float64 { return time.Since(since).Seconds() }
