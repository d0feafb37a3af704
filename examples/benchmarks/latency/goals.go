package main

import (
	"fmt"
	"io"
	"slices"
)

// goal is a figure, measured in each round, and what it may be at most.
type goal struct {
	what   string
	unit   string    // of the figures and of most
	rounds []float64 // one figure each
	most   float64   // below 0: there is no goal
	beside string    // what the figures come from
}

// write writes a table, and returns how many goals are missed.
func write(w io.Writer, name string, goals []goal) (missed int) {
	fmt.Fprintf(w, "\n## %s\n\n| what | min | median | max | goal | verdict | from |\n|---|---|---|---|---|---|---|\n", name)
	for _, g := range goals {
		lo, median, hi := spread(g.rounds)
		most, verdict := "", ""
		if g.most >= 0 {
			most, verdict = fmt.Sprintf("≤ %v %s", g.most, g.unit), "met"
			if median > g.most {
				verdict = "**missed**"
				missed++
			}
		}
		fmt.Fprintf(w, "| %s | %.3g | %.3g %s | %.3g | %s | %s | %s |\n", g.what, lo, median, g.unit, hi, most, verdict, g.beside)
	}
	return missed
}

// spread returns the least, the middle and the greatest.
func spread(list []float64) (lo, median, hi float64) {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return sorted[0], (sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[n-1]
}
