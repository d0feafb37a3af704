package pgstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
)

// Commit implements store.Store. Without hooks it takes two round trips: the
// first writes the conversations whose version is current, the second writes
// what belongs to them. What loses against another transaction is tried again.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	if err := s.enter(ctx); err != nil {
		return store.Committed{}, err
	}
	if len(b.Changes) == 0 && len(b.Outcomes) == 0 && len(b.Taken) == 0 {
		return store.Committed{}, nil
	}
	before := slices.Clone(b.Changes)
	hooks := slices.ContainsFunc(b.Outcomes, func(o store.Outcome) bool { return o.InTx != nil })
	for i, c := range b.Changes {
		if c.InTx != nil {
			saved := *c
			before[i], hooks = &saved, true
		}
	}
	var done store.Committed
	err := s.do(ctx, func(c *pgx.Conn) error {
		t := newCommitter(s, ctx, c, b)
		defer s.giveBackScratch(t.scratch)
		if !hooks {
			err := t.commit()
			done = t.done
			return err
		}
		for i, c := range b.Changes {
			if c.InTx != nil {
				*c = *before[i] // the hooks of the last attempt have altered it
			}
		}
		err := t.commitWithHooks()
		done = t.done
		return err
	})
	if err != nil {
		return store.Committed{}, fmt.Errorf("pgstore: commit: %w", err)
	}
	return done, nil
}

// commit writes a batch without hooks.
func (t *committer) commit() error {
	for _, i := range t.order {
		if err := t.collect(t.batch.Changes[i]); err != nil {
			return err
		}
	}
	var p pipeline
	p.add(t.statements.begin)
	p.add(t.statements.asKept)
	if len(t.own) > 0 || len(t.batch.Outcomes) > 0 {
		t.addUpsert(&p)
		t.addForgotten(&p)
		t.addOutcomes(&p)
		if err := t.run(t.ctx, t.conn, &p); err != nil {
			return err
		}
		t.conclude()
		p = pipeline{}
	}
	t.addRows(&p)
	p.add(t.statements.commit)
	return t.run(t.ctx, t.conn, &p)
}
