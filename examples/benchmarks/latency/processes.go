package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/dcmkit/convtrack"
)

// The longest that a hook of a child takes.
const longestHook = 200 * time.Millisecond

// processes measures how soon a process works again, and how soon one stops.
func processes(ctx context.Context, o *options, engines []engine) (goals []goal, err error) {
	for _, e := range engines {
		target, remove, err := e.place(ctx)
		if err != nil {
			return nil, err
		}
		starts, stops, err := lives(ctx, o, e, target)
		if err = errors.Join(err, remove()); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name(), err)
		}
		goals = append(goals,
			goal{what: fmt.Sprintf("%s: start → first hook, after kill -9 with %d open conversations", e.name(), o.open), unit: "s", rounds: starts, most: 2, beside: "from the exec of the process"},
			goal{what: e.name() + ": SIGTERM under load → the process has ended", unit: "s", rounds: stops, most: 1 + longestHook.Seconds(), beside: fmt.Sprintf("hooks take up to %v", longestHook)})
	}
	return goals, nil
}

// lives has processes live one after the other on the same store: one is killed,
// the next one is told to stop.
func lives(ctx context.Context, o *options, e engine, target string) (starts, stops []float64, err error) {
	s, err := e.open(ctx, target)
	if err != nil {
		return nil, nil, err
	}
	err = tracking(ctx, s, &convtrack.Config{Logger: quiet}, func(t *convtrack.Tracker) error { return observeAll(ctx, t, "open", o.open) })
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, nil, err
	}
	for life := range 2*o.rounds + 1 {
		fmt.Fprintf(o.progress, "processes on %s: %d of %d\n", e.name(), life+1, 2*o.rounds+1)
		killed := life%2 == 0
		start, stop, err := live(ctx, &process{Engine: e.name(), Target: target, Life: life}, killed)
		if err != nil {
			return nil, nil, err
		}
		if life > 0 && !killed { // the one before was killed
			starts, stops = append(starts, start.Seconds()), append(stops, stop.Seconds())
		}
	}
	return starts, stops, nil
}

// live starts a process, lets it work for a while and ends it. It returns how
// long its first hook and its end took.
func live(ctx context.Context, c *process, killed bool) (start, stop time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	description, err := json.Marshal(c)
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childVariable+"="+string(description))
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		return 0, 0, fmt.Errorf("no hook has run: %w: %s", errors.Join(err, cmd.Wait()), said.String())
	}
	start = time.Since(began)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	time.Sleep(time.Second) // it works
	end := syscall.SIGTERM
	if killed {
		end = syscall.SIGKILL
	}
	began = time.Now()
	if err := cmd.Process.Signal(end); err != nil {
		return 0, 0, err
	}
	if err := cmd.Wait(); err != nil && !killed {
		return 0, 0, fmt.Errorf("%w: %s", err, said.String())
	}
	return start, time.Since(began), nil
}
