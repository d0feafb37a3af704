package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// tracked is the tracker end to end, as it is configured by default: decode,
// merge, derive, commit with the events, run an After hook for each event. It
// is fed as sources feed it: they do not wait for what they have handed over,
// and what is heard of a conversation while it is being stored is joined.
func tracked() variant {
	return variant{name: "tracker", with: fmt.Sprint(producers, " producers"), counts: "events", extra: true, open: alone((*fleet).ahead)}
}

// trackedInTurn is the same where nothing is joined: the next notification of a
// conversation comes when the one before is stored.
func trackedInTurn() variant {
	return variant{name: "tracker-in-turn", with: fmt.Sprint(live, " producers"), counts: "events", extra: true, open: alone((*fleet).inTurn)}
}

// alone opens one tracker that is fed so. The extra is how many changes are
// stored for each notification.
func alone(fed feed) func(context.Context, *server, *options) (round, error) {
	return func(ctx context.Context, s *server, _ *options) (round, error) {
		f, err := newFleet(ctx, s, 1, (*fleet).owner, works)
		if err != nil {
			return nil, err
		}
		f.feed, f.count = fed, changes
		return func(ctx context.Context, d time.Duration) (tally, error) {
			t, err := f.round(ctx, d)
			if err == nil {
				err = f.complete()
			}
			return t, err
		}, nil
	}
}

// fleet is a number of processes' trackers on one database. They run from the
// start to the end, as those of a service do.
type fleet struct {
	trackers []*convtrack.Tracker
	traffic  *traffic
	hear     hearing
	feed     feed
	count    func(convtrack.Stats) int64 // what the extra is
	counted  int64                       // up to the last round

	homes     [live]atomic.Pointer[home] // by slot: who looked after its conversation when that was heard of first
	listeners [live]listeners            // for everybody
}

// hearing says which of the trackers hear a notification of the slot.
type hearing func(f *fleet, ctx context.Context, data []byte, slot int) error

// feed hands over notifications for a while, and returns how many those were
// when all of them are stored.
type feed func(f *fleet, ctx context.Context, d time.Duration) (int64, error)

func conflicts(s convtrack.Stats) int64 { return s.Conflicts }
func changes(s convtrack.Stats) int64   { return s.Changes }

// poolSize is how many connections a tracker's pool has: its four committers
// take one each; changes that lost a race are committed on others.
const poolSize = 8

// openFleet returns the round of so many trackers.
func openFleet(ctx context.Context, s *server, size int, hear hearing) (round, error) {
	f, err := newFleet(ctx, s, size, hear, works)
	if err != nil {
		return nil, err
	}
	return f.round, nil
}

// newFleet runs so many trackers with an After hook, and waits until they know
// each other.
func newFleet(ctx context.Context, s *server, size int, hear hearing, hook func(context.Context, events.Event) error) (*fleet, error) {
	f := &fleet{traffic: newTraffic(live), hear: hear, feed: (*fleet).inTurn, count: conflicts}
	s.later(f.end)
	x, err := s.newSite(ctx)
	if err != nil {
		return nil, err
	}
	for range size {
		pool, err := x.pool(ctx, poolSize)
		if err != nil {
			return nil, err
		}
		opened, err := pgstore.New(ctx, pool, nil)
		if err != nil {
			return nil, err
		}
		if err := f.add(ctx, s, opened, hook); err != nil {
			return nil, err
		}
	}
	return f, f.meet(ctx)
}

// always has a hook take the events that every tracker announces. The further
// ones are kept only where a hook takes them, and peers keep nothing like them.
func always() events.Option {
	return events.OfTypes(events.TypeConversationCreated, events.TypeParticipantAdded, events.TypeAgentConnected, events.TypeAgentTransferred,
		events.TypeAgentDisconnected, events.TypeConversationEnded, events.TypeConversationReopened)
}

// works is the After hook that there is nothing to say about.
func works(context.Context, events.Event) error { return nil }

// add runs a tracker with the After hook on the store until the server is
// cleared.
func (f *fleet) add(ctx context.Context, s *server, on *pgstore.Store, hook func(context.Context, events.Event) error) error {
	hooks := events.NewHooks()
	events.After(hooks, emptyHook, hook, always())
	tracker, err := convtrack.New(on, &convtrack.Config{Hooks: hooks, Logger: silent()})
	if err != nil {
		return err
	}
	f.trackers = append(f.trackers, tracker)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(running) }()
	s.later(func(context.Context) error {
		stop()
		return <-ended
	})
	return nil
}

// meet waits until every tracker knows of every other one.
func (f *fleet) meet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, one := range f.trackers {
		for _, other := range f.trackers {
			for !one.Alive(other.Instance()) {
				select {
				case <-time.After(10 * time.Millisecond):
				case <-ctx.Done():
					return fmt.Errorf("the trackers do not hear of each other: %w", context.Cause(ctx))
				}
			}
		}
	}
	return nil
}

func observe(ctx context.Context, t *convtrack.Tracker, m *genesys.Message) error {
	return t.Observe(ctx, conversation.Update{Conversations: m.Conversations})
}

// owner lets only the tracker hear it that looks after the conversation.
func (f *fleet) owner(ctx context.Context, data []byte, slot int) error {
	m, err := genesys.Decode(data, time.Now())
	if err != nil {
		return err
	}
	return observe(ctx, f.home(slot, m.Conversations[0].ID), m)
}

// home is a tracker, and the conversation that it looks after in a slot.
type home struct {
	id      string
	tracker *convtrack.Tracker
}

// home returns the tracker that looks after the conversation in the slot. It asks once
// for each conversation: a load balancer that knows does not ask the library.
func (f *fleet) home(slot int, id string) *convtrack.Tracker {
	if h := f.homes[slot].Load(); h != nil && h.id == id {
		return h.tracker
	}
	i := slices.IndexFunc(f.trackers, func(t *convtrack.Tracker) bool { return t.Mine("", id) })
	h := &home{id, f.trackers[max(0, i)]}
	f.homes[slot].Store(h)
	return h.tracker
}

// one lets one tracker hear it, always the same one for a conversation, but
// whichever.
func (f *fleet) one(ctx context.Context, data []byte, slot int) error {
	m, err := genesys.Decode(data, time.Now())
	if err != nil {
		return err
	}
	return observe(ctx, f.trackers[slot%len(f.trackers)], m)
}

// inTurn has one notification of each conversation on its way at a time.
func (f *fleet) inTurn(ctx context.Context, d time.Duration) (int64, error) {
	return f.traffic.produce(ctx, len(f.traffic.slots), d, func(slot int) (bool, error) {
		return true, f.hear(f, ctx, f.traffic.notification(slot), slot)
	})
}

// mostAhead is how many notifications may be decoded and not stored.
const mostAhead = 1000

// ahead has producers decode notifications and hand them to the first tracker,
// without waiting until they are stored.
func (f *fleet) ahead(ctx context.Context, d time.Duration) (int64, error) {
	handed, ctx := errgroup.WithContext(ctx)
	handed.SetLimit(mostAhead)
	n, err := f.traffic.produce(ctx, producers, d, func(slot int) (bool, error) {
		m, err := genesys.Decode(f.traffic.notification(slot), time.Now())
		if err != nil {
			return false, err
		}
		handed.Go(func() error { return observe(ctx, f.trackers[0], m) })
		return true, nil
	})
	return n, errors.Join(err, handed.Wait())
}

// round lets the fleet track for a while. The clock stops when every notification
// is stored and every event that follows from them is delivered, those that
// wait to settle included. The extra is what f counts, for each notification.
func (f *fleet) round(ctx context.Context, d time.Duration) (t tally, err error) {
	began := time.Now()
	t.n, err = f.feed(f, ctx, d)
	if err == nil {
		err = f.settle(ctx)
	}
	t.took = time.Since(began)
	before := f.counted
	f.counted = 0
	for _, tracker := range f.trackers {
		f.counted += f.count(tracker.Stats())
	}
	t.extra = float64(f.counted-before) / float64(max(t.n, 1))
	return t, err
}

// complete fails unless all Common Events were announced; a wrap-up code that
// changes is another one.
func (f *fleet) complete() error {
	var announced int64
	for _, tracker := range f.trackers {
		for _, n := range tracker.Stats().Events {
			announced += n
		}
	}
	if all := commonEvents * f.traffic.heard.Load(); announced < all {
		return fmt.Errorf("%d Common Events were announced, not %d or more", announced, all)
	}
	return nil
}

// settle returns when all events are announced and delivered.
func (f *fleet) settle(ctx context.Context) error {
	for _, tracker := range f.trackers {
		if err := tracker.Settle(ctx); err != nil {
			return err
		}
	}
	deadline := time.Now().Add(time.Minute)
	for {
		var announced, delivered int64
		held := 0
		for _, tracker := range f.trackers {
			s := tracker.Stats()
			for _, n := range s.Events {
				announced += n
			}
			delivered, held = delivered+s.Delivered, held+s.Deliveries
			if s.StoreErrors > 0 || s.AfterFailed > 0 {
				return fmt.Errorf("the store failed %d times, the hook %d times", s.StoreErrors, s.AfterFailed)
			}
		}
		if delivered >= announced && held == 0 {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("of %d events only %d were delivered within a minute", announced, delivered)
		}
		time.Sleep(time.Millisecond)
	}
}
