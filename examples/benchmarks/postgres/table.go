package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is one in Markdown, whose columns are also aligned as text.
type table struct{ rows [][]string }

func newTable(head ...string) *table { return &table{[][]string{head}} }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) {
	widths := make([]int, len(t.rows[0]))
	for _, r := range t.rows {
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	fmt.Fprintln(w)
	for n, r := range t.rows {
		for i, cell := range r {
			fmt.Fprint(w, "| ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)), " ")
		}
		fmt.Fprintln(w, "|")
		if n == 0 {
			for _, width := range widths {
				fmt.Fprint(w, "|", strings.Repeat("-", width+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
}

// writeRates writes what the entries did.
func writeRates(w io.Writer, entries []*entry, extra string) {
	head := []string{"variant", "settings", "counts", "a second: min", "median", "max", "client CPU µs each", "server CPU µs each", "WAL bytes each"}
	if extra != "" {
		head = append(head, extra)
	}
	t := newTable(head...)
	for _, e := range entries {
		lo, median, hi := spreadOf(e.rates)
		_, client, _ := spreadOf(e.client)
		_, served, _ := spreadOf(e.served)
		_, wal, _ := spreadOf(e.wal)
		cells := []string{e.name, e.with, e.counts, whole(lo), whole(median), whole(hi), whole(client), whole(served), whole(wal)}
		if extra != "" {
			cell := ""
			if e.extra {
				_, x, _ := spreadOf(e.extras)
				cell = fmt.Sprintf("%.2f", x)
			}
			cells = append(cells, cell)
		}
		t.row(cells...)
	}
	t.write(w)
}

func whole(x float64) string { return fmt.Sprintf("%.0f", x) }
