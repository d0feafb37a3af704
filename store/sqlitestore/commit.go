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
	if len(b.Changes) == 0 && len(b.Outcomes) == 0 && len(b.Taken) == 0 {
		return store.Committed{}, nil
	}
	c := s.committers.Get().(*committer)
	defer c.reset()
	if err := c.begin(b); err != nil {
		return store.Committed{}, fmt.Errorf("sqlitestore: commit: %w", err)
	}
	var done store.Committed
	err = s.write(ctx, func(t *transaction) (err error) {
		c.transaction, t.changes = t, len(b.Changes)
		done.Results = make([]store.Result, len(b.Changes))
		if done.Ready, err = t.settle(b.Outcomes); err != nil {
			return err
		}
		for i := range b.Changes {
			if c.again(i) {
				c.drop(i)
				done.Results[i].Err = store.ErrConflict
				continue
			}
			if done.Results[i], err = c.commit(i); err != nil {
				return err
			}
		}
		if err := t.take(b.Taken); err != nil {
			return err
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
	store *Store
	*transaction
	batch    store.Batch
	prepared []prepared      // of the changes
	seen     map[string]bool // conversations of the changes so far
	rows     rows.Batch
	adds     int             // to rows, since it was empty
	added    []*store.Change // whose events are to be written
	args     []any

	attributes []rows.Value // of a change, to be written
}

// prepared is what is known of a change before it is its turn.
type prepared struct {
	ready  bool
	record rows.Record
	state  []rows.Value
	add    int // its number in rows
}

// begin prepares the changes while others write, unless that depends on hooks
// or on what is deleted in between.
func (c *committer) begin(b store.Batch) error {
	c.batch = b
	c.prepared = append(c.prepared[:0], make([]prepared, len(b.Changes))...)
	for _, change := range b.Changes {
		if change.InTx != nil || change.To == nil {
			return nil
		}
	}
	for i := range b.Changes {
		if err := c.prepare(i); err != nil {
			return err
		}
	}
	return nil
}

func (c *committer) prepare(i int) (err error) {
	p, change := &c.prepared[i], c.batch.Changes[i]
	if p.ready {
		return nil
	}
	if p.record, err = rows.RecordOf(change); err != nil {
		return fmt.Errorf("conversation %q: %w", change.ID, err)
	}
	if change.To != nil {
		p.state, p.add = c.rows.Add(change), c.adds
		c.adds++
	}
	p.ready = true
	return nil
}

// reset lets go of what the committer was given, and gives it to the next.
func (c *committer) reset() {
	c.rows.Reset()
	clear(c.prepared)
	clear(c.seen)
	clear(c.args[:cap(c.args)])
	clear(c.added[:cap(c.added)])
	clear(c.attributes[:cap(c.attributes)])
	if cap(c.attributes) > rows.MostKept {
		c.attributes = nil
	}
	c.transaction, c.batch, c.added, c.adds = nil, store.Batch{}, c.added[:0], 0
	c.store.committers.Put(c)
}

// again reports whether a change before this one is of the same conversation.
func (c *committer) again(i int) bool {
	id := rows.Storable(c.batch.Changes[i].ID)
	if c.seen[id] {
		return true
	}
	c.seen[id] = true
	return false
}

// commit writes one change. A result with an error leaves the others of the
// batch alone; an error does not.
func (c *committer) commit(i int) (store.Result, error) {
	change := c.batch.Changes[i]
	if err := c.ctx.Err(); err != nil {
		return store.Result{}, err
	}
	if change.Version == 0 {
		forgotten, err := c.isForgotten(change.ID)
		if err != nil {
			return store.Result{}, err
		}
		if forgotten {
			c.drop(i)
			return store.Result{Err: store.ErrConflict}, nil
		}
	}
	if change.InTx != nil {
		result, err := c.runHook(change)
		if err != nil || result.Err != nil {
			return result, err
		}
	}
	if err := c.prepare(i); err != nil {
		return store.Result{}, err
	}
	written, err := c.writeConversation(change, &c.prepared[i])
	switch {
	case err != nil:
		return store.Result{}, err
	case !written:
		c.drop(i)
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
	failed, err := c.lend(func(ctx context.Context) error { return change.InTx(ctx, change) })
	return store.Result{Err: failed}, err
}

// drop lets go of the rows below a conversation that is not written.
func (c *committer) drop(i int) {
	if p := &c.prepared[i]; p.ready && c.batch.Changes[i].To != nil {
		c.rows.Drop(p.add)
	}
}

// writeConversation writes the conversation's own row, unless the version is
// another one.
func (c *committer) writeConversation(change *store.Change, p *prepared) (written bool, err error) {
	changed, err := c.nextChange()
	if err != nil {
		return false, err
	}
	s, record := c.statements, &p.record
	args := c.args[:0]
	if change.Version == 0 {
		args = append(args, change.ID)
	}
	args = append(args, change.Version+1, changed, argument(rows.Text, &record.Vetoed), argument(rows.JSON, &record.Pending),
		argument(rows.Time, &record.Due), argument(rows.JSON, &record.Refused), argument(rows.Text, &record.RefusedBy), argument(rows.Time, &record.RefusedAt))
	args = arguments(args, rows.Conversation.Table().State(), p.state)
	var statement *statement
	switch {
	case change.Version == 0 && change.To == nil:
		statement = s.createRecord
	case change.Version == 0:
		statement = s.create
	case change.To == nil:
		statement = s.clear
	case p.state == nil:
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
		return false, nil
	}
	if change.To == nil {
		return true, c.deleteState(change)
	}
	if p.state != nil {
		return true, c.setAttributes(change)
	}
	return true, nil
}
