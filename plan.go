package convtrack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// plan is the next version of one conversation, on its way to the store.
type plan struct {
	t      *Tracker
	work   *work
	record *record
	change *store.Change

	announce []events.Event // to announce with this change
	except   string         // the Before hook to leave out
	reserved []delivery     // for After hooks, to run from memory after the commit
	handover []deliveryLane // of deliveries that must be claimed from the store
}

// whenTold is when a conclusion is due that waits for Settle.
var whenTold = endOfTime.AddDate(-1, 0, 0)

// plan works out what the work does to the record: nil when there is nothing
// to write.
func (t *Tracker) plan(w *work, r *record) *plan {
	if r.Tombstone() {
		return nil
	}
	p := &plan{t: t, work: w, record: r}
	if r.Refused != nil && w.unpark == nil {
		return p.refuseMore()
	}
	to := r.Conversation
	if w.unpark != nil && r.Refused != nil {
		to = conversation.Merge(to, r.Refused.Facts)
		if *w.unpark == store.Skip {
			p.except = r.Refused.Hook
		}
	}
	if to = join(to, w.said); to == nil {
		return nil
	}
	change := &store.Change{ID: r.ID, Version: r.Version, From: r.Conversation, To: to}
	same := change.Delta().Empty()
	if same && !w.settle && r.Refused == nil {
		r.Conversation = to // it has heard the same again, later
		return nil
	}
	pending := p.conclude(to)
	if same && len(p.announce) == 0 && samePending(pending, r.Pending) && r.Refused == nil {
		return nil
	}
	change.Pending = pending
	p.change = change
	return p
}

// refuseMore adds what was said to a change that a Before hook refused: until
// somebody decides, the hook is not asked again.
func (p *plan) refuseMore() *plan {
	facts := join(p.record.Refused.Facts, p.work.said)
	if facts == p.record.Refused.Facts {
		return nil
	}
	p.change = p.refused(facts, p.record.Refused.Failure)
	return p
}

func (p *plan) refused(facts *conversation.Conversation, f store.Failure) *store.Change {
	r := p.record
	return &store.Change{ID: r.ID, Version: r.Version, From: r.Conversation, To: r.Conversation, Pending: r.Pending,
		Refused: &store.Refused{Facts: facts, Failure: f}}
}

// conclude finds the events to announce now, and returns the conclusions that
// wait to settle. Once the conversation's end is announced nothing waits.
func (p *plan) conclude(to *conversation.Conversation) []store.Pending {
	now := time.Now()
	var waiting []events.Event
	var pending []store.Pending
	ended := false
	for _, e := range events.Unannounced(to, func(id string) bool { return p.record.announced[id] }) {
		h := e.Head()
		if h.Settling() != events.Settled && !p.work.settled {
			if due := p.due(h, now); due.After(now) {
				waiting, pending = append(waiting, e), append(pending, store.Pending{EventID: h.ID, Due: due})
				continue
			}
		}
		p.announce = append(p.announce, e)
		ended = ended || h.Type == events.TypeConversationEnded
	}
	if ended && len(waiting) > 0 {
		p.announce, pending = append(p.announce, waiting...), nil
		slices.SortStableFunc(p.announce, events.InOrder)
	}
	return pending
}

// due is when the conclusion has settled: the first time it was drawn counts.
func (p *plan) due(h *events.Header, now time.Time) time.Time {
	due := whenTold
	if wait := p.t.config.settles(h.Settling()); wait >= 0 {
		due = now.Add(wait)
	}
	if was, known := p.record.pending[h.ID]; known && was.Due.Before(due) {
		return was.Due
	}
	return due
}

func samePending(a, b []store.Pending) bool {
	return slices.EqualFunc(a, b, func(x, y store.Pending) bool { return x.EventID == y.EventID && x.Due.Equal(y.Due) })
}

// hasBefore reports whether a Before hook takes one of the events.
func (p *plan) hasBefore() bool { return slices.ContainsFunc(p.announce, p.t.hooks.HasBefore) }

// prepare fills in the change's events and their deliveries. A plan with
// Before hooks does it in the transaction, when they have run.
func (p *plan) prepare() error {
	if !p.hasBefore() {
		return p.log(nil)
	}
	p.change.InTx = func(ctx context.Context, c *store.Change) error {
		vetoed, err := p.runBefore(context.WithValue(ctx, inBefore{}, true))
		if err != nil || c.Vetoed != "" {
			return err
		}
		return p.log(vetoed)
	}
	return nil
}

// runBefore runs the Before hooks of all events, in order. Attributes that a
// hook sets join the conversation, so the next one sees them. It returns the
// events that were vetoed; a veto of the creation makes the change a tombstone.
func (p *plan) runBefore(ctx context.Context) (vetoed map[events.Event]bool, err error) {
	c := p.change
	for _, e := range p.announce {
		h := e.Head()
		h.Conversation = c.To
		err := p.t.hooks.RunBefore(ctx, e, p.except)
		var veto *events.VetoError
		switch {
		case err == nil:
		case !errors.As(err, &veto):
			return nil, err
		case h.Type == events.TypeConversationCreated:
			p.t.log.Info("vetoed", "conversation", c.ID, "hook", veto.Hook, "reason", veto.Reason)
			*c = store.Change{ID: c.ID, Version: c.Version, From: c.From, Vetoed: cmpOr(veto.Reason, "vetoed by "+veto.Hook)}
			return nil, nil
		default:
			p.t.log.Info("event vetoed", "conversation", c.ID, "event", h.ID, "type", h.Type, "hook", veto.Hook, "reason", veto.Reason)
			if vetoed == nil {
				vetoed = map[events.Event]bool{}
			}
			vetoed[e] = true
		}
		if attributes := h.Attributes(); len(attributes) > 0 {
			now := time.Now()
			c.To = conversation.Merge(c.To, conversation.State(&conversation.Conversation{ID: c.ID, Attributes: attributes},
				conversation.Statement{By: conversation.SourceHost, At: now, Seen: now}))
		}
	}
	return vetoed, nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// log appends the events to the change. An announced end is kept with the
// conversation, so that what begins after it re-opens the conversation.
func (p *plan) log(vetoed map[events.Event]bool) error {
	c := p.change
	for _, e := range p.announce {
		if ended, ok := e.(*events.ConversationEnded); ok && !ended.ConversationEnd.IsZero() {
			c.To = conversation.Merge(c.To, conversation.State(&conversation.Conversation{ID: c.ID, Endings: []time.Time{ended.ConversationEnd}},
				conversation.Statement{By: conversation.SourceHost}))
		}
	}
	for i, e := range p.announce {
		h := e.Head()
		h.Conversation = c.To
		if h.Time.IsZero() {
			h.Time = time.Now().UTC().Truncate(time.Microsecond) // nothing says when: it was heard now
		}
		data, err := events.Encode(e)
		if err != nil {
			return fmt.Errorf("convtrack: %s %s: %w", h.Type, h.ID, err)
		}
		entry := store.NewEvent{Event: store.Event{ID: h.ID, ConversationID: c.ID, Seq: p.record.LastSeq + int64(i) + 1,
			Type: string(h.Type), Time: h.Time, Rule: string(h.Rule), Data: data, Vetoed: vetoed[e]}}
		if !vetoed[e] {
			for _, hook := range p.t.hooks.AfterHooks(e) {
				entry.Deliveries = append(entry.Deliveries, store.NewDelivery{Hook: hook, Claimed: p.reserve(e, entry.Event, hook)})
			}
		}
		c.Events = append(c.Events, entry)
	}
	return nil
}

// reserve takes a place for a delivery in memory. Without one, or behind
// deliveries that only the store knows, it goes through the store.
func (p *plan) reserve(e events.Event, entry store.Event, hook string) bool {
	lane := deliveryLane{p.record.ID, hook}
	if p.record.backlog[hook] || !p.t.delivery.reserve(store.DeliveryKey{ConversationID: p.record.ID, Seq: entry.Seq, Hook: hook}) {
		p.record.backlog[hook] = true
		p.handover = append(p.handover, lane)
		return false
	}
	p.reserved = append(p.reserved, delivery{Delivery: store.Delivery{Event: entry, Hook: hook}, event: events.Copy(e)})
	return true
}

// abandon gives back what the plan has reserved.
func (p *plan) abandon() {
	p.t.delivery.unreserve(p.reserved)
	p.reserved, p.handover = nil, nil
}

// committed is called when the change has been written.
func (p *plan) committed(version int64) {
	r := p.record
	r.committed(p.change, version)
	p.t.cache.put(r)
	for _, x := range r.Pending {
		if x.Due.Before(whenTold) {
			p.t.settling.set(x.Due)
		}
	}
	p.t.delivery.run(p.reserved, p.handover...)
	if len(p.handover) > 0 {
		p.t.delivery.look()
	}
	p.t.stats.committed(p.change)
	for _, e := range p.change.Events {
		p.t.log.Debug("announced", "conversation", r.ID, "event", e.ID, "type", e.Type, "rule", e.Rule)
	}
}
