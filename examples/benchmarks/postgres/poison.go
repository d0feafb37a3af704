package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/events"
)

// poison is how the ids of conversations end that a hook cannot handle: one of
// 256.
const poison = "00"

// withHook is the tracker with an After hook. What counts are all
// notifications until they are stored: the deliveries of poisoned ones
// need not come to an end.
func withHook(name string, onPoison func(ctx context.Context) error) variant {
	return variant{name: "hook that " + name, counts: "events", open: func(ctx context.Context, s *server, _ *options) (round, error) {
		f, err := newFleet(ctx, s, 1, (*fleet).owner, func(ctx context.Context, e events.Event) error {
			if strings.HasSuffix(e.Head().ConversationID, poison) {
				return onPoison(ctx)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, d time.Duration) (t tally, err error) {
			began := time.Now()
			t.n, err = f.feed(f, ctx, d)
			t.took = time.Since(began)
			return t, err
		}, nil
	}}
}

// poisoned shows what others notice of conversations that a hook fails at.
func poisoned(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	over := make(chan struct{})
	entries, err := enter(ctx, s, o, []variant{
		withHook("works", func(context.Context) error { return nil }),
		withHook("always fails", func(context.Context) error { return errors.New("it never works") }),
		withHook("hangs", func(context.Context) error { <-over; return nil }),
	})
	if err != nil {
		return 0, err
	}
	s.later(func(context.Context) error { close(over); return nil }) // before the trackers end
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(w, "\n## A hook that one conversation of 256 is too much for")
	writeRates(w, entries, "")
	healthy := best(entries, entries[0].name)
	var comparisons []comparison
	for _, e := range entries[1:] {
		comparisons = append(comparisons, comparison{say: e.name + " ÷ works", over: best(entries, e.name), under: healthy, least: 0.9})
	}
	return writeComparisons(w, comparisons), s.clear(ctx)
}
