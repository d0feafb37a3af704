package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func modelled(rule define) {
	rule("on random walks the store does what the model does", func(t *trial) {
		random := seeded(t)
		for n := range *walksFlag {
			if n > 0 {
				t.store = t.harness.Open(t.TB)
			}
			w := newWalk(t, random)
			for range *stepsFlag {
				w.step()
			}
			w.compareAll()
		}
	})
}

// Fuzz compares the store with the model on walks whose every turn the fuzzer
// decides.
func Fuzz(f *testing.F, h Harness) {
	for seed := range 8 {
		decisions := make([]byte, 400)
		for i := range decisions {
			decisions[i] = byte((i + 1) * (2*seed + 1) * 37)
		}
		f.Add(decisions)
	}
	f.Fuzz(func(t *testing.T, decisions []byte) {
		w := newWalk(newTrial(t, h), func(n int) int {
			if len(decisions) == 0 {
				return 0
			}
			d := int(decisions[0])
			decisions = decisions[1:]
			return d % n
		})
		for len(decisions) > 0 {
			w.step()
		}
		w.compareAll()
	})
}

// walk does the same to the store and to the model, and compares them.
type walk struct {
	*trial
	random  func(n int) int
	model   model
	journal []string
	over    bool // it came to its end
	clock   int  // so that no two things happen at the same time
}

var (
	walkIDs    = []string{"c-0", "c-1", "c-2", "c-3", "c-4", "c-5"}
	walkHooks  = []string{"one", "two"}
	walkOwners = []string{"me", "other"}
)

func newWalk(t *trial, random func(n int) int) *walk {
	w := &walk{trial: t, random: random, model: model{values: map[string]modelValue{}, forgotten: map[string]bool{}}}
	t.Cleanup(func() {
		if t.Failed() && !w.over {
			const most = 40
			last := w.journal[max(0, len(w.journal)-most):]
			t.Logf("the last %d of %d steps:", len(last), len(w.journal))
			for _, line := range last {
				t.Log("  " + line)
			}
		}
	})
	return w
}

func (w *walk) note(format string, args ...any) {
	w.journal = append(w.journal, fmt.Sprintf(format, args...))
}

func (w *walk) pick(values []string) string { return values[w.random(len(values))] }

func (w *walk) tick() int {
	w.clock++
	return w.clock
}

func (w *walk) step() {
	w.Helper()
	switch w.random(21) {
	case 0, 1, 2, 3, 4:
		w.commit()
	case 5, 6, 7:
		w.claim()
	case 8, 9:
		w.settle()
	case 10:
		w.decide()
	case 11:
		w.renew()
	case 12:
		w.setValue()
	case 13:
		w.compareLists()
	case 14:
		w.compareConversation(w.pick(walkIDs))
	case 15:
		if w.harness.Reopen != nil && w.random(4) == 0 {
			w.note("reopen")
			w.trial.reopen()
		}
	case 16, 17, 18:
		w.deposit()
	case 19:
		w.readInbox()
	case 20:
		w.forgetSome()
	}
}

// forgetSome forgets some conversations, or lets the tombstones expire.
func (w *walk) forgetSome() {
	w.Helper()
	if w.random(2) == 0 {
		w.note("expire")
		w.same("how many expired", w.expire(farAhead(), 100), w.model.expire())
		return
	}
	ids := []string{w.pick(walkIDs), w.pick(walkIDs)}
	w.note("forget %v", ids)
	stored := 0
	for _, id := range ids {
		if w.model.forget(id) {
			stored++
		}
		w.model.forgotten[id] = true
	}
	w.same("how many were stored", w.trial.forget(ids...), stored)
	w.compareConversation(ids[0])
}

// commit commits some changes, right and wrong ones.
func (w *walk) commit() {
	w.Helper()
	b := store.Batch{Owner: w.pick(walkOwners), Lease: long}
	var wants []error
	for _, id := range walkIDs {
		if w.random(3) == 0 {
			c, want := w.change(id, b.Owner)
			b.Changes, wants = append(b.Changes, c), append(wants, want)
		}
	}
	b.Taken = w.taken(12)
	done := w.trial.commit(b)
	w.model.batches++
	w.model.take(b.Taken)
	for i, c := range b.Changes {
		r := done.Results[i]
		w.note("commit of %s on version %d with %d events: %d, %v", c.ID, c.Version, len(c.Events), r.Version, r.Err)
		if wants[i] != nil {
			w.is("the change of "+c.ID, r.Err, wants[i])
			continue
		}
		w.ok("the change of "+c.ID, r.Err)
		w.model.apply(b, c, r.Version)
	}
	if done.Ready {
		w.Fatal("a batch without outcomes says that deliveries are ready")
	}
	for _, c := range b.Changes {
		w.compareConversation(c.ID)
	}
}

// change composes the next version of a conversation, and what must become of
// it.
func (w *walk) change(id, owner string) (*store.Change, error) {
	e := w.model.entry(id)
	r := e.record
	c := &store.Change{ID: id, Version: r.Version, From: r.Conversation, To: r.Conversation, Refused: r.Refused}
	var want error
	if w.random(6) == 0 || r.Tombstone() {
		c.Version += int64(w.random(3)) + 1
		want = store.ErrConflict
	}
	if r.Version == 0 && w.model.forgotten[id] {
		want = store.ErrConflict
	}
	switch kind := w.random(10); {
	case kind == 0 && r.LastSeq == 0:
		c.To, c.Refused, c.Vetoed = nil, nil, "not ours"
		return c, want
	case kind == 1:
		c.Refused = refusal(w.pick(walkHooks), w.tick(), merged(anything(w.random, id)))
	case kind == 2 && c.To != nil:
		c.Refused = nil
	default:
		c.To = conversation.Merge(c.To, anything(w.random, id))
	}
	if c.To != nil {
		c.Pending, c.Events = w.pending(), w.newEvents(e, owner)
	}
	switch w.random(6) {
	case 0:
		if want == nil {
			want = errHook
		}
		c.InTx = func(context.Context, *store.Change) error { return errHook }
	case 1, 2:
		events, pending := c.Events, c.Pending
		c.Events, c.Pending = nil, nil
		c.InTx = func(_ context.Context, c *store.Change) error {
			c.Events, c.Pending = events, pending
			return nil
		}
	}
	return c, want
}

// taken names some entries of the inbox, as they are or as they were.
func (w *walk) taken(oneOf int) []store.EntryKey {
	var names []store.EntryKey
	for _, e := range w.model.inbox {
		if w.random(oneOf) == 0 {
			if w.random(2) == 0 {
				e.At = e.At.Add(-time.Second)
			}
			names = append(names, e.Name())
		}
	}
	return names
}

// deposit deposits some entries, which may replace others.
func (w *walk) deposit() {
	w.Helper()
	var entries []store.Entry
	for range w.random(8) {
		entries = append(entries, heard(w.pick(walkIDs[:3]), w.pick(walkHooks), w.pick(walkOwners), w.random(100)))
	}
	w.note("deposit of %d entries: %v", len(entries), namesOf(entries...))
	w.trial.deposit(entries...)
	for _, e := range entries {
		w.model.deposit(e)
	}
}

// readInbox compares an inbox.
func (w *walk) readInbox() {
	w.Helper()
	q := store.InboxQuery{Owner: w.pick(walkOwners), Limit: w.random(6)}
	if w.random(2) == 0 {
		q.Alive = walkOwners
	}
	w.note("inbox %+v", q)
	got := w.inbox(q)
	w.same("the inbox", got, w.model.entriesFor(q))
}

func (w *walk) pending() []store.Pending {
	if w.random(2) == 0 {
		return nil
	}
	due := at(w.random(100)).Add(time.Duration(w.tick()) * time.Microsecond)
	return []store.Pending{{EventID: fmt.Sprintf("conclusion-%d", w.clock), Due: due}}
}

// newEvents composes events. Only somebody who has all earlier deliveries of a
// lane may claim those that it adds.
func (w *walk) newEvents(e *modelEntry, owner string) []store.NewEvent {
	var events []store.NewEvent
	for range w.random(3) {
		n := event(e.record.ID, e.record.LastSeq+int64(len(events))+1)
		if n.Vetoed = w.random(6) == 0; !n.Vetoed {
			for _, hook := range walkHooks {
				if w.random(3) > 0 {
					n.Deliveries = append(n.Deliveries, store.NewDelivery{Hook: hook, Claimed: w.mayClaim(e, events, hook, owner)})
				}
			}
		}
		events = append(events, n)
	}
	return events
}

func (w *walk) mayClaim(e *modelEntry, before []store.NewEvent, hook, owner string) bool {
	for _, d := range e.lane(hook) {
		if d.state != store.StateClaimed || d.owner != owner {
			return false
		}
	}
	for _, n := range before {
		for _, d := range n.Deliveries {
			if d.Hook == hook && !d.Claimed {
				return false
			}
		}
	}
	return w.random(2) == 0
}

// claim claims, and demands that what is given could be given.
func (w *walk) claim() {
	w.Helper()
	c := store.Claim{Owner: w.pick(walkOwners), Lease: long, Limit: w.random(5)}
	for _, hook := range walkHooks {
		if w.random(4) > 0 {
			c.Hooks = append(c.Hooks, hook)
		}
	}
	asked := func(d *modelDelivery) bool { return slices.Contains(c.Hooks, d.hook) }
	ready := w.model.all(func(d *modelDelivery) bool { return asked(d) && d.ready() })
	due, next := w.claimFor(c)
	w.note("claim by %s of %d of %v: %d of %d, the next one at %v", c.Owner, c.Limit, c.Hooks, len(due), len(ready), next)
	w.same("how many were given", len(due), min(c.Limit, len(ready)))
	for _, got := range due {
		d := w.model.delivery(got.ID, got.Hook)
		if d == nil || !asked(d) || !d.ready() {
			w.Fatalf("%s was given %s to %s, which cannot be given", c.Owner, got.ID, got.Hook)
		}
		w.same("the delivery", got, store.Delivery{Event: d.event, Hook: d.hook, Attempts: d.failure.Attempts})
		d.state, d.owner = store.StateClaimed, c.Owner
	}
	if len(due) == c.Limit {
		return // then it is not said which one is the next
	}
	waiting := w.model.all(func(d *modelDelivery) bool { return asked(d) && d.waits && d.state == store.StateWaiting && d.head() })
	held := w.model.all(func(d *modelDelivery) bool { return d.state == store.StateClaimed })
	switch {
	case len(waiting) > 0 && next.IsZero():
		w.Fatal("Claim does not say when the next one is due")
	case len(waiting) == 0 && len(held) == 0 && !next.IsZero():
		w.Fatalf("Claim says that the next one is due at %v, and nothing waits", next)
	}
}

// settle records some outcomes, right and wrong ones.
func (w *walk) settle() {
	w.Helper()
	var list []store.Outcome
	candidates := w.model.all(func(d *modelDelivery) bool {
		return w.random(3) == 0 && (d.state == store.StateClaimed || w.random(10) == 0)
	})
	for _, d := range candidates {
		owner := d.owner
		if w.random(6) == 0 {
			owner = w.pick(walkOwners)
		}
		o := did(owner, store.Delivery{Event: d.event, Hook: d.hook, Attempts: d.failure.Attempts}, []store.Did{store.Done, store.Done, store.WillRetry, store.Failed, store.Released}[w.random(5)])
		o.Wait = []time.Duration{0, long}[w.random(2)]
		o.Failure.At = at(w.tick())
		list = append(list, o)
	}
	ready := w.trial.settle(list...)
	var settled []store.Outcome
	for _, o := range list {
		counts := w.model.settle(o)
		w.note("outcome %d of %s to %s by %s: counts %v", o.Did, o.EventID, o.Hook, o.Owner, counts)
		if counts {
			settled = append(settled, o)
		}
	}
	w.compareReady(ready, settled)
	for _, o := range list {
		w.compareConversation(w.model.delivery(o.EventID, o.Hook).event.ConversationID)
	}
}

// compareReady: Ready must be said where a lane of the outcomes can go on, and
// not where the first of each of them has failed or is the owner's own.
func (w *walk) compareReady(ready bool, settled []store.Outcome) {
	w.Helper()
	var can, might bool
	for _, o := range settled {
		lane := w.model.delivery(o.EventID, o.Hook).entry.lane(o.Hook)
		if len(lane) == 0 {
			continue
		}
		first := lane[0]
		can = can || first.ready()
		might = might || first.state == store.StateWaiting || first.state == store.StateClaimed && first.owner != o.Owner
	}
	if can && !ready || !might && ready {
		w.Fatalf("Ready is %v; deliveries can be claimed: %v, wait or are another owner's: %v", ready, can, might)
	}
}

func (w *walk) decide() {
	w.Helper()
	ids := []string{"unknown"}
	var failed []*modelDelivery
	for _, d := range w.model.all(func(d *modelDelivery) bool { return w.random(3) == 0 }) {
		ids = append(ids, store.DeliveryID(d.event.ID, d.hook))
		if d.state == store.StateFailed {
			failed = append(failed, d)
		}
	}
	what := store.Decision(w.random(2))
	w.note("decide %d: %d ids, %d of them failed", what, len(ids), len(failed))
	w.same("how many had failed", w.trial.decide(what, ids...), len(failed))
	for _, d := range failed {
		if d.failure, d.waits, d.state = (store.Failure{}), false, store.StateWaiting; what == store.Skip {
			d.state = store.StateSkipped
		}
	}
}

// renew begins some leases anew, which nobody sees, or gives everything up.
func (w *walk) renew() {
	w.Helper()
	owner := w.pick(walkOwners)
	if w.random(2) == 0 {
		held := []store.DeliveryKey{{ConversationID: "unknown", Seq: 1, Hook: "one"}}
		for _, d := range w.model.all(func(*modelDelivery) bool { return w.random(2) == 0 }) {
			held = append(held, store.DeliveryKey{ConversationID: d.event.ConversationID, Seq: d.event.Seq, Hook: d.hook})
		}
		w.note("renew by %s of %d", owner, len(held))
		w.ok("Renew", w.store.Renew(w.ctx, owner, long, held))
		return
	}
	w.note("release by %s", owner)
	w.ok("Release", w.store.Release(w.ctx, owner))
	for _, d := range w.model.all(func(d *modelDelivery) bool { return d.state == store.StateClaimed && d.owner == owner }) {
		d.state, d.owner = store.StateWaiting, ""
	}
}

func (w *walk) setValue() {
	w.Helper()
	name := w.pick([]string{"cursor", "Cursor"})
	was := w.model.values[name]
	version := was.version
	if w.random(3) == 0 {
		version += int64(w.random(3)) - 1
	}
	value := fmt.Sprint("value ", w.tick())
	got, err := w.store.SetValue(w.ctx, name, []byte(value), version)
	w.note("set %s on version %d, which is %d: %v", name, version, was.version, err)
	if version != was.version {
		w.is("SetValue", err, store.ErrConflict)
	} else {
		w.ok("SetValue", err)
		w.model.values[name] = modelValue{value, got}
	}
	stored, version, err := w.store.Value(w.ctx, name)
	w.ok("Value", err)
	w.same("the value", modelLeaves(string(stored), version), modelLeaves(w.model.values[name].value, w.model.values[name].version))
}

func modelLeaves(value string, version int64) []string { return []string{value, fmt.Sprint(version)} }

// compareConversation compares all that is said of one conversation.
func (w *walk) compareConversation(id string) {
	w.Helper()
	got, want := w.load(id), w.model.record(id)
	w.same("the record of "+id, tidied(got), want)
	w.sameConversation("the conversation "+id, got.Conversation, want.Conversation)
	if want.Refused != nil {
		w.sameConversation("the refused facts of "+id, got.Refused.Facts, want.Refused.Facts)
	}
	if want.Version == 0 {
		if _, err := w.store.Events(w.ctx, id); !errors.Is(err, store.ErrNotFound) {
			w.Fatalf("the log of %s, which is not stored, gives the error %v", id, err)
		}
		return
	}
	var events []store.LoggedEvent
	for _, e := range w.trial.events(id) {
		events = append(events, tidiedEvent(e))
	}
	w.same("the log of "+id, events, w.model.events(id))
}

// compareLists compares a listing, what has failed and what is due.
func (w *walk) compareLists() {
	w.Helper()
	q := store.Query{Order: orders[w.random(len(orders))], Limit: 1 + w.random(4)}
	for _, filter := range []func(){
		func() {
			q.Status = []conversation.Status{conversation.Status(w.pick([]string{"New", "Alerting", "Active", "Ended"}))}
		},
		func() { q.EverUserID = w.pick([]string{"u1", "u2"}) },
		func() { q.EverQueueID = w.pick([]string{"q1", "q2"}) },
		func() { q.PresentUserID = w.pick([]string{"u1", "u2"}) },
		func() { q.PresentQueueID = w.pick([]string{"q1", "q2"}) },
		func() { q.Open = true },
		func() { q.Attribute = map[string]string{"case": w.pick([]string{"", "1", "2"})} },
		func() { q.StartedFrom = at(w.random(6) * 10) },
		func() { q.EndedBefore = at(w.random(6) * 10) },
	} {
		if w.random(4) == 0 {
			filter()
		}
	}
	w.note("list %+v", q)
	all := w.model.conversations()
	got := w.listAll(q)
	w.sameSet("the listing", got, selected(q, all))
	w.same("the count", w.count(q), len(got))
	if q.Order == store.LastChanged {
		// Within a batch the order is not told.
		if !slices.IsSortedFunc(got, func(a, b string) int { return w.model.entry(b).changed - w.model.entry(a).changed }) {
			w.Fatalf("%q are not listed by their last change", got)
		}
	} else {
		w.same("the order of the listing", got, selected(q, inOrder(all, q.Order)))
	}

	p := store.FailedQuery{Limit: 1 + w.random(3)}
	if w.random(3) == 0 {
		p.Hook = w.pick(walkHooks)
	}
	if w.random(3) == 0 {
		p.ConversationID = w.pick(walkIDs)
	}
	w.note("failed %+v", p)
	w.same("what has failed", w.allFailed(p), w.model.failed(p))
	w.compareDue(at(w.random(120)), w.random(5)+1)
}

func (w *walk) compareDue(when time.Time, limit int) {
	w.Helper()
	var ids []string
	var next time.Time
	for _, e := range w.model.pending() {
		if due := e.record.Pending[0].Due; len(ids) == limit || due.After(when) {
			next = due
			break
		}
		ids = append(ids, e.record.ID)
	}
	w.note("due at %v, %d at most", when, limit)
	got, after := w.due(when, limit)
	w.same("what has settled", got, ids)
	w.same("the next one", after, next)
}

func (w *walk) compareAll() {
	w.Helper()
	for _, id := range walkIDs {
		w.compareConversation(id)
	}
	w.same("what has failed", w.allFailed(store.FailedQuery{}), w.model.failed(store.FailedQuery{}))
	w.compareDue(endOfTime, 100)
	w.same("the inbox", w.everyEntry(), w.model.entriesFor(store.InboxQuery{Limit: len(w.model.inbox)}))
	w.same("the listing", w.listAll(store.Query{}), idsOf(inOrder(w.model.conversations(), store.OldestFirst)))
	w.over = true
}
