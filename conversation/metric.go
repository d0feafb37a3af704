package conversation

import (
	"cmp"
	"time"
)

// Metric is one emission of a metric on a session, told from others by its
// name and emit time. A name can have several emissions: one tTalk for each
// talk segment. Of two statements of one emission that of the higher source is
// believed, of one source the newest, as with fields that Genesys restates.
type Metric struct {
	Name     string    `json:"name"`
	EmitDate time.Time `json:"emitDate,omitzero"`
	Value    int64     `json:"value"` // milliseconds for t…, a count for n… and o…

	stamp stamp
}

func (m Metric) compare(n Metric) int {
	return cmp.Or(m.EmitDate.Compare(n.EmitDate), cmp.Compare(m.Name, n.Name))
}

// beats reports whether m, of the emission n, is to be believed.
func (m Metric) beats(n Metric) bool {
	return cmp.Or(m.stamp.compareRestated(n.stamp), cmp.Compare(m.Value, n.Value)) > 0
}

// restates reports whether the metrics b, in the order of a, are the same
// emissions, stated anew: what a record says that is read again.
func restates(b, a []Metric) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	for i := range a {
		if b[i].compare(a[i]) != 0 || !b[i].beats(a[i]) {
			return false
		}
	}
	return true
}

func joinMetrics(a, b []Metric) ([]Metric, bool) {
	if restates(b, a) {
		return b, true
	}
	return joinSorted(a, b, Metric.compare, func(m, n Metric) (Metric, bool) {
		if n.beats(m) {
			return n, true
		}
		return m, false
	})
}

// emission returns the first emission of the named metric of which the time is
// known.
func (s *Session) emission(name string) (Metric, bool) {
	for _, m := range s.Metrics {
		if m.Name == name && !m.EmitDate.IsZero() {
			return m, true
		}
	}
	return Metric{}, false
}

// metric returns the first emission of the named metric.
func (s *Session) metric(name string) (Metric, bool) {
	for _, m := range s.Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}
