package pgstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
)

// Commit implements store.Store. Without hooks it takes one round trip where all
// is as the batch expects, which the server finds out, and else two: the first
// writes the conversations whose version is current, the second writes what
// belongs to them. What loses against another transaction is tried again.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := s.enter(ctx); err != nil {
		return store.Committed{}, err
	}
	if len(b.Changes) == 0 && len(b.Outcomes) == 0 && len(b.Taken) == 0 {
		return store.Committed{}, nil
	}
	var done store.Committed
	var err error
	switch {
	case hasHooks(&b):
		done, err = s.commitWithHooks(ctx, b)
	case s.commitsAtOnce(&b):
		done, err = s.commit(ctx, b, (*committer).commitAtOnce)
		if wasUnexpected(err) {
			s.careful.begin()
			done, err = s.commit(ctx, b, (*committer).commit)
		}
	default:
		done, err = s.commit(ctx, b, (*committer).commit)
	}
	if err != nil {
		return store.Committed{}, fmt.Errorf("pgstore: commit: %w", err)
	}
	return done, nil
}

func hasHooks(b *store.Batch) bool {
	return slices.ContainsFunc(b.Outcomes, func(o store.Outcome) bool { return o.InTx != nil }) ||
		slices.ContainsFunc(b.Changes, func(c *store.Change) bool { return c.InTx != nil })
}

// commit commits a batch on a connection of the pool.
func (s *Store) commit(ctx context.Context, b store.Batch, how func(*committer) error) (done store.Committed, err error) {
	err = s.do(ctx, func(c *pgx.Conn) error {
		t := newCommitter(s, ctx, c, b)
		defer s.giveBackScratch(t.scratch)
		err := how(t)
		done = t.done
		return err
	})
	return done, err
}

// commitWithHooks is commit for a batch that has some. They alter their changes,
// which are as before in each attempt.
func (s *Store) commitWithHooks(ctx context.Context, b store.Batch) (store.Committed, error) {
	before := slices.Clone(b.Changes)
	for i, c := range b.Changes {
		if c.InTx != nil {
			saved := *c
			before[i] = &saved
		}
	}
	tries := 0
	return s.commit(ctx, b, func(t *committer) error {
		tries++
		t.lastTry = tries == mostAttempts
		for i, c := range b.Changes {
			if c.InTx != nil {
				*c = *before[i]
			}
		}
		return t.commitWithHooks()
	})
}

// commit writes a batch without hooks in two round trips.
func (t *committer) commit() error {
	p, err := t.begin()
	if err != nil {
		return err
	}
	if len(t.own) > 0 || len(t.batch.Outcomes) > 0 {
		t.addUpsert(p)
		t.addForgotten(p)
		t.addOutcomes(p)
		if err := t.run(t.ctx, t.conn, p); err != nil {
			return err
		}
		t.conclude()
		p = &pipeline{}
	}
	return t.end(p)
}
