package sqlitestore

import (
	"maps"
	"slices"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// nextChange numbers the changes. It is the time, but always more than the
// last one.
func (t *transaction) nextChange() (int64, error) {
	if t.changed == 0 {
		err := t.query(t.statements.lastChange, nil, func(row []any) error {
			t.changed = integer(row[0])
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	t.changed = max(t.changed+1, t.now)
	return t.changed, nil
}

// deleteState deletes what is below a conversation whose state is gone.
func (c *committer) deleteState(change *store.Change) error {
	if change.Version == 0 {
		return nil
	}
	if err := c.flush(); err != nil {
		return err
	}
	for _, s := range c.statements.deleteAll {
		if _, err := c.exec(s, change.ID); err != nil {
			return err
		}
	}
	return nil
}

// setAttributes keeps the table by which conversations are found.
func (c *committer) setAttributes(change *store.Change) error {
	var before map[string]string
	if change.From != nil {
		before = change.From.Attributes
	}
	if maps.Equal(before, change.To.Attributes) {
		return nil
	}
	given := func(s string) rows.Value { return rows.Value{Valid: true, Text: s} }
	c.attributes = c.attributes[:0]
	for name, value := range change.To.Attributes {
		if was, set := before[name]; set && was == value {
			continue
		}
		c.attributes = append(c.attributes, given(change.ID), given(name), given(value))
	}
	return c.upsert(rows.Attribute, c.attributes)
}

// flush writes what has been collected.
func (c *committer) flush() error {
	for _, x := range c.rows.Superseded() {
		if _, err := c.exec(c.statements.deleteSuperseded, x.ConversationID, x.SessionID); err != nil {
			return err
		}
	}
	for _, e := range rows.Children() {
		if err := c.upsert(e, c.rows.Values(e)); err != nil {
			return err
		}
	}
	for _, change := range c.added {
		if err := c.addEvents(change); err != nil {
			return err
		}
	}
	c.rows.Reset()
	c.adds, c.added = 0, c.added[:0]
	return nil
}

// upsert writes rows of an entity, several with a statement where there are as many.
func (c *committer) upsert(e rows.Entity, values []rows.Value) error {
	columns, statements := e.Table().Columns, c.statements.upsert[e]
	for len(values) > 0 {
		statement, n := statements.one, len(columns)
		if several := severalRows * n; len(values) >= several {
			statement, n = statements.several, several
		}
		c.args = c.args[:0]
		for row := range slices.Chunk(values[:n], len(columns)) {
			c.args = arguments(c.args, columns, row)
		}
		if _, err := c.exec(statement, c.args...); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

func (c *committer) addEvents(change *store.Change) error {
	for i := range change.Events {
		e := &change.Events[i]
		vetoed := int64(0)
		if e.Vetoed {
			vetoed = 1
		}
		c.args = append(c.args[:0], change.ID, e.Seq, e.ID, e.Type, e.Time.UnixMicro(), e.Rule, vetoed, string(e.Data))
		if _, err := c.exec(c.statements.addEvent, c.args...); err != nil {
			return err
		}
		trace := any(nil)
		if e.Trace != "" {
			trace = e.Trace
		}
		for _, d := range e.Deliveries {
			state, due, owner := int64(rows.DeliveryWaiting), c.now, any(nil)
			if d.Claimed {
				state, due, owner = rows.DeliveryClaimed, c.now+c.batch.Lease.Microseconds(), c.batch.Owner
			}
			c.args = append(c.args[:0], change.ID, d.Hook, e.Seq, e.ID, state, due, owner, trace)
			if _, err := c.exec(c.statements.addDelivery, c.args...); err != nil {
				return err
			}
		}
	}
	return nil
}
