package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// liveAmongStored is how many conversations go on while the others rest.
const liveAmongStored = 100

// stored shows that the cost of an event does not grow with the number of
// conversations that are stored: a hundred of them go on, spread evenly among
// all by their ids.
func stored(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	var entries []*entry
	for _, size := range o.stored {
		x, err := s.newSite(ctx)
		if err != nil {
			return 0, err
		}
		list, err := amongStored(ctx, o, x, size)
		if err != nil {
			return 0, fmt.Errorf("%d conversations: %w", size, err)
		}
		entries = append(entries, list...)
	}
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(w, "\n## Conversations stored")
	writeRates(w, entries, "")
	var comparisons []comparison
	few, many := o.stored[0], o.stored[len(o.stored)-1]
	for _, name := range []string{"tracker", "store"} {
		least, most := best(entries, fmt.Sprint(name, " in ", few)), best(entries, fmt.Sprint(name, " in ", many))
		comparisons = append(comparisons, comparison{say: fmt.Sprintf("cost in %d ÷ cost in %d, %s", many, few, name), over: least, under: most, most: 1.3})
	}
	return writeComparisons(w, comparisons), s.clear(ctx)
}

// amongStored fills the site, and returns a tracker and committers on it.
func amongStored(ctx context.Context, o *options, x *site, size int) ([]*entry, error) {
	subjects, err := o.newSubjects(liveAmongStored)
	if err != nil {
		return nil, err
	}
	c, err := newCommits(ctx, x, subjects, 2, liveAmongStored/2)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := fill(ctx, x, c.store, size-liveAmongStored); err != nil {
		return nil, err
	}
	fmt.Fprintf(o.progress, "%d conversations are stored, after %.0f s\n", size, time.Since(began).Seconds())
	t := newTraffic(liveAmongStored)
	t.endless = true
	f := &fleet{traffic: t, hear: (*fleet).owner, feed: (*fleet).inTurn, count: conflicts}
	if err := f.add(ctx, x.server, c.store, works); err != nil {
		return nil, err
	}
	take := func(name, counts string, r round) *entry {
		return &entry{variant: variant{name: fmt.Sprint(name, " in ", size), counts: counts}, server: x.server, run: r}
	}
	return []*entry{take("tracker", "events", f.round), take("store", "updates", c.round)}, nil
}
