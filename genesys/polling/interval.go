package polling

import "time"

// interval is a half-open interval of time: from is included, to is not.
type interval struct{ from, to time.Time }

// String returns the interval in the form that the analytics API takes.
func (i interval) String() string {
	const layout = "2006-01-02T15:04:05.000Z"
	return i.from.UTC().Format(layout) + "/" + i.to.UTC().Format(layout)
}

func (i interval) empty() bool { return !i.from.Before(i.to) }

func (i interval) holds(t time.Time) bool { return !t.Before(i.from) && t.Before(i.to) }

func (i interval) overlaps(other interval) bool {
	return i.from.Before(other.to) && other.from.Before(i.to)
}

// halves cuts the interval in two at a multiple of the smallest size, so that the
// boundaries are the same wherever the whole interval began. It reports false
// for an interval that is no longer than the smallest size.
func (i interval) halves(smallest time.Duration) (older, newer interval, ok bool) {
	length := i.to.Sub(i.from)
	middle := i.from.Add(length / 2).Truncate(smallest)
	if !middle.After(i.from) {
		middle = middle.Add(smallest)
	}
	if length <= smallest || !middle.Before(i.to) {
		return i, interval{}, false
	}
	return interval{i.from, middle}, interval{middle, i.to}, true
}

// smallest is the size down to which an interval is halved: a long one must not
// need too many requests, and a short one must not lose too much.
func (i interval) smallest() time.Duration {
	switch length := i.to.Sub(i.from); {
	case length <= 6*time.Hour:
		return time.Minute
	case length <= 3*24*time.Hour:
		return 10 * time.Minute
	}
	return time.Hour
}

const day = 24 * time.Hour
