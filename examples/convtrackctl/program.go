package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/examples/internal/stores"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// program is what commands work with.
type program struct {
	env      func(string) string
	in       io.Reader
	out, err *terminal
	where    where
}

// where is the store that the flags name.
type where struct{ store, schema, prefix string }

// command is one that may be given.
type command struct {
	name  string // one or two words
	args  string
	does  string // in one line
	more  string // paragraphs for its help
	store bool   // it has the flags that name a store
	// flags registers those of its own and returns what it does once they are read.
	flags func(*flag.FlagSet) action
}

// action does what a command is for.
type action func(ctx context.Context, p *program, args []string) error

// prepare returns the flags of a command, and what it does.
func (p *program) prepare(c *command) (*flag.FlagSet, action) {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // of an error the whole help would hide what is wrong
	if c.store {
		flags.StringVar(&p.where.store, "store", p.env("CONVTRACK_STORE"), "the store, as `sqlite:PATH` or a postgres:// URL; else $CONVTRACK_STORE")
		flags.StringVar(&p.where.schema, "schema", "", "the `SCHEMA` of the tables in PostgreSQL; else the first of the search_path")
		flags.StringVar(&p.where.prefix, "prefix", pgstore.DefaultPrefix, "what the names of the tables begin with")
	}
	return flags, c.flags(flags)
}

func (p *program) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		p.helpAll(p.err)
		return wrongUsage("no command is given")
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return p.help(args[1:])
	}
	c, rest, err := find(args)
	if err != nil {
		return err
	}
	flags, do := p.prepare(c)
	args, err = parse(flags, rest)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return p.help(strings.Fields(c.name))
	case err == nil:
		err = do(ctx, p, args)
	default:
		err = &usageError{err: err}
	}
	var wrong *usageError
	if errors.As(err, &wrong) {
		wrong.command = c.name
	}
	return err
}

// find returns the command that the arguments begin with.
func find(args []string) (*command, []string, error) {
	var second []string
	for _, c := range commands() {
		switch words := strings.Fields(c.name); {
		case words[0] != args[0]:
		case len(words) == 1:
			return c, args[1:], nil
		case len(args) > 1 && words[1] == args[1]:
			return c, args[2:], nil
		default:
			second = append(second, words[1])
		}
	}
	if second != nil {
		return nil, nil, &usageError{args[0], errors.New(args[0] + " needs one of these words: " + strings.Join(second, ", "))}
	}
	if strings.HasPrefix(args[0], "-") {
		return nil, nil, wrongUsage("%s stands before the command: name the command first, as in convtrackctl doctor -json", args[0])
	}
	return nil, nil, wrongUsage("%q is no command", args[0])
}

// parse reads flags wherever they stand, up to "--".
func parse(flags *flag.FlagSet, args []string) (others []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if read := len(args) - len(rest); len(rest) == 0 || read > 0 && args[read-1] == "--" {
			return append(others, rest...), nil
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}

// none refuses arguments where there are to be none.
func none(args []string) error {
	if len(args) > 0 {
		return wrongUsage("%q is not understood", args[0])
	}
	return nil
}

// address is where the store is.
func (p *program) address() (*stores.Address, error) {
	if p.where.store == "" {
		return nil, wrongUsage("no store is named: give -store sqlite:PATH or -store postgres://…, or set CONVTRACK_STORE")
	}
	at, err := stores.Parse(p.where.store)
	if err != nil {
		return nil, wrongUsage("-store: %w", err)
	}
	switch {
	case at.Pool != nil:
		at.Pool.MaxConns = connections
		at.Pool.ConnConfig.RuntimeParams["application_name"] = "convtrackctl"
		if at.Pool.ConnConfig.ConnectTimeout == 0 { // it would be waited for without end; connect_timeout= in the URL says otherwise
			at.Pool.ConnConfig.ConnectTimeout = answerTime
		}
	case at.Path == "":
		return nil, wrongUsage("-store: memory is the tracker's own; nobody else can look into it")
	case p.where.schema != "":
		return nil, wrongUsage("-schema is for PostgreSQL; an SQLite file has none")
	}
	return at, nil
}

// answerTime is how long a database may take to answer.
const answerTime = 10 * time.Second

// connections are enough for one thing at a time.
const connections = 3

// tables says where they are. They are left as they are.
func (p *program) tables() *pgstore.Config {
	return &pgstore.Config{Schema: p.where.schema, Prefix: p.where.prefix, SkipMigrations: true}
}

// open opens the store as it is: no migration is applied, no file is made.
func (p *program) open(ctx context.Context) (*stores.Store, error) {
	at, err := p.address()
	if err != nil {
		return nil, err
	}
	return p.openAt(ctx, at)
}

func (p *program) openAt(ctx context.Context, at *stores.Address) (*stores.Store, error) {
	if err := mustExist(at); err != nil {
		return nil, err
	}
	s, err := at.Open(ctx, p.tables())
	return s, remedied(err)
}

// mustExist: a path that is mistyped must not make a file.
func mustExist(at *stores.Address) error {
	if at.Path == "" {
		return nil
	}
	switch is, err := os.Stat(at.Path); {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no file " + at.Path + ": give the path that the tracker has, or let migrate apply create it")
	case err != nil:
		return fmt.Errorf("the file cannot be looked at: %w", err)
	case is.IsDir():
		return errors.New(at.Path + " is a folder: give the path of the file in it that the tracker has")
	}
	return nil
}

// tracked runs do with a tracker that never runs: it reads and decides, and the
// trackers that share the store do not notice it.
func (p *program) tracked(ctx context.Context, log slog.Handler, do func(*convtrack.Tracker) error) (err error) {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	tracker, err := convtrack.New(s, &convtrack.Config{Logger: slog.New(log), Lease: patience})
	if err != nil {
		return err
	}
	return do(tracker)
}

// patience is how long running trackers have to let go of what was forgotten.
const patience = 40 * time.Second

// confirm asks before something is done that cannot be undone.
func (p *program) confirm(ctx context.Context, yes bool, what string) error {
	if yes {
		return nil
	}
	p.err.say("%s Type yes to go on:", what)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.in).ReadString('\n') // an end of the input is no answer
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case said := <-answer:
		if said == "yes" {
			return nil
		}
	}
	return errors.New("nothing was done, as it was not confirmed; -yes confirms beforehand")
}
