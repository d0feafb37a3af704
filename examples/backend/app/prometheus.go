package app

import "github.com/prometheus/client_golang/prometheus"

// metric is a metric of Prometheus. The name of a counter ends in _total.
type metric struct {
	name, help string
	counter    bool
	samples    []sample
}

type sample struct {
	label, is string // one label, or none
	value     float64
}

func counter(name, help string, value int64) metric {
	return metric{name + "_total", help, true, []sample{{value: float64(value)}}}
}

func gauge(name, help string, value float64) metric {
	return metric{name, help, false, []sample{{value: value}}}
}

// collect hands the metric to who collects.
func (m metric) collect(to chan<- prometheus.Metric) {
	kind := prometheus.GaugeValue
	if m.counter {
		kind = prometheus.CounterValue
	}
	for _, s := range m.samples {
		var labels, values []string
		if s.label != "" {
			labels, values = []string{s.label}, []string{s.is}
		}
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc(m.name, m.help, labels, nil), kind, s.value, values...)
	}
}
