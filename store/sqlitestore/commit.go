package sqlitestore

import (
	"context"
	"fmt"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return store.Committed{}, err
	}
	defer leave()
	if len(b.Changes) == 0 && len(b.Outcomes) == 0 {
		return store.Committed{}, nil
	}
	var done store.Committed
	err = s.write(ctx, func(t *transaction) (err error) {
		c := t.committer(b)
		defer c.reset()
		done.Results = make([]store.Result, len(b.Changes))
		if done.Ready, err = t.settle(b.Outcomes); err != nil {
			return err
		}
		for i, change := range b.Changes {
			if done.Results[i], err = c.commit(change); err != nil {
				return err
			}
		}
		return c.flush()
	})
	if err != nil {
		return store.Committed{}, fmt.Errorf("sqlitestore: commit: %w", err)
	}
	return done, nil
}

// committer writes the changes of a batch. The rows below the conversations
// are collected and written together.
type committer struct {
	*transaction
	batch store.Batch
	rows  rows.Batch
	args  []any
	added []*store.Change // whose events are to be written
}

func (t *transaction) committer(b store.Batch) *committer {
	c := &t.link.scratch
	c.transaction, c.batch = t, b
	return c
}

// reset lets go of what the committer was given.
func (c *committer) reset() {
	c.rows.Reset()
	clear(c.args[:cap(c.args)])
	clear(c.added)
	c.transaction, c.batch, c.added = nil, store.Batch{}, c.added[:0]
}

// commit writes one change. A result with an error leaves the others of the
// batch alone; an error does not.
func (c *committer) commit(change *store.Change) (store.Result, error) {
	if err := c.ctx.Err(); err != nil {
		return store.Result{}, err
	}
	if change.InTx != nil {
		result, err := c.runHook(change)
		if err != nil || result.Err != nil {
			return result, err
		}
	}
	record, err := rows.RecordOf(change)
	if err != nil {
		return store.Result{}, fmt.Errorf("conversation %q: %w", change.ID, err)
	}
	written, err := c.writeConversation(change, &record)
	switch {
	case err != nil:
		return store.Result{}, err
	case !written:
		return store.Result{Err: store.ErrConflict}, nil
	}
	if len(change.Events) > 0 {
		c.added = append(c.added, change)
	}
	return store.Result{Version: change.Version + 1}, nil
}

// runHook checks the version and runs the hook. What it writes is rolled back
// when it fails.
func (c *committer) runHook(change *store.Change) (store.Result, error) {
	version := int64(0)
	err := c.query(c.statements.version, []any{change.ID}, func(row []any) error {
		version = integer(row[0])
		return nil
	})
	if err != nil {
		return store.Result{}, err
	}
	if version != change.Version {
		return store.Result{Err: store.ErrConflict}, nil
	}
	if err := c.flush(); err != nil { // the hook may look
		return store.Result{}, err
	}
	if _, err := c.exec(c.statements.savepoint); err != nil {
		return store.Result{}, err
	}
	failed := change.InTx(context.WithValue(c.ctx, txKey{}, c.tx), change)
	if failed != nil {
		if _, err := c.exec(c.statements.undo); err != nil {
			return store.Result{}, c.ended(err, failed)
		}
	}
	if _, err := c.exec(c.statements.release); err != nil {
		return store.Result{}, c.ended(err, failed)
	}
	if failed != nil {
		return store.Result{Err: fmt.Errorf("sqlitestore: a hook in the transaction: %w", failed)}, nil
	}
	return store.Result{}, nil
}

// ended says why the savepoint of a hook is gone.
func (c *committer) ended(err, hook error) error {
	if c.ctx.Err() != nil {
		return c.ctx.Err() // it ended a statement of the hook, and so the transaction
	}
	if hook != nil {
		return fmt.Errorf("%w: %w (%w)", ErrTxEnded, err, hook)
	}
	return fmt.Errorf("%w: %w", ErrTxEnded, err)
}

// writeConversation writes the conversation's own row, unless the version is
// another one, and collects the rows below it.
func (c *committer) writeConversation(change *store.Change, record *rows.Record) (written bool, err error) {
	changed, err := c.nextChange()
	if err != nil {
		return false, err
	}
	var state []rows.Value
	if change.To != nil {
		from := change.From
		if change.Version == 0 {
			from = nil
		}
		state = c.rows.Add(from, change.To)
	}
	s, columns := c.statements, rows.Conversation.Table().State()
	args := c.args[:0]
	if change.Version == 0 {
		args = append(args, change.ID)
	}
	args = append(args, change.Version+1, changed, argument(rows.Text, &record.Vetoed), argument(rows.JSON, &record.Pending),
		argument(rows.Time, &record.Due), argument(rows.JSON, &record.Refused), argument(rows.Text, &record.RefusedBy), argument(rows.Time, &record.RefusedAt))
	args = arguments(args, columns, state)
	var statement *statement
	switch {
	case change.Version == 0 && change.To == nil:
		statement = s.createRecord
	case change.Version == 0:
		statement = s.create
	case change.To == nil:
		statement = s.clear
	case state == nil:
		statement = s.updateRecord
	default:
		statement = s.update
	}
	if change.Version != 0 {
		args = append(args, change.ID, change.Version)
	}
	c.args = args
	n, err := c.exec(statement, args...)
	if err != nil {
		return false, err
	}
	if n == 0 {
		if change.To != nil {
			c.rows.Undo()
		}
		return false, nil
	}
	if change.To == nil {
		return true, c.deleteState(change)
	}
	if state != nil {
		return true, c.setAttributes(change)
	}
	return true, nil
}
