package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
)

// What a fleet of four hears in the table of latency, and how much longer than at
// home it may take away from it.
const (
	heardBy         = 4
	heardEachSecond = 500
	mostAwayMedian  = 15 * time.Millisecond
	mostAwayP99     = 100 * time.Millisecond
)

// away shows how long it takes from hearing of a conversation first to the After
// hook, when the tracker hears it that looks after it, and when another one does.
// Both fleets take turns, at a steady rate.
func away(ctx context.Context, o *options, s *server, w io.Writer) (missed int, err error) {
	home, elsewhere := &listening{name: "the owner", hear: (*fleet).owner}, &listening{name: "another one", hear: (*fleet).elsewhere}
	for _, l := range []*listening{home, elsewhere} {
		if err := l.begin(ctx, s); err != nil {
			return 0, err
		}
	}
	for range o.rounds {
		for _, l := range []*listening{home, elsewhere} {
			if err := l.round(ctx, o.each); err != nil {
				return 0, err
			}
		}
	}
	fmt.Fprintf(w, "\n## From hearing to the After hook, at %d notifications a second over %d trackers\n", heardEachSecond, heardBy)
	t := newTable("who hears", "conversations", "median ms", "99 in 100 ms", "slowest ms")
	for _, l := range []*listening{home, elsewhere} {
		t.row(l.name, fmt.Sprint(len(l.took)), milliseconds(quantile(l.took, 0.5)), milliseconds(quantile(l.took, 0.99)), milliseconds(quantile(l.took, 1)))
	}
	t.write(w)
	t = newTable("another one hears − the owner hears", "ms", "goal", "verdict")
	for _, x := range []struct {
		say  string
		at   float64
		most time.Duration
	}{{"median", 0.5, mostAwayMedian}, {"99 in 100", 0.99, mostAwayP99}} {
		added, verdict := quantile(elsewhere.took, x.at)-quantile(home.took, x.at), "met"
		if added > x.most {
			verdict = "**missed**"
			missed++
		}
		t.row(x.say, milliseconds(added), fmt.Sprintf("≤ %d ms", x.most.Milliseconds()), verdict)
	}
	t.write(w)
	return missed, s.clear(ctx)
}

// elsewhere lets a tracker hear it that does not look after the conversation.
func (f *fleet) elsewhere(ctx context.Context, data []byte, _ int) error {
	m, err := genesys.Decode(data, time.Now())
	if err != nil {
		return err
	}
	n := rand.IntN(len(f.trackers))
	if f.trackers[n].Mine("", m.Conversations[0].ID) {
		n = (n + 1) % len(f.trackers)
	}
	return observe(ctx, f.trackers[n], m)
}

// listening is a fleet that hears in one way, and what was measured of it.
type listening struct {
	name  string
	hear  hearing
	fleet *fleet

	mu    sync.Mutex
	heard map[string]time.Time // conversations, and when they were heard of first
	took  []time.Duration      // from then to the After hook
}

// begin opens the fleet and gets it warm.
func (l *listening) begin(ctx context.Context, s *server) (err error) {
	l.heard = map[string]time.Time{}
	if l.fleet, err = newFleet(ctx, s, heardBy, l.hear, l.hook); err != nil {
		return err
	}
	err = l.round(ctx, time.Second)
	l.took = nil
	return err
}

func (l *listening) round(ctx context.Context, d time.Duration) error {
	_, err := steadily(ctx, heardEachSecond, d, func(ctx context.Context, n int) error {
		slot := n % live
		return l.hear(l.fleet, ctx, l.next(slot), slot)
	})
	if err != nil {
		return err
	}
	return l.fleet.settle(ctx)
}

// next returns the next notification of the slot, which is heard now.
func (l *listening) next(slot int) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	data := bytes.Clone(l.fleet.traffic.notification(slot))
	if id := l.fleet.traffic.slots[slot].conversation(); l.heard[id].IsZero() {
		l.heard[id] = time.Now()
	}
	return data
}

// hook is the After hook.
func (l *listening) hook(_ context.Context, e events.Event) error {
	if h := e.Head(); h.Type == events.TypeConversationCreated {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.took = append(l.took, time.Since(l.heard[h.ConversationID]))
	}
	return nil
}
