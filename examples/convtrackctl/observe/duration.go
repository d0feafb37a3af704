package observe

import (
	"strconv"
	"time"
)

// Milliseconds is a length of time, in JSON a number of milliseconds.
type Milliseconds time.Duration

// MarshalJSON implements json.Marshaler.
func (d Milliseconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, time.Duration(d).Milliseconds(), 10), nil
}

// String is the length for people.
func (d Milliseconds) String() string {
	if t := time.Duration(d); t.Abs() >= time.Minute {
		return t.Round(time.Second).String()
	}
	return time.Duration(d).Round(time.Millisecond).String()
}
