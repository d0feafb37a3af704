package main

import (
	"fmt"
	"io"
)

// changes is what a run does to its folder.
type changes struct {
	created, changed, unchanged, removed []string
	// foreign are files that an earlier run did not write, or that somebody
	// changed since, in the place of ours.
	foreign []string
	// kept are files of an earlier run that are not needed any more and that
	// somebody has changed.
	kept []string
}

func (c *changes) print(w io.Writer, folder string) {
	fmt.Fprintf(w, "%s: %d files created, %d changed, %d unchanged, %d removed\n",
		folder, len(c.created), len(c.changed)+len(c.foreign), len(c.unchanged), len(c.removed))
	for _, kind := range []struct {
		sign  string
		names []string
	}{{"+", c.created}, {"~", c.changed}, {"!", c.foreign}, {"-", c.removed}} {
		for _, name := range kind.names {
			fmt.Fprintf(w, "  %s %s\n", kind.sign, name)
		}
	}
	for _, name := range c.kept {
		fmt.Fprintf(w, "%s is not needed any more, but somebody changed it: remove it, or it is applied\n", name)
	}
}
