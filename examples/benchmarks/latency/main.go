package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

// options are the command line.
type options struct {
	rounds, frames int   // of the table frames: how often, and how many each time
	held           []int // conversations in memory
	open           int   // conversations of the table processes
	demand         bool
	tables         string
	progress       io.Writer
}

// quiet is for what the tracker has to say to operators.
var quiet = slog.New(slog.DiscardHandler)

var tables = []struct {
	name string
	fill func(context.Context, *options, []engine) ([]goal, error)
}{{"frames", frames}, {"memory", memory}, {"processes", processes}}

func main() {
	if description := os.Getenv(childVariable); description != "" {
		child(description)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "latency:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o := &options{rounds: 7, frames: 500, held: []int{10_000, 100_000}, open: 10_000, progress: stderr}
	flags := flag.NewFlagSet("latency", flag.ContinueOnError)
	flags.SetOutput(stderr)
	quick := flags.Bool("quick", false, "a short run of everything, to see that it works; the figures mean nothing")
	flags.BoolVar(&o.demand, "demand", false, "exit with 1 when a goal is missed")
	flags.IntVar(&o.rounds, "rounds", o.rounds, "how often what is compared takes turns")
	flags.StringVar(&o.tables, "tables", "frames,memory,processes", "only these tables, as a `LIST`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *quick {
		o.rounds, o.frames, o.held, o.open = 1, 50, []int{500}, 200
	}
	asked := strings.Split(o.tables, ",")
	if err := o.check(flags.Args(), asked); err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	fmt.Fprintf(out, "%s %s/%s, %d cores for everything.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if *quick {
		fmt.Fprintln(out, "\n**A quick run: the figures mean nothing.**")
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	cluster, err := pgtest.Start("", pgtest.Untuned())
	if err != nil {
		return fmt.Errorf("a private PostgreSQL server: %w", err)
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	engines := []engine{&postgres{cluster: cluster}, &sqlite{}}
	missed := 0
	for _, t := range tables {
		if !slices.Contains(asked, t.name) {
			continue
		}
		goals, err := t.fill(ctx, o, engines)
		if err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
		missed += write(out, t.name, goals)
		if err := out.Flush(); err != nil { // what is measured next would be lost, too
			return fmt.Errorf("stdout: %w", err)
		}
	}
	if o.demand && missed > 0 {
		return fmt.Errorf("%d goals are missed", missed)
	}
	return nil
}

// check refuses what nothing can be measured with.
func (o *options) check(args, asked []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there is no argument %q; -help lists the flags", args[0])
	}
	if o.rounds < 1 {
		return fmt.Errorf("there must be at least one round, not %d", o.rounds)
	}
	var names []string
	for _, t := range tables {
		names = append(names, t.name)
	}
	for _, name := range asked {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no table %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}
