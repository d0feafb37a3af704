package polling

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Repair requests the repair of a gap of another source, once the gap is over.
// While it lasts, open conversations are followed more often.
func (s *Source) Repair(g conversation.Gap) {
	if g.Source == s.config.Name || g.Lost {
		return
	}
	s.others.note(g.Source, g.To.IsZero())
	now := time.Now()
	if g.To.IsZero() {
		s.open.soon(now, now)
		return
	}
	s.gaps.add(s.since(g.From, now))
}

// clockSkew is how far the clocks of processes may be apart.
const clockSkew = time.Minute

// since returns since when something may have been missed. When that is unknown,
// or lies in the future because the clock that recorded it was ahead, it is as
// far as Config.Lookback.
func (s *Source) since(from, now time.Time) time.Time {
	if from.IsZero() || from.After(now.Add(clockSkew)) {
		return now.Add(-s.config.Lookback)
	}
	return from
}

// repairLoop repairs gaps until ctx ends. A gap is saved at once, also during a
// repair; the process that leads repairs it when that one is done.
func (s *Source) repairLoop(ctx context.Context) error {
	var repairing sync.WaitGroup
	defer repairing.Wait()
	repairing.Go(func() {
		for {
			select {
			case <-s.gaps.saved:
				s.repairAll(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
	for {
		select {
		case <-s.gaps.added:
		case <-ctx.Done():
			return nil
		}
		from := s.gaps.take()
		err := s.position.change(ctx, func(is *state) { is.missed(from) })
		s.repairSoon()
		if err != nil && ctx.Err() == nil {
			s.log.Warn("a gap is not saved yet", "from", from, "reason", err)
			s.gaps.add(from)
			pause.Sleep(ctx, time.Second)
		}
	}
}

// repairSoon starts the repair of the saved gap, if there is one and this process
// leads.
func (s *Source) repairSoon() {
	if !s.leads() || read(s.position, func(is *state) bool { return is.Repair.IsZero() }) {
		return
	}
	signal(s.gaps.saved)
}

// repairAll repairs until there is nothing more to repair, and tries again after a
// failure.
func (s *Source) repairAll(ctx context.Context) {
	growing := pause.Growing(time.Second, time.Minute)
	for {
		from := read(s.position, func(is *state) time.Time { return is.Repair })
		if from.IsZero() || !s.leads() {
			return
		}
		began := time.Now()
		if since := s.since(from, began); !since.Equal(from) {
			s.save(ctx, func(is *state) {
				if is.Repair.Equal(from) {
					is.Repair = since
				}
			})
			continue
		}
		s.gaps.underway(true)
		from, err := s.repair(ctx, from, began)
		s.gaps.underway(false)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			s.stats.repaired.Add(1)
			s.save(ctx, func(is *state) {
				if is.Repair.Equal(from) {
					is.Repair, is.RepairNext = is.RepairNext, time.Time{}
				}
			})
			continue
		}
		s.stats.failures.Add(1)
		wait := growing.NextBackOff()
		s.log.Warn("a gap is not repaired yet", "from", from, "reason", err, "again_in", wait)
		if !pause.Sleep(ctx, wait) {
			return
		}
	}
}

// afterRepair waits for the end of a repair that is under way: late data is less urgent and
// shares the same half of the rate limit. It does not wait for the next one, too: where
// gaps come faster than they are repaired, there is always one. It reports false when ctx
// has ended.
func (s *Source) afterRepair(ctx context.Context) bool {
	if repair := s.gaps.repairUnderway(time.Now()); repair != nil {
		select {
		case <-repair:
			s.gaps.waited(time.Now())
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// repair reads what may have been missed since a time: new conversations, and
// what happened to the open ones. After a failure it returns where the next
// attempt continues.
func (s *Source) repair(ctx context.Context, since, now time.Time) (from time.Time, err error) {
	from = since
	err = s.discoverBetween(ctx, interval{from.Add(-s.config.Overlap), now}, true, func(ctx context.Context, to time.Time) {
		if to.After(from) && to.Before(now) { // an interrupted repair continues from there
			s.save(ctx, func(is *state) {
				if is.Repair.Equal(from) {
					is.Repair = to
				}
			})
			from = to
		}
	})
	if err != nil {
		return from, err
	}
	ids, err := s.openConversations(ctx)
	if err != nil {
		return from, &storeError{err}
	}
	s.log.Info("repairing a gap", "from", since, "open", len(ids))
	ended := map[string]bool{}
	for chunk := range slices.Chunk(ids, mostIDs) {
		found, err := s.reader.details(ctx, chunk, true)
		if err != nil {
			return from, err
		}
		for _, c := range found {
			ended[c.ID] = !c.RecordedEnd.IsZero()
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return ended[id] })
	if err := s.repairLive(ctx, ids); err != nil {
		return from, err
	}
	s.open.soon(now, time.Now().Add(s.config.FollowEvery)) // records lag behind
	s.log.Info("repaired a gap", "from", since, "took", time.Since(now).Round(time.Millisecond), "open", len(ids))
	return from, nil
}

// repairLive reads conversations from the live API. One that it no longer has has
// ended, as its record will show. One whose answer is not understood is left
// out, unless that is true of all of them.
func (s *Source) repairLive(ctx context.Context, ids []string) error {
	reported := time.Now()
	const what = "live conversations"
	answers := s.tally(ctx, func(ctx context.Context, id string) error {
		err := s.reader.live(ctx, id, true)
		if none(err) {
			return nil // it has ended, and that is an answer
		}
		return err
	})
	for i, id := range ids {
		err := s.permissions.tryOne(what, "conversation:communication:view", func() error { return s.reader.live(ctx, id, true) })
		if none(err) {
			err = nil
		}
		if err := s.note(&answers, what, id, err); err != nil {
			return err
		}
		if time.Since(reported) > progressEvery {
			reported = time.Now()
			s.log.Info("still repairing a gap", "read", i+1, "of", len(ids))
		}
	}
	return answers.err()
}
