package main

import (
	"flag"
	"strings"
)

const introduction = `Usage: convtrackctl COMMAND [FLAG…] [ARGUMENT…]

Looks into the store of running trackers, judges it, and decides what has failed.
The store is -store sqlite:PATH or postgres://…, or CONVTRACK_STORE, which keeps a
password out of the list of processes. It may be in use meanwhile.
`

const codes = `
convtrackctl help COMMAND says more of a command.
Exit codes: 0 done, 1 something is wrong or failed, 2 wrong usage, 130 interrupted.
`

func (p *program) helpAll(to *terminal) {
	to.paragraph(introduction)
	to.say("")
	for _, c := range commands() {
		to.say("  %-16s %s", c.name, c.does)
	}
	to.paragraph(codes)
}

// help explains the commands that begin with the words; all of them without any.
func (p *program) help(words []string) error {
	if len(words) == 0 {
		p.helpAll(p.out)
		return nil
	}
	name, known := strings.Join(words, " "), false
	for _, c := range commands() {
		if c.name != name && !strings.HasPrefix(c.name, name+" ") {
			continue
		}
		if known {
			p.out.say("")
		}
		known = true
		p.helpOne(c)
	}
	if !known {
		return wrongUsage("%q is no command", name)
	}
	return nil
}

func (p *program) helpOne(c *command) {
	p.out.say("Usage: convtrackctl %s %s", c.name, c.args)
	p.out.say("")
	p.out.paragraph(c.does + ".")
	if c.more != "" {
		p.out.say("")
		p.out.paragraph(c.more)
	}
	p.out.say("")
	flags, _ := p.prepare(c)
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if f.Name == "store" || f.DefValue == "" || f.DefValue == "false" || f.DefValue == "0" {
			p.out.say("  -%s %s", f.Name, value)
		} else {
			p.out.say("  -%s %s (default %s)", f.Name, value, f.DefValue)
		}
		p.out.say("        %s", usage)
	})
}
