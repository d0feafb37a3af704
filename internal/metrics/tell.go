package metrics

import (
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/diagnosis"
	"github.com/dcmkit/convtrack/internal/heard"
	"github.com/dcmkit/convtrack/internal/telemetry"
)

// tell tells the values of an instrument, each with what it is of.
type tell func(s state, say func(value float64, of ...attribute.KeyValue))

func counting(name, unit, help string, how tell) telemetry.Instrument[state] {
	return telemetry.Instrument[state]{Name: name, Unit: unit, Help: help, Counter: true, Tell: how}
}

func telling(name, unit, help string, how tell) telemetry.Instrument[state] {
	return telemetry.Instrument[state]{Name: name, Unit: unit, Help: help, Tell: how}
}

func total(name, unit, help string, of func(state) int64) telemetry.Instrument[state] {
	return counting(name, unit, help, func(s state, say func(float64, ...attribute.KeyValue)) { say(float64(of(s))) })
}

func level(name, unit, help string, of func(state) float64) telemetry.Instrument[state] {
	return telling(name, unit, help, func(s state, say func(float64, ...attribute.KeyValue)) { say(of(s)) })
}

// counted is a level of what the store is asked for. Where it does not answer nothing
// is told, as 0 would be an answer.
func counted(name, unit, help, what string, of func(state) float64) telemetry.Instrument[state] {
	return telling(name, unit, help, func(s state, say func(float64, ...attribute.KeyValue)) {
		if !slices.Contains(s.Uncounted, what) {
			say(of(s))
		}
	})
}

func ofSources(name, unit, help string, of func(state, heard.Source) float64) telemetry.Instrument[state] {
	return telling(name, unit, help, func(s state, say func(float64, ...attribute.KeyValue)) {
		for source, is := range s.Sources {
			say(of(s, is), attribute.String("convtrack.source", source))
		}
	})
}

func ofQueues(name, unit, help string, of func(state, *conversation.QueueHealth) float64) telemetry.Instrument[state] {
	return telling(name, unit, help, func(s state, say func(float64, ...attribute.KeyValue)) {
		for source, is := range s.Sources {
			if is.Queue != nil {
				say(of(s, is.Queue), attribute.String("convtrack.source", source))
			}
		}
	})
}

func ofAPIs(name, unit, help string, of func(state, *conversation.APIHealth) float64) telemetry.Instrument[state] {
	return telling(name, unit, help, func(s state, say func(float64, ...attribute.KeyValue)) {
		for source, is := range s.Sources {
			if is.API != nil {
				say(of(s, is.API), attribute.String("convtrack.source", source))
			}
		}
	})
}

func ofHooks(name, unit, help string, of func(state, diagnosis.Delivery) float64) telemetry.Instrument[state] {
	return telling(name, unit, help, func(s state, say func(float64, ...attribute.KeyValue)) {
		for hook, is := range s.State.Deliveries {
			say(of(s, is), attribute.String("convtrack.hook", hook))
		}
	})
}

// since is how long ago that was, in seconds; 0: never.
func (s *state) since(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return max(0, s.At.Sub(at).Seconds())
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
