package polling

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// Repair has a gap of another source repaired, once it is over. While it lasts
// open conversations are followed more often.
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

// since returns since when something may have been missed. Where nobody knows,
// also as the clock was ahead by which it was noted, it is as far as the source
// looks back.
func (s *Source) since(from, now time.Time) time.Time {
	if from.IsZero() || from.After(now.Add(clockSkew)) {
		return now.Add(-s.config.Lookback)
	}
	return from
}

// repairLoop repairs gaps until ctx ends. A gap is saved at once; the process
// that leads repairs it, after one that is being repaired.
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
		err := s.position.change(ctx, func(is *state) {
			if is.Repair.IsZero() {
				is.Repair = from
			} else {
				is.RepairNext = earlier(is.RepairNext, from)
			}
		})
		s.repairSoon()
		if err != nil && ctx.Err() == nil {
			s.log.Warn("a gap is not saved yet", "from", from, "reason", err)
			s.gaps.add(from)
			pause.Sleep(ctx, time.Second)
		}
	}
}

// repairSoon has the gap repaired that is saved, if there is one.
func (s *Source) repairSoon() {
	if !s.leads() || read(s.position, func(is *state) bool { return is.Repair.IsZero() }) {
		return
	}
	signal(s.gaps.saved)
}

// repairAll repairs until there is nothing more to repair. What fails is tried
// again.
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

// afterRepair waits until no repair is under way: late data can wait, and has
// the same half of the rate limit. It reports false when ctx has ended.
func (s *Source) afterRepair(ctx context.Context) bool {
	for s.gaps.isUnderway() {
		if !pause.Sleep(ctx, time.Second) {
			return false
		}
	}
	return ctx.Err() == nil
}

// repair reads what may have been missed since a time: conversations that
// began, and what happened to the open ones. It returns since when things may
// have been missed that it has not read.
func (s *Source) repair(ctx context.Context, since, now time.Time) (from time.Time, err error) {
	from = since
	err = s.discoverBetween(ctx, interval{from.Add(-s.config.Overlap), now}, true, func(ctx context.Context, to time.Time) {
		if to.After(from) && to.Before(now) { // the repair goes on from there when it is interrupted
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

// repairLive reads conversations as they are now. One that the live API does
// not keep any more has ended, and its record will say so. One whose answer is
// not understood is left out, unless that is so with all of them.
func (s *Source) repairLive(ctx context.Context, ids []string) error {
	reported := time.Now()
	const what = "live conversations"
	var answers tally
	for i, id := range ids {
		err := s.permissions.try(what, "conversation:communication:view", func() error { return s.reader.live(ctx, id, true) })
		if genesys.IsPermanent(err) {
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
