package storetest

import (
	"slices"
	"strings"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// model is a store at its plainest: lists that are searched from the front.
// It does not know time: a wait or a lease is over or does not end.
type model struct {
	entries []*modelEntry
	values  map[string]modelValue
	inbox   []store.Entry
	batches int

	forgotten map[string]bool
}

type modelValue struct {
	value   string
	version int64
}

type modelEntry struct {
	record     store.Record // without the backlog
	log        []store.Event
	deliveries []*modelDelivery // in the order of their events
	changed    int              // the number of the batch
}

type modelDelivery struct {
	entry   *modelEntry
	event   store.Event
	hook    string
	state   store.DeliveryState // empty when it is done
	owner   string
	waits   bool // for a time that does not come
	failure store.Failure
}

func (m *model) entry(id string) *modelEntry {
	for _, e := range m.entries {
		if e.record.ID == id {
			return e
		}
	}
	return &modelEntry{record: store.Record{ID: id}}
}

// apply writes a change that got this version.
func (m *model) apply(b store.Batch, c *store.Change, version int64) {
	e := m.entry(c.ID)
	if e.record.Version == 0 {
		m.entries = append(m.entries, e)
	}
	e.changed = m.batches
	r := &e.record
	r.Version, r.Conversation, r.Vetoed, r.Pending, r.Refused = version, c.To, c.Vetoed, c.Pending, c.Refused
	for _, n := range c.Events {
		e.log = append(e.log, n.Event)
		r.Announced = append(r.Announced, n.ID)
		r.LastSeq = n.Seq
		for _, d := range n.Deliveries {
			delivery := &modelDelivery{entry: e, event: n.Event, hook: d.Hook, state: store.StateWaiting}
			if d.Claimed {
				delivery.state, delivery.owner = store.StateClaimed, b.Owner
			}
			e.deliveries = append(e.deliveries, delivery)
		}
	}
}

// lane is the unfinished deliveries of a hook.
func (e *modelEntry) lane(hook string) []*modelDelivery {
	var lane []*modelDelivery
	for _, d := range e.deliveries {
		if d.hook == hook && d.unfinished() {
			lane = append(lane, d)
		}
	}
	return lane
}

func (d *modelDelivery) unfinished() bool { return d.state != "" && d.state != store.StateSkipped }

// head reports whether the delivery is the first of its lane.
func (d *modelDelivery) head() bool {
	lane := d.entry.lane(d.hook)
	return len(lane) > 0 && lane[0] == d
}

// ready reports whether the delivery can be claimed.
func (d *modelDelivery) ready() bool { return d.state == store.StateWaiting && !d.waits && d.head() }

// all returns the deliveries of all conversations that are so.
func (m *model) all(so func(d *modelDelivery) bool) []*modelDelivery {
	var list []*modelDelivery
	for _, e := range m.entries {
		for _, d := range e.deliveries {
			if so(d) {
				list = append(list, d)
			}
		}
	}
	return list
}

func (m *model) delivery(eventID, hook string) *modelDelivery {
	for _, d := range m.all(func(d *modelDelivery) bool { return d.event.ID == eventID && d.hook == hook }) {
		return d
	}
	return nil
}

// settle records an outcome, and reports whether it counted.
func (m *model) settle(o store.Outcome) bool {
	d := m.delivery(o.EventID, o.Hook)
	if d == nil || d.state != store.StateClaimed || d.owner != o.Owner {
		return false
	}
	d.owner = ""
	switch o.Did {
	case store.Done:
		d.state = ""
	case store.WillRetry:
		d.state, d.failure, d.waits = store.StateWaiting, o.Failure, o.Wait > 0
	case store.Failed:
		d.state, d.failure = store.StateFailed, o.Failure
	case store.Released:
		d.state = store.StateWaiting
	}
	return true
}

// deposit puts an entry into the inbox.
func (m *model) deposit(e store.Entry) {
	i := slices.IndexFunc(m.inbox, func(is store.Entry) bool { return is.ConversationID == e.ConversationID && is.Key == e.Key })
	switch {
	case i < 0:
		m.inbox = append(m.inbox, e)
	case e.At.After(m.inbox[i].At):
		m.inbox[i] = e
	}
}

// take removes entries from the inbox.
func (m *model) take(taken []store.EntryKey) {
	for _, k := range taken {
		m.inbox = slices.DeleteFunc(m.inbox, func(e store.Entry) bool {
			return e.ConversationID == k.ConversationID && e.Key == k.Key && !e.At.After(k.At)
		})
	}
}

// entriesFor is what Inbox must return.
func (m *model) entriesFor(q store.InboxQuery) []store.Entry {
	var list []store.Entry
	for _, e := range m.inbox {
		if e.Owner == q.Owner || !slices.Contains(q.Alive, e.Owner) {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b store.Entry) int { return a.Name().Compare(b.Name()) })
	return list[:min(len(list), q.Limit)]
}

// record is what Load must return.
func (m *model) record(id string) store.Record {
	e := m.entry(id)
	r := e.record
	for _, d := range e.deliveries {
		if d.unfinished() && !slices.Contains(r.Backlog, d.hook) {
			r.Backlog = append(r.Backlog, d.hook)
		}
	}
	r.Forgotten = e.record.Version == 0 && m.forgotten[id]
	return tidied(r)
}

// forget removes all that is stored of a conversation, and reports whether that
// was anything.
func (m *model) forget(id string) bool {
	was := m.entry(id).record.Version > 0
	m.entries = slices.DeleteFunc(m.entries, func(e *modelEntry) bool { return e.record.ID == id })
	m.inbox = slices.DeleteFunc(m.inbox, func(e store.Entry) bool { return e.ConversationID == id })
	return was
}

// expire removes all tombstones, and returns how many there were.
func (m *model) expire() int {
	n := len(m.forgotten)
	m.forgotten = map[string]bool{}
	for _, e := range slices.Clone(m.entries) {
		if e.record.Vetoed != "" {
			m.forget(e.record.ID)
			n++
		}
	}
	return n
}

// tidied puts the lists of a record whose order says nothing into one.
func tidied(r store.Record) store.Record {
	r.Announced = slices.Sorted(slices.Values(r.Announced))
	r.Backlog = slices.Sorted(slices.Values(r.Backlog))
	return r
}

// events is what Events must return.
func (m *model) events(id string) []store.LoggedEvent {
	e := m.entry(id)
	var log []store.LoggedEvent
	for _, event := range e.log {
		logged := store.LoggedEvent{Event: event}
		for _, d := range e.deliveries {
			if d.event.ID != event.ID || d.state == "" {
				continue
			}
			l := store.LoggedDelivery{Hook: d.hook, State: d.state}
			if d.state != store.StateSkipped {
				l.Attempts, l.Error = d.failure.Attempts, d.failure.Error
			}
			logged.Deliveries = append(logged.Deliveries, l)
		}
		log = append(log, tidiedEvent(logged))
	}
	return log
}

// tidiedEvent is e with its deliveries in one order, without what is not
// promised of them.
func tidiedEvent(e store.LoggedEvent) store.LoggedEvent {
	e.Deliveries = slices.Clone(e.Deliveries)
	slices.SortFunc(e.Deliveries, func(a, b store.LoggedDelivery) int { return strings.Compare(a.Hook, b.Hook) })
	for i := range e.Deliveries {
		if d := &e.Deliveries[i]; d.State == store.StateSkipped {
			d.Attempts, d.Error = 0, ""
		}
	}
	return e
}

// failed is what Failed must list, the oldest first.
func (m *model) failed(q store.FailedQuery) []string {
	var items []store.FailedItem
	add := func(p store.FailedItem) {
		if q.Selects(&p) {
			items = append(items, p)
		}
	}
	for _, d := range m.all(func(d *modelDelivery) bool { return d.state == store.StateFailed }) {
		add(store.FailedItem{ID: store.DeliveryID(d.event.ID, d.hook), ConversationID: d.event.ConversationID, Event: d.event, Failure: d.failure})
	}
	for _, e := range m.entries {
		if r := e.record.Refused; r != nil && !r.Undecided() {
			add(store.FailedItem{ID: store.ChangeID(e.record.ID), ConversationID: e.record.ID, Event: store.Event{Type: r.Type}, Failure: r.Failure})
		}
	}
	slices.SortFunc(items, func(a, b store.FailedItem) int { return a.At.Compare(b.At) })
	var ids []string
	for _, p := range items {
		ids = append(ids, p.ID)
	}
	return ids
}

// pending returns the entries with a conclusion, the earliest first.
func (m *model) pending() []*modelEntry {
	var list []*modelEntry
	for _, e := range m.entries {
		if len(e.record.Pending) > 0 {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b *modelEntry) int { return a.record.Pending[0].Due.Compare(b.record.Pending[0].Due) })
	return list
}

// conversations returns the conversations that can be listed.
func (m *model) conversations() []*conversation.Conversation {
	var list []*conversation.Conversation
	for _, e := range m.entries {
		if e.record.Conversation != nil {
			list = append(list, e.record.Conversation)
		}
	}
	return list
}
