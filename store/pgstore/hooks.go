package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// commitWithHooks writes a batch of which some changes have hooks: first it
// locks all conversations of the batch, so that nobody else changes them while
// the hooks run, then it runs the hooks, then it writes.
func (t *committer) commitWithHooks() error {
	tx, err := t.conn.BeginTx(t.ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return err
	}
	if len(t.order) > 0 {
		if err := t.lock(); err != nil {
			return err
		}
	}
	alone := len(t.batch.Changes) == 1 && len(t.batch.Outcomes) == 0 && len(t.batch.Taken) == 0
	var failed []string // new conversations whose hooks failed
	for _, i := range t.order {
		c := t.batch.Changes[i]
		if c.InTx == nil || t.done.Results[i].Err != nil {
			continue
		}
		hookErr, err := t.runHook(tx, c, alone)
		if err != nil {
			return err
		}
		if hookErr != nil {
			t.done.Results[i].Err = fmt.Errorf("pgstore: a hook in the transaction: %w", hookErr)
			if alone {
				return nil // all of it is rolled back
			}
			if t.lost[c.ID] = true; c.Version == 0 {
				failed = append(failed, c.ID)
			}
		}
	}
	for _, i := range t.order {
		if t.done.Results[i].Err == nil {
			if err := t.collect(t.batch.Changes[i]); err != nil {
				return err
			}
		}
	}
	var p pipeline
	p.add(t.statements.byIndex)
	if len(failed) > 0 {
		p.add(t.statements.unreserve, args(textsOf(failed))...)
	}
	t.addUpsert(&p)
	t.addOutcomes(&p)
	if len(t.batch.Outcomes) > 0 { // what they have changed is known only after it
		p.add(t.statements.asBefore)
		if err := t.run(t.ctx, t.conn, &p); err != nil {
			return err
		}
		if err := t.runOutcomeHooks(tx); err != nil {
			return err
		}
		p = pipeline{}
		p.add(t.statements.byIndex)
	}
	t.addRows(&p)
	p.add(t.statements.commit)
	if err := t.run(t.ctx, t.conn, &p); err != nil {
		return err
	}
	for _, r := range t.done.Results {
		if r.Version == 0 && r.Err == nil {
			return ErrTxEnded // and begun another one, without the locks
		}
	}
	return nil
}

// lock locks the conversations whose version is current, and takes the ids of
// new ones; all others are conflicts.
func (t *committer) lock() error {
	var known, fresh []string
	for _, i := range t.order {
		if c := t.batch.Changes[i]; c.Version > 0 {
			known = append(known, c.ID)
		} else {
			fresh = append(fresh, c.ID)
		}
	}
	current := map[string]bool{}
	var p pipeline
	p.add(t.statements.byIndex)
	if len(known) > 0 {
		p.read(func(r *row) error {
			id, version := r.string(), r.integer()
			current[id] = version == t.batch.Changes[t.place[id]].Version
			return nil
		}, t.statements.lock, args(textsOf(known))...)
	}
	if len(fresh) > 0 {
		p.read(func(r *row) error {
			current[r.string()] = true
			return nil
		}, t.statements.reserve, args(textsOf(fresh))...)
		t.addForgotten(&p)
	}
	p.add(t.statements.asBefore)
	if err := t.run(t.ctx, t.conn, &p); err != nil {
		return err
	}
	for _, i := range t.order {
		if id := t.batch.Changes[i].ID; !current[rows.Storable(id)] {
			t.done.Results[i].Err = store.ErrConflict
			t.lost[id] = true
		}
	}
	return nil
}

// runHook runs the hook of a change under a savepoint, so that a failure undoes
// only what it wrote; a change that is alone needs none. The second error is of
// the whole transaction.
func (t *committer) runHook(tx pgx.Tx, c *store.Change, alone bool) (hookErr, err error) {
	sp := tx
	if !alone {
		if sp, err = tx.Begin(t.ctx); err != nil {
			return nil, err
		}
	}
	id, version := c.ID, c.Version
	hookErr = lend(t.ctx, sp, func(ctx context.Context) error { return c.InTx(ctx, c) })
	c.ID, c.Version = id, version
	if hookErr, err = t.after(hookErr); err != nil {
		return nil, err
	}
	switch {
	case alone:
		return hookErr, nil
	case hookErr != nil:
		return hookErr, sp.Rollback(t.ctx)
	}
	return nil, sp.Commit(t.ctx)
}

// after looks at what a hook has left of the transaction. The second error is
// of the whole transaction.
func (t *committer) after(hookErr error) (error, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	pc := t.conn.PgConn()
	switch {
	case pc.IsClosed(), pc.IsBusy(), pc.TxStatus() == 'I':
		if hookErr != nil {
			return nil, fmt.Errorf("%w: %w", ErrTxEnded, hookErr)
		}
		return nil, ErrTxEnded
	case hookErr == nil && pc.TxStatus() == 'E':
		return errAborted, nil
	case hookErr != nil && !t.lastTry: // also where the hook has rolled a savepoint of its own back
		if lost := lostRace(hookErr); lost != nil {
			return nil, fmt.Errorf("a hook in the transaction: %w", lost)
		}
	}
	return hookErr, nil
}

// lostRace returns what the server said when a statement of the hook lost against
// another transaction, which is no fault of the hook; nil for anything else. The
// host's own errors may panic when they are asked.
func lostRace(hookErr error) (lost *pgconn.PgError) {
	defer func() {
		if recover() != nil {
			lost = nil
		}
	}()
	if errors.As(hookErr, &lost) && (lost.Code == serializationFailure || lost.Code == deadlockDetected) {
		return lost
	}
	return nil
}

// runOutcomeHooks runs the hooks of the outcomes that counted. Their
// deliveries are locked, so nobody else takes them meanwhile.
func (t *committer) runOutcomeHooks(tx pgx.Tx) error {
	for _, o := range t.counting {
		if o.InTx == nil || !t.lanes.finished(event{rows.Storable(o.ConversationID), o.Seq}, rows.Storable(o.Hook), rows.Storable(o.Owner)) {
			continue
		}
		hookErr, err := t.after(lend(t.ctx, tx, o.InTx))
		if err != nil {
			return err
		}
		if hookErr != nil {
			return fmt.Errorf("a hook in the transaction: %w", hookErr)
		}
	}
	return nil
}
