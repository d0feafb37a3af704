package main

import (
	"fmt"
	"io"
	"slices"
)

// comparison is a ratio that is measured in each round, and what it must be.
type comparison struct {
	say         string
	over, under score
	least, most float64 // 0: no goal
}

// ratios of the rounds.
func (c *comparison) ratios() []float64 { return divide(c.over.rates, c.under.rates) }

// cpu is the median of how many times as much CPU the other takes, client and
// server together; 0 when it is not known.
func (c *comparison) cpu() float64 {
	if slices.Contains(c.over.cpu, 0) {
		return 0
	}
	_, median, _ := spreadOf(divide(c.under.cpu, c.over.cpu))
	return median
}

func divide(over, under []float64) []float64 {
	list := make([]float64, len(over))
	for i := range list {
		list[i] = over[i] / under[i]
	}
	return list
}

// verdict says whether the median keeps the goal.
func (c *comparison) verdict() (goal, verdict string) {
	_, median, _ := spreadOf(c.ratios())
	switch {
	case c.least > 0 && median >= c.least:
		return fmt.Sprintf("≥ %v", c.least), "met"
	case c.least > 0:
		return fmt.Sprintf("≥ %v", c.least), "**missed**"
	case c.most > 0 && median <= c.most:
		return fmt.Sprintf("≤ %v", c.most), "met"
	case c.most > 0:
		return fmt.Sprintf("≤ %v", c.most), "**missed**"
	}
	return "", ""
}

// writeComparisons writes a table of those that both sides took part in, and
// returns how many goals are missed.
func writeComparisons(w io.Writer, list []comparison) (missed int) {
	list = slices.DeleteFunc(list, func(c comparison) bool { return len(c.over.rates) == 0 || len(c.under.rates) == 0 })
	if len(list) == 0 {
		return 0
	}
	t := newTable("ratio, round by round", "min", "median", "max", "goal", "verdict", "by CPU")
	for i := range list {
		goal, verdict := list[i].verdict()
		if verdict == "**missed**" {
			missed++
		}
		lo, median, hi := spreadOf(list[i].ratios())
		t.row(list[i].say, ratio(lo), ratio(median), ratio(hi), goal, verdict, known(list[i].cpu()))
	}
	t.write(w)
	return missed
}

func known(x float64) string {
	if x == 0 {
		return "?"
	}
	return ratio(x)
}

func ratio(x float64) string { return fmt.Sprintf("%.3g", x) }

// spreadOf returns the least, the middle and the greatest.
func spreadOf(list []float64) (lo, median, hi float64) {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return sorted[0], (sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[n-1]
}
