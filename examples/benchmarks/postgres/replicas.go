package main

import (
	"context"
	"fmt"
	"io"
)

// fleetOf is so many trackers on one database.
func fleetOf(size int, with string, hear hearing) variant {
	return variant{name: fmt.Sprint("fleet of ", size, ", ", with), counts: "events", extra: true, open: func(ctx context.Context, s *server, _ *options) (round, error) {
		return openFleet(ctx, s, size, hear)
	}}
}

// replicas shows several trackers on one database, with the same load in all.
func replicas(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	entries, err := enter(ctx, s, o, []variant{
		fleetOf(1, "alone", (*fleet).owner),
		fleetOf(2, "the owner hears", (*fleet).owner), fleetOf(4, "the owner hears", (*fleet).owner),
		fleetOf(2, "one hears", (*fleet).one), fleetOf(4, "one hears", (*fleet).one),
		fleetOf(2, "all hear", (*fleet).everybody), fleetOf(4, "all hear", (*fleet).everybody),
	})
	if err != nil {
		return 0, err
	}
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(w, "\n## Replicas")
	writeRates(w, entries, "conflicts each")
	alone := entries[0].name
	var comparisons []comparison
	for _, e := range entries[1:] {
		comparisons = append(comparisons, comparison{say: e.name + " ÷ alone", over: best(entries, e.name), under: best(entries, alone)})
	}
	return writeComparisons(w, comparisons), s.clear(ctx)
}
