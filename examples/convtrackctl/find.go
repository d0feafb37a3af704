package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
)

// people are persons that flags name.
type people struct {
	person conversation.Person
	asked  string // the kind whose value is read from the input
}

const personHelp = "address=TEXT (telephone number, e-mail address, …), contact=ID (external contact) or user=ID;\n" +
	"with - as the value it is read from the input, which keeps it out of the list of processes.\n" +
	"Several kinds may be given: each selects by itself."

func (x *people) register(f *flag.FlagSet) {
	f.Func("person", "whose conversations, as `KIND=VALUE`: address=…, contact=… or user=…", x.set)
}

func (x *people) set(text string) error {
	kind, value, _ := strings.Cut(text, "=")
	field := x.field(kind)
	switch {
	case field == nil:
		return fmt.Errorf("the kind of person is one of address, contact, user, as in user=ID")
	case value == "" || *field != "" || x.asked == kind:
		return fmt.Errorf("%s needs one value", kind)
	case value == "-" && x.asked != "":
		return fmt.Errorf("one value can be read from the input")
	case value == "-":
		x.asked = kind
	default:
		*field = value
	}
	return nil
}

func (x *people) field(kind string) *string {
	switch kind {
	case "address":
		return &x.person.Address
	case "contact":
		return &x.person.ExternalContactID
	case "user":
		return &x.person.UserID
	}
	return nil
}

// none reports whether no person was named.
func (x *people) none() bool { return x.person.IsZero() && x.asked == "" }

// read returns the person, with what stands in the input.
func (x *people) read(p *program) (conversation.Person, error) {
	if x.asked == "" {
		return x.person, nil
	}
	line, _ := bufio.NewReader(p.in).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		return x.person, wrongUsage("the input is empty, and was to hold the value of -person %s=-", x.asked)
	}
	*x.field(x.asked) = line
	return x.person, nil
}

func findCommand() *command {
	return &command{
		name: "find", args: "-person KIND=VALUE", store: true,
		does: "Prints the ids of the conversations that a person took part in, one a line",
		more: "A person is " + personHelp + "\nA search by address reads the whole store.",
		flags: func(f *flag.FlagSet) action {
			var who people
			who.register(f)
			return func(ctx context.Context, p *program, args []string) error {
				if err := none(args); err != nil {
					return err
				}
				if who.none() {
					return wrongUsage("-person says whose conversations are to be found")
				}
				person, err := who.read(p)
				if err != nil {
					return err
				}
				return p.tracked(ctx, slog.DiscardHandler, func(t *convtrack.Tracker) error {
					var found atomic.Int64
					defer p.saysHowFar(func() string { return fmt.Sprintf("looking, %d found so far", found.Load()) })()
					for id, err := range t.Find(ctx, person) {
						if err != nil {
							return err
						}
						p.out.say("%s", id)
						found.Add(1)
					}
					return nil
				})
			}
		},
	}
}
