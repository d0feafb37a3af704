package pgstore

import (
	"slices"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// begin composes the rows of all changes, and begins the transaction.
func (t *committer) begin() (*pipeline, error) {
	for _, i := range t.order {
		if err := t.collect(t.batch.Changes[i]); err != nil {
			return nil, err
		}
	}
	p := &pipeline{}
	p.add(t.statements.begin)
	p.add(t.statements.asKept)
	return p, nil
}

// end writes what belongs to the conversations, and ends the transaction.
func (t *committer) end(p *pipeline) error {
	t.addRows(p)
	p.add(t.statements.commit)
	return t.run(t.ctx, t.conn, p)
}

// addRows adds everything that belongs to the conversations, and the answer
// whether deliveries can go on.
func (t *committer) addRows(p *pipeline) {
	if len(t.created) > 0 {
		// What is heard of a conversation stays when a row of version 0 goes.
		p.add(t.statements.asReserved, args(textsOf(t.created))...)
		p.add(t.statements.unreserve, args(textsOf(t.created))...)
	}
	if cleared := slices.DeleteFunc(t.cleared, func(id string) bool { return t.lost[id] }); len(cleared) > 0 {
		p.add(t.statements.clear, args(textsOf(cleared))...)
	}
	for _, e := range rows.Children() {
		t.addRowsOf(p, e)
	}
	t.addTaken(p)
	t.addEvents(p)
}

// addRowsOf adds the rows of an entity. What belongs to new conversations needs
// not be looked for: nobody else can have written it.
func (t *committer) addRowsOf(p *pipeline, e rows.Entity) {
	of, columns := t.types.entities[e], len(e.Table().Columns)
	fresh, values := t.written(t.fresh.Values(e), columns), t.written(t.rows.Values(e), columns)
	if e == rows.Segment {
		if gone := t.superseded(); len(gone[0]) > 0 {
			values = slices.Concat(values, fresh)
			p.add(t.statements.supersede, append([]argument{{of: of, rows: values}}, args(textsOf(gone[0]), textsOf(gone[1]))...)...)
			return
		}
	}
	switch {
	case len(fresh) > 0 && len(values) > 0:
		p.add(t.statements.insertAndWrite[e], argument{of: of, rows: fresh}, argument{of: of, rows: values})
	case len(fresh) > 0:
		p.add(t.statements.insert[e], argument{of: of, rows: fresh})
	case len(values) > 0:
		p.add(t.statements.write[e], argument{of: of, rows: values})
	}
}

// written leaves out the rows of conversations that lost.
func (t *committer) written(values []rows.Value, columns int) []rows.Value {
	if len(t.lost) == 0 {
		return values
	}
	var kept []rows.Value
	for row := range slices.Chunk(values, columns) {
		if !t.lost[row[0].Text] {
			kept = append(kept, row...)
		}
	}
	return kept
}

// superseded are the sessions whose stored segments make way: conversations and
// sessions.
func (t *committer) superseded() (gone [2][]string) {
	for _, x := range t.rows.Superseded() {
		if !t.lost[x.ConversationID] {
			gone[0], gone[1] = append(gone[0], x.ConversationID), append(gone[1], x.SessionID)
		}
	}
	return gone
}

// addEvents adds the log and what follows from it.
func (t *committer) addEvents(p *pipeline) {
	claimed := true
	for _, i := range t.order {
		c := t.batch.Changes[i]
		if t.done.Results[i].Err != nil {
			continue
		}
		id := textOf(c.ID)
		for k := range c.Events {
			e := &c.Events[k]
			t.events = append(t.events, id, integerOf(e.Seq), textOf(e.ID), textOf(e.Type), timeOf(e.Time), textOf(e.Rule), boolOf(e.Vetoed), textOf(string(e.Data)))
			trace := rows.Value{}
			if e.Trace != "" {
				trace = textOf(e.Trace)
			}
			for _, d := range e.Deliveries {
				claimed = claimed && d.Claimed
				t.deliveries = append(t.deliveries, id, textOf(d.Hook), integerOf(e.Seq), textOf(e.ID), boolOf(d.Claimed), trace)
			}
		}
	}
	if len(t.events) > 0 {
		p.add(t.statements.logEvents, argument{of: t.types.event, rows: t.events})
	}
	t.addDeliveries(p, claimed)
}

// addDeliveries adds the deliveries, and the question whether those can go on
// that the outcomes made way for.
func (t *committer) addDeliveries(p *pipeline, claimed bool) {
	given := append([]argument{{of: t.types.delivery, rows: t.deliveries}}, args(textOf(t.batch.Owner), integerOf(t.batch.Lease.Microseconds()))...)
	switch {
	case len(t.deliveries) == 0:
	case !claimed:
		p.add(t.statements.enqueue, given...)
	case len(t.lanes.hooks) > 0 && !t.lanes.failed:
		p.read(scanBool(&t.done.Ready), t.statements.deliverReady, append(given, t.lanes.args()...)...)
		return
	default:
		p.add(t.statements.deliver, given...)
	}
	t.lanes.addReady(t.statements, p, &t.done.Ready)
}

// addOutcomes adds the outcomes of the batch. They come after the
// conversations, so that everybody locks in the same order.
func (t *committer) addOutcomes(p *pipeline) {
	t.counting = t.collectOutcomes()
	if len(t.counting) == 0 {
		return
	}
	s := t.statements.finish
	if slices.ContainsFunc(t.counting, func(o *store.Outcome) bool { return o.Did != store.Done }) {
		s = t.statements.settle
	}
	p.read(t.lanes.add, s, argument{of: t.types.outcome, rows: t.outcomes})
}

// collectOutcomes composes the rows of the outcomes, and returns those that count
// when their owner holds the delivery: of several about the same, the first one.
func (t *committer) collectOutcomes() []*store.Outcome {
	type key struct {
		event       event
		hook, owner string
	}
	seen := make(map[key]bool, len(t.batch.Outcomes))
	count := make([]*store.Outcome, 0, len(t.batch.Outcomes))
	for i := range t.batch.Outcomes {
		o := &t.batch.Outcomes[i]
		k := key{event{o.ConversationID, o.Seq}, o.Hook, o.Owner}
		if seen[k] {
			continue
		}
		seen[k] = true
		count = append(count, o)
		f := &o.Failure
		t.outcomes = append(t.outcomes, textOf(o.ConversationID), textOf(o.Hook), integerOf(o.Seq), textOf(o.Owner), integerOf(int64(o.Did)), integerOf(o.Wait.Microseconds()),
			integerOf(int64(f.Attempts)), orNull(f.Type), orNull(f.Error), orNull(f.Stack), knownTime(f.At))
	}
	return count
}

// addTaken adds the end of the entries that the batch has taken.
func (t *committer) addTaken(p *pipeline) {
	if len(t.batch.Taken) > 0 {
		p.add(t.statements.take, argument{of: t.types.inbox, rows: rowsOfNames(nil, t.batch.Taken)})
	}
}
