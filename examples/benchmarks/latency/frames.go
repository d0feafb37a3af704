package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// pace is a hundred a second.
const pace = 10 * time.Millisecond

// frames measures from a frame on the socket to the After hook of the new
// conversation in it, beside durable commits at the same pace.
func frames(ctx context.Context, o *options, engines []engine) (goals []goal, err error) {
	for _, e := range engines {
		var median, high, commits, p50s, p99s []float64
		err := following(ctx, e, func(l *listener) error {
			commit, end, err := e.committer(ctx)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, end()) }()
			for round := range o.rounds {
				fmt.Fprintf(o.progress, "frames on %s: round %d of %d\n", e.name(), round+1, o.rounds)
				base, err := paced(ctx, o.frames, func(int) error { return commit() })
				if err != nil {
					return err
				}
				took, err := l.frames(ctx, round, o.frames)
				if err != nil {
					return err
				}
				one, p50, p99 := at(base, 50), at(took, 50), at(took, 99)
				commits, p50s, p99s = append(commits, ms(one)), append(p50s, ms(p50)), append(p99s, ms(p99))
				median, high = append(median, ms(p50)/ms(one)), append(high, ms(p99)/ms(one))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.name(), err)
		}
		_, one, _ := spread(commits)
		_, p50, _ := spread(p50s)
		_, p99, _ := spread(p99s)
		goals = append(goals,
			goal{what: e.name() + ": frame → After hook, median", unit: "durable commits", rounds: median, most: 3, beside: fmt.Sprintf("%.2f ms; a durable commit %.2f ms", p50, one)},
			goal{what: e.name() + ": frame → After hook, p99", unit: "durable commits", rounds: high, most: 10, beside: fmt.Sprintf("%.2f ms", p99)})
	}
	return goals, nil
}

// paced does something at the pace, and returns how long each took.
func paced(ctx context.Context, n int, do func(i int) error) ([]time.Duration, error) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	took := make([]time.Duration, 0, n)
	for i := range n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		began := time.Now()
		if err := do(i); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// frames sends frames, each of a new conversation, and returns how long after it
// was sent each one's hook ran.
func (l *listener) frames(ctx context.Context, round, n int) ([]time.Duration, error) {
	messages := make([][]byte, n)
	for i := range messages {
		messages[i] = genesystest.Notification(fmt.Sprintf("c-%d-%d", round, i), 4, 0)
	}
	l.expect(n)
	if _, err := paced(ctx, n, func(i int) error {
		l.sent(fmt.Sprintf("c-%d-%d", round, i))
		return l.send(messages[i])
	}); err != nil {
		return nil, err
	}
	select {
	case <-l.all:
	case err := <-l.ended:
		return nil, fmt.Errorf("the tracker has ended: %w", err)
	case <-time.After(time.Minute):
		return nil, errors.New("a minute later not all hooks have run")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(slices.Values(l.took)), nil
}

// timer takes the time from a frame to its hook.
type timer struct {
	mu    sync.Mutex
	began map[string]time.Time
	took  []time.Duration
	count int
	all   chan struct{}
}

func (t *timer) expect(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began, t.took, t.count, t.all = map[string]time.Time{}, nil, n, make(chan struct{})
}

func (t *timer) sent(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began[id] = time.Now()
}

func (t *timer) hook(_ context.Context, e *events.ConversationCreated) error {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	began, known := t.began[e.ConversationID]
	if !known {
		return nil
	}
	if t.took = append(t.took, now.Sub(began)); len(t.took) == t.count {
		close(t.all)
	}
	return nil
}

// at returns a percentile.
func at(list []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
