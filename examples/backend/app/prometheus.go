package app

import (
	"fmt"
	"io"
	"strconv"
)

// metric is a metric in the text format of Prometheus 0.0.4. The name of a
// counter ends in _total.
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

// write writes the metric. Label values are words of our own, without anything
// to escape.
func (m metric) write(w io.Writer) {
	kind := "gauge"
	if m.counter {
		kind = "counter"
	}
	_, _ = fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, kind)
	for _, s := range m.samples {
		labels := ""
		if s.label != "" {
			labels = fmt.Sprintf("{%s=%q}", s.label, s.is)
		}
		_, _ = fmt.Fprintf(w, "%s%s %s\n", m.name, labels, strconv.FormatFloat(s.value, 'g', -1, 64))
	}
}
