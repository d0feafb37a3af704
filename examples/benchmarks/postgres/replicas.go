package main

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// fleetOf is so many trackers on one database, of which those hear a
// notification that the pattern says. most is the goal: how many times the CPU
// of one alone a notification may take; 0: none.
func fleetOf(size int, who string, hear hearing, most float64) variant {
	return variant{name: fmt.Sprintf(who, size), counts: "events", extra: true, most: most, open: func(ctx context.Context, s *server, _ *options) (round, error) {
		return openFleet(ctx, s, size, hear)
	}}
}

// variantsOfReplicas are all variants of the table of replicas, the one that the
// others are compared with first.
func variantsOfReplicas() []variant {
	return []variant{
		fleetOf(1, "%d alone", (*fleet).owner, 0),
		fleetOf(2, "the owner of %d hears", (*fleet).owner, 0), fleetOf(4, "the owner of %d hears", (*fleet).owner, 1.1),
		fleetOf(2, "one of %d hears", (*fleet).one, 0), fleetOf(4, "one of %d hears", (*fleet).one, 1.35),
		fleetOf(2, "all of %d hear", (*fleet).everybody, 0), fleetOf(4, "all of %d hear", (*fleet).everybody, 2.5),
	}
}

// replicas shows several trackers on one database, with the same load in all.
func replicas(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	all := variantsOfReplicas()
	alone := all[0].name
	entries, err := enter(ctx, s, o, eachApart(o.chosen(all)))
	if err != nil {
		return 0, err
	}
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(w, "\n## Replicas")
	writeRates(w, entries, "conflicts each")
	var byRate, byCPU []comparison
	for _, e := range entries {
		if e.name == alone {
			continue
		}
		byRate = append(byRate, comparison{say: e.name + " ÷ alone", over: best(entries, e.name), under: best(entries, alone)})
		byCPU = append(byCPU, comparison{say: "CPU each, " + e.name + " ÷ alone", over: costs(entries, e.name), under: costs(entries, alone), most: e.most})
	}
	writeComparisons(w, byRate)
	return writeComparisons(w, byCPU), s.clear(ctx)
}

// costs is what CPU each notification took the variant, client and server
// together, where it is known.
func costs(entries []*entry, name string) score {
	s := best(entries, name)
	if slices.Contains(s.cpu, 0) {
		return score{}
	}
	return score{rates: s.cpu, cpu: s.cpu}
}
