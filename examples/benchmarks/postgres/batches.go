package main

import (
	"context"
	"fmt"
	"io"
)

// batchSizes shows what committing together is worth.
func batchSizes(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	var list []variant
	for _, size := range []int{1, 10, 50, 100, 200} {
		list = append(list, committed(fmt.Sprint("store×", size), 2, size))
	}
	entries, err := enter(ctx, s, o, list)
	if err != nil {
		return 0, err
	}
	if err := contest(ctx, entries, o); err != nil {
		return 0, err
	}
	fmt.Fprintln(w, "\n## Updates in a batch")
	writeRates(w, entries, "")
	var comparisons []comparison
	for _, e := range entries[1:] {
		comparisons = append(comparisons, comparison{say: e.name + " ÷ " + entries[0].name, over: best(entries, e.name), under: best(entries, entries[0].name)})
	}
	return writeComparisons(w, comparisons), s.clear(ctx)
}
