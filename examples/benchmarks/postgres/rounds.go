package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// variant is one way to do the work.
type variant struct {
	name   string  // variants of the same name are the same with other settings: the best of a round counts
	with   string  // the settings
	counts string  // what it counts: events, or rows
	extra  bool    // it fills in the extra column of its table
	most   float64 // the goal of its table; 0: none
	// open prepares it on the server. The round that it returns does the work
	// for about so long.
	open func(ctx context.Context, s *server, o *options) (round, error)
}

// round does the work for about so long, and returns when all of it is done.
type round func(ctx context.Context, d time.Duration) (tally, error)

// tally is what a round has done.
type tally struct {
	n      int64
	took   time.Duration
	client time.Duration // the CPU time of the process that it ran in
	extra  float64       // what the table wants to know besides
}

func (t tally) rate() float64 { return float64(t.n) / t.took.Seconds() }

// entry is a variant that takes part, with what it did in each round.
type entry struct {
	variant
	server *server
	run    round

	rates  []float64
	client []float64 // microseconds of CPU of this process for each
	served []float64 // microseconds of CPU of the server for each; 0: not known
	wal    []float64 // bytes of the server's log for each
	extras []float64
}

func (v *variant) title() string { return strings.TrimSpace(v.name + " " + v.with) }

// accounted is the round, with the CPU time that it takes.
func accounted(run round) round {
	return func(ctx context.Context, d time.Duration) (tally, error) {
		cpu := processTime()
		t, err := run(ctx, d)
		if t.client == 0 { // else it ran in another process
			t.client = processTime() - cpu
		}
		return t, err
	}
}

// labels tell its samples from others in a profile.
func (e *entry) labels() pprof.LabelSet { return pprof.Labels("variant", e.title()) }

// enter prepares the variants on the server. It says which ones are left out.
func enter(ctx context.Context, s *server, o *options, list []variant) ([]*entry, error) {
	var entries []*entry
	for _, v := range list {
		e := &entry{variant: v, server: s}
		var err error
		pprof.Do(ctx, e.labels(), func(ctx context.Context) { e.run, err = v.open(ctx, s, o) })
		switch {
		case errors.Is(err, errLeftOut):
			fmt.Fprintf(o.progress, "%s: %v\n", e.title(), err)
			continue
		case err != nil:
			return nil, fmt.Errorf("%s: %w", e.title(), err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// contest lets the entries take turns. Each begins a round once, so that none
// always comes after the same other one. A first turn to get warm does not
// count.
func contest(ctx context.Context, entries []*entry, o *options) error {
	fmt.Fprintln(o.progress, "getting warm")
	for _, e := range entries {
		if _, err := e.run(ctx, o.each/4); err != nil {
			return fmt.Errorf("%s: %w", e.title(), err)
		}
	}
	for n := range o.rounds {
		fmt.Fprintf(o.progress, "round %d of %d:", n+1, o.rounds)
		for i := range entries {
			e := entries[(i+n)%len(entries)]
			if err := e.turn(ctx, o.each); err != nil {
				return fmt.Errorf("%s: %w", e.title(), err)
			}
			fmt.Fprintf(o.progress, " %s %.0f,", e.title(), e.rates[n])
		}
		fmt.Fprintln(o.progress)
	}
	return nil
}

func (e *entry) turn(ctx context.Context, d time.Duration) error {
	before, err := e.server.written(ctx)
	if err != nil {
		return err
	}
	runtime.GC() // of what others left in this process
	var t tally
	served := serverTime(e.server.process)
	pprof.Do(ctx, e.labels(), func(ctx context.Context) { t, err = accounted(e.run)(ctx, d) })
	served = serverTime(e.server.process) - served
	if err != nil {
		return err
	}
	if t.n == 0 {
		return fmt.Errorf("nothing was done within %v; give it more -seconds", d)
	}
	after, err := e.server.written(ctx)
	if err != nil {
		return err
	}
	e.rates = append(e.rates, t.rate())
	e.client = append(e.client, float64(t.client.Microseconds())/float64(t.n))
	e.served = append(e.served, float64(served.Microseconds())/float64(t.n))
	e.wal = append(e.wal, (after-before)/float64(t.n))
	e.extras = append(e.extras, t.extra)
	return nil
}

// score is what the variants of a name have reached in each round: the best
// rate, and what CPU that one took for each.
type score struct{ rates, cpu []float64 }

// best returns the score of the variants of a name; an empty one when none took
// part.
func best(entries []*entry, name string) score {
	var s score
	for _, e := range entries {
		if e.name != name {
			continue
		}
		if s.rates == nil {
			s = score{make([]float64, len(e.rates)), make([]float64, len(e.rates))}
		}
		for i, r := range e.rates {
			if r > s.rates[i] {
				s.rates[i], s.cpu[i] = r, e.client[i]+e.served[i]
			}
		}
	}
	return s
}
