// Package settling has conclusions announced when they have settled: it asks the
// store which are due, and wakes the lanes of their conversations.
package settling

import (
	"context"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/alarm"
	"github.com/dcmkit/convtrack/internal/change"
	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/store"
)

// atOnce is how many conversations are woken at a time.
const atOnce = 500

// What is due far ahead is woken every so often, so many at a time.
const (
	checkEvery  = time.Hour
	checkRest   = time.Minute // while there are more than that
	mostChecked = 5000
)

// Store knows the conclusions that wait.
type Store interface {
	Due(ctx context.Context, at time.Time, limit int) (ids []string, next time.Time, err error)
	// Failed notes that a call has failed and is going to be repeated.
	Failed(doing string, err error)
}

// Lanes are those of the conversations.
type Lanes interface {
	Settle(id string, all bool, r *lane.Receipt) error
}

// Settling wakes conversations. One goroutine calls Loop; the rest is safe for
// concurrent use.
type Settling struct {
	store     Store
	lanes     Lanes
	owns      func(conversationID string) bool
	now       func() time.Time
	longest   time.Duration   // that a conclusion waits
	every     time.Duration   // how often to look although nothing is known to be due
	farAtOnce int             // how much of what is due far ahead is woken at a time
	check     time.Time       // when what is due far ahead is woken next
	far       map[string]bool // what was woken of that, while there is more
	alarm     *alarm.Alarm
	woken     map[string]*try // conversations that were due when they were last looked at
}

// try is how often a conversation was woken, and when it may be again.
type try struct {
	times int
	again time.Time
}

// again is how long a conversation that was woken has time to announce what is
// due, before it is woken again: longer each time, if it cannot.
var again = events.Exponential(time.Second, time.Minute)

// New returns a settling. owns reports whether this process looks after a
// conversation, longest is how long conclusions wait at the most. A process that
// dies leaves conclusions that nobody else has been told of: they are looked for
// every so often.
func New(s Store, l Lanes, owns func(conversationID string) bool, now func() time.Time, longest, every time.Duration) *Settling {
	return &Settling{store: s, lanes: l, owns: owns, now: now, longest: longest, every: every, farAtOnce: mostChecked, alarm: alarm.New(), woken: map[string]*try{}}
}

// Wake looks for what is due at the time, or before.
func (s *Settling) Wake(at time.Time) { s.alarm.Set(time.Now().Add(at.Sub(s.now()))) }

// Loop wakes conversations until ctx ends or the lanes are closed.
func (s *Settling) Loop(ctx context.Context) {
	for s.alarm.Wait(ctx) {
		next, err := s.look(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.store.Failed("looking for what has settled", err)
			s.alarm.Set(time.Now().Add(time.Second))
		case !next.IsZero() && next.Before(change.AtTheEnd):
			s.Wake(next)
		}
		s.alarm.Set(time.Now().Add(s.every))
	}
}

// look wakes the conversations with conclusions that are due, and returns when
// to look again. One that was woken and is still due keeps no other from being
// woken, however many there are: it is asked for beyond them.
func (s *Settling) look(ctx context.Context) (next time.Time, err error) {
	now := s.now()
	limit := atOnce + len(s.woken)
	ids, next, err := s.store.Due(ctx, now, limit)
	if err != nil {
		return time.Time{}, err
	}
	if !now.Before(s.check) {
		far, more, err := s.farAhead(ctx, now)
		if err != nil { // what is due now does not wait for it
			s.store.Failed("looking for what lies far ahead", err)
		}
		ids = append(ids, far...)
		if s.check = now.Add(checkEvery); more || err != nil {
			s.check = now.Add(checkRest)
		}
	}
	still := make(map[string]*try, len(ids))
	for _, id := range ids {
		t := s.woken[id]
		if t == nil {
			t = &try{}
		}
		still[id] = t
		if t.again.After(now) {
			continue
		}
		if !s.owns(id) { // whoever looks after it announces it; soon it may be us
			t.again = now.Add(again(1))
			continue
		}
		t.times++
		t.again = now.Add(again(t.times))
		if s.lanes.Settle(id, false, nil) != nil {
			break // they are closed: it is over
		}
	}
	s.woken = still
	for _, t := range still { // look again whether it was done
		if next.IsZero() || t.again.Before(next) {
			next = t.again
		}
	}
	return next, nil
}

// farAhead returns conversations with conclusions that are due later than any that
// is drawn now would be: they may have been drawn when the clock was ahead. They are
// woken, so that each corrects the time; but not often, as facts that lie ahead and
// changes that are tried again are due later, too.
// So many are returned at a time, and more says that there may be others: those that
// lie ahead for good keep none from being woken.
func (s *Settling) farAhead(ctx context.Context, now time.Time) (far []string, more bool, err error) {
	soon, next, err := s.store.Due(ctx, now.Add(s.longest+time.Second), s.farAtOnce)
	if err != nil || next.IsZero() || !next.Before(change.AtTheEnd) {
		s.far = nil
		return nil, false, err
	}
	limit := len(soon) + len(s.far) + s.farAtOnce
	all, _, err := s.store.Due(ctx, change.AtTheEnd.Add(-time.Second), limit)
	if err != nil {
		return nil, false, err
	}
	near := make(map[string]bool, len(soon))
	for _, id := range soon {
		near[id] = true
	}
	far = slices.DeleteFunc(all, func(id string) bool { return near[id] || s.far[id] })
	if more = len(all) == limit || len(far) > s.farAtOnce; !more {
		s.far = nil
		return far, false, nil
	}
	far = far[:min(len(far), s.farAtOnce)]
	if s.far == nil {
		s.far = make(map[string]bool, len(far))
	}
	for _, id := range far {
		s.far[id] = true
	}
	return far, true, nil
}

// All announces every conclusion that waits, and returns when they are stored.
func (s *Settling) All(ctx context.Context) error {
	woken := map[string]bool{}
	for {
		ids, _, err := s.store.Due(ctx, endOfTime, store.MostLimit+len(woken))
		if err != nil {
			return err
		}
		still := map[string]bool{}
		r := lane.NewReceipt()
		fresh := 0
		for _, id := range ids {
			if still[id] = true; woken[id] {
				continue // it cannot settle now; that keeps no other from it
			}
			fresh++
			if err := s.lanes.Settle(id, true, r); err != nil {
				r.Fail(err)
				break
			}
		}
		if err := r.Wait(ctx); err != nil || fresh == 0 {
			return err
		}
		woken = still
	}
}

// endOfTime lies after everything that can be due.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
