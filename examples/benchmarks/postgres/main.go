package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitMeasured = 0
	exitFailed   = 1 // something could not be measured, or a demanded goal was missed
	exitUsage    = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitMeasured
	case err != nil:
		fmt.Fprintln(stderr, "postgres:", err)
		return exitUsage
	}
	if o.apart != nil {
		if err := runApart(ctx, o, stdin, stdout); err != nil {
			fmt.Fprintf(stderr, "postgres: %s: %v\n", o.apart.title(), err)
			return exitFailed
		}
		return exitMeasured
	}
	if o.emulator {
		if err := runEmulator(stdin, stdout); err != nil {
			fmt.Fprintln(stderr, "postgres: emulator:", err)
			return exitFailed
		}
		return exitMeasured
	}
	missed, err := measure(ctx, o, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "postgres:", err)
		return exitFailed
	}
	if missed > 0 && o.demand {
		fmt.Fprintf(stderr, "postgres: %d goals are missed\n", missed)
		return exitFailed
	}
	return exitMeasured
}

// measure fills the tables that are asked for, and returns how many goals are
// missed. It ends where they cannot be written: what is measured next would be lost, too.
func measure(ctx context.Context, o *options, stdout io.Writer) (missed int, err error) {
	profile, err := startProfile(o.cpuProfile)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, profile()) }()
	s, err := openServer(ctx, o.database, "")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	out := bufio.NewWriter(stdout)
	if err := s.describe(ctx, out, o); err != nil {
		return 0, err
	}
	if err := out.Flush(); err != nil {
		return 0, fmt.Errorf("stdout: %w", err)
	}
	if err := s.useIn(ctx, o); err != nil {
		return 0, err
	}
	for _, table := range []struct {
		name string
		fill func(context.Context, *options, *server, io.Writer) (missed int, err error)
	}{
		{"ratios", ratios}, {"batches", batchSizes}, {"replicas", replicas}, {"stored", stored}, {"hooks", poisoned}, {"fsync", slowFsync}, {"sqs", throughSQS}, {"calls", calls}, {"away", away}, {"posts", posts},
	} {
		if !o.tables[table.name] {
			continue
		}
		n, err := table.fill(ctx, o, s, out)
		if err != nil {
			return missed, fmt.Errorf("table %s: %w", table.name, err)
		}
		if err := out.Flush(); err != nil {
			return missed, fmt.Errorf("stdout: %w", err)
		}
		missed += n
	}
	return missed, nil
}
