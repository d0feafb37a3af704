package main

import (
	"flag"
	"log/slog"
	"os/user"
)

// account is on whose behalf something is done that cannot be undone: the audit
// line says so.
type account struct{ who string }

func (a *account) register(f *flag.FlagSet) {
	f.StringVar(&a.who, "who", "", "on whose behalf, as a `NAME` of an account or the number of a request; else the user of this machine")
}

// settle finds the account where none was given.
func (a *account) settle() error {
	if a.who != "" {
		return nil
	}
	is, err := user.Current()
	if err != nil {
		return wrongUsage("-who is needed: the user of this machine has no name")
	}
	a.who = is.Username
	return nil
}

// audit is where the tracker's audit lines go.
func (p *program) audit() slog.Handler { return slog.NewTextHandler(&cleaned{p.err}, nil) }

// cleaned is where a logger writes lines.
type cleaned struct{ to *terminal }

func (c *cleaned) Write(line []byte) (int, error) {
	c.to.paragraph(string(line))
	return len(line), nil
}
