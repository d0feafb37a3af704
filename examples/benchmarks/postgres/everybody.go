package main

import (
	"context"
	"errors"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/genesys"
)

// listeners hear the notifications of a slot, one for each tracker, until
// the server is cleared. Sources read what they hear from a few sockets, too: a new
// goroutine for each notification would pay for the growth of its stack each time.
type listeners struct {
	hear   []chan []byte
	stored chan error
}

// everybody lets all trackers hear it, each of which decodes it.
func (f *fleet) everybody(ctx context.Context, data []byte, slot int) error {
	l := &f.listeners[slot]
	if l.hear == nil {
		l.begin(ctx, f.trackers)
	}
	for _, hear := range l.hear {
		hear <- data
	}
	var failed error
	for range l.hear {
		failed = errors.Join(failed, <-l.stored)
	}
	return failed
}

func (l *listeners) begin(ctx context.Context, trackers []*convtrack.Tracker) {
	l.stored = make(chan error)
	for _, t := range trackers {
		hear := make(chan []byte, 1)
		l.hear = append(l.hear, hear)
		go func() {
			for data := range hear {
				m, err := genesys.Decode(data, time.Now())
				if err == nil {
					err = observe(ctx, t, m)
				}
				l.stored <- err
			}
		}()
	}
}

// end ends them all.
func (f *fleet) end(context.Context) error {
	for _, l := range f.listeners {
		for _, hear := range l.hear {
			close(hear)
		}
	}
	return nil
}
