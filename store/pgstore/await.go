package pgstore

import (
	"context"
	"sync"
	"time"
)

const (
	// lingerWatch is how long somebody listens or asks after the last Await.
	lingerWatch = time.Second
	// mostWait is how long Await waits when it is not woken: a message of the
	// server may get lost with a connection.
	mostWait = 500 * time.Millisecond
	// pollFirst and pollLast are how often the inboxes are looked into where the
	// server cannot tell of deposits: it begins with the one and ends with the
	// other when nothing comes.
	pollFirst, pollLast = 25 * time.Millisecond, 200 * time.Millisecond
)

// Await implements store.Store. While somebody awaits, one connection of a pool
// of four or more listens for what other processes deposit; otherwise, and where
// connections are given out by the transaction, the table is asked.
func (s *Store) Await(ctx context.Context, owner string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	return s.wakes.Wait(ctx, wakeName(owner))
}

// watch wakes those for whom others deposit something.
func (s *Store) watch(ctx context.Context) {
	var both sync.WaitGroup
	if s.mayListen() {
		both.Go(func() { s.listen(ctx) })
	}
	both.Go(func() { s.poll(ctx) })
	both.Wait()
}

// poll looks into the inboxes that are awaited, as long as nobody listens.
func (s *Store) poll(ctx context.Context) {
	seen := map[string]latest{}
	for wait := pollFirst; sleep(ctx, wait); wait = min(wait+wait/8, pollLast) {
		if s.listening.Load() {
			continue
		}
		grown, err := s.grown(ctx, seen)
		if err == nil && len(grown) > 0 {
			s.wakes.Wake(grown...)
			wait = pollFirst
		}
	}
}

// latest tells whether an inbox has grown.
type latest struct{ entries, heardAt int64 }

// grown returns the owners whose inbox has grown since it was seen.
func (s *Store) grown(ctx context.Context, seen map[string]latest) ([]string, error) {
	owners := s.wakes.Waiting()
	if len(owners) == 0 {
		return nil, nil
	}
	now := map[string]latest{}
	err := s.transact(ctx, func(known *catalog, p *pipeline) {
		clear(now)
		p.read(func(r *row) error {
			now[r.string()] = latest{r.integer(), r.integer()}
			return nil
		}, known.statements.latest, args(textsOf(owners))...)
	})
	if err != nil {
		return nil, err
	}
	var grown []string
	for owner, is := range now {
		if was := seen[owner]; is.entries > was.entries || is.heardAt > was.heardAt {
			grown = append(grown, owner)
		}
		seen[owner] = is
	}
	return grown, nil
}
