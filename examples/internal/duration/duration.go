// Package duration has flags that are durations. Whoever writes one wrong is told
// how one is written.
package duration

import (
	"errors"
	"flag"
	"time"
)

// Var defines a flag with a default value, as [flag.FlagSet.DurationVar] does.
func Var(f *flag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	f.Var((*text)(p), name, usage)
}

// text reads a duration.
type text time.Duration

// String implements [flag.Value].
func (t *text) String() string { return time.Duration(*t).String() }

// Set implements [flag.Value].
func (t *text) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return errors.New("it is a duration as in 500ms, 90s, 10m or 1h30m")
	}
	*t = text(d)
	return nil
}
