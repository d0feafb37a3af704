package storetest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// laneKey tells deliveries apart.
func laneKey(eventID, hook string) string { return eventID + " " + hook }

// remembered has the store remember each delivery that it was given, and
// returns what tells them.
func remembered(w *wrapped) func() []store.DeliveryKey {
	var mu sync.Mutex
	var all []store.DeliveryKey
	commit := w.commit
	w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
		done, err := commit(ctx, b)
		mu.Lock()
		defer mu.Unlock()
		for _, c := range b.Changes {
			for _, e := range c.Events {
				for _, d := range e.Deliveries {
					all = append(all, store.DeliveryKey{ConversationID: e.ConversationID, Seq: e.Seq, Hook: d.Hook})
				}
			}
		}
		return done, err
	}
	return func() []store.DeliveryKey {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// brokenDeliveries lose their way in the outbox.
func brokenDeliveries() []broken {
	const earliest = "claiming/only the earliest unfinished delivery of a hook and conversation is given"
	const unnamed = "leases/what the owner does not name runs out although it renews others"
	const released = "leases/release gives up all of the owner's deliveries and of nobody else"
	owners := []string{"me", "them", "other", "failer", "Owner"}
	const failedHolds = "failed deliveries/a failed delivery holds back the later ones of its lane and no others"
	return []broken{
		{"gives later deliveries while an earlier one has failed", []string{failedHolds},
			eachOutcome(func(o *store.Outcome) {
				if o.Did == store.Failed {
					o.Did = store.Done
				}
			})},
		{"records a thousand outcomes at most", []string{"outcomes/ten thousand outcomes are recorded at once"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				b.Outcomes = b.Outcomes[:min(len(b.Outcomes), 1000)]
				return w.sound.Commit(ctx, b)
			}
		}},
		{"holds nothing beyond the end of a lease", []string{"leases/what an owner says after its lease has ended counts, as long as nobody has claimed since",
			"leases/a lease that has ended is begun anew, as long as nobody has claimed since"}, func(w *wrapped) {
			var mu sync.Mutex
			ends := map[store.DeliveryKey]time.Time{}
			over := func(k store.DeliveryKey) bool {
				mu.Lock()
				defer mu.Unlock()
				end, claimed := ends[k]
				return claimed && time.Now().After(end)
			}
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				due, next, err := w.sound.Claim(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				for i := range due {
					ends[due[i].Key()] = time.Now().Add(c.Lease)
				}
				return due, next, err
			}
			w.renew = func(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
				return w.sound.Renew(ctx, owner, lease, slices.DeleteFunc(slices.Clone(held), over))
			}
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				b.Outcomes = slices.DeleteFunc(slices.Clone(b.Outcomes), func(o store.Outcome) bool { return over(o.Key()) })
				return w.sound.Commit(ctx, b)
			}
		}},
		{"gives later deliveries while an earlier one waits for its next try", []string{"outcomes/deliveries released behind one that failed stay behind it"}, func(w *wrapped) {
			w.claim = laterToo(w, func(first store.DeliveryState, attempts int) bool { return first == store.StateWaiting && attempts > 0 })
		}},
		{"gives later deliveries while an earlier one is held", []string{earliest, "concurrency/no delivery is with two owners at once, and each lane is delivered in order"}, func(w *wrapped) {
			w.claim = laterToo(w, func(first store.DeliveryState, _ int) bool { return first == store.StateClaimed })
		}},
		{"gives a delivery to two owners", []string{"claiming/a delivery that somebody holds is given to nobody, its owner included",
			"concurrency/no delivery is with two owners at once, and each lane is delivered in order"}, func(w *wrapped) {
			var mu sync.Mutex
			given := map[string]store.Delivery{}
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				mu.Lock()
				defer mu.Unlock()
				due, next, err := w.sound.Claim(ctx, c)
				for key, d := range given {
					if len(due) < c.Limit && slices.Contains(c.Hooks, d.Hook) {
						due = append(due, d)
						delete(given, key)
						return due, next, err
					}
				}
				for _, d := range due {
					given[laneKey(d.ID, d.Hook)] = d
				}
				return due, next, err
			}
		}},
		{"loses the trace of an event when a delivery has failed", []string{"claiming/a delivery comes with the trace that its event was committed in, also after failures and when its hook begins again"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				due, next, err := w.sound.Claim(ctx, c)
				for i := range due {
					if due[i].Attempts > 0 {
						due[i].Trace = ""
					}
				}
				return due, next, err
			}
		}},
		{"gives what it has not claimed", []string{"claiming/a delivery that somebody holds is given to nobody, its owner included"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				c.Lease = 0
				return w.sound.Claim(ctx, c)
			}
		}},
		{"lets anybody settle a delivery", []string{"outcomes/an outcome from somebody who does not hold the delivery is ignored",
			"leases/what somebody says whose lease has ended is ignored once another has the delivery"}, func(w *wrapped) {
			var mu sync.Mutex
			holder := map[string]string{}
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				due, next, err := w.sound.Claim(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				for _, d := range due {
					holder[laneKey(d.ID, d.Hook)] = c.Owner
				}
				return due, next, err
			}
			eachOutcome(func(o *store.Outcome) {
				mu.Lock()
				defer mu.Unlock()
				if owner, held := holder[laneKey(o.EventID, o.Hook)]; held {
					o.Owner = owner
				}
			})(w)
		}},
		{"never ends a lease", []string{"leases/a delivery whose lease has ended is given to somebody else, with its tries as before",
			"durability/what an owner held that is gone is given to others when its lease has ended"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				c.Lease = 1000 * time.Hour
				return w.sound.Claim(ctx, c)
			}
		}},
		{"never ends a lease that began with a commit", []string{"leases/a lease that began with a commit ends"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				b.Lease = 1000 * time.Hour
				return w.sound.Commit(ctx, b)
			}
		}},
		{"ends leases early", []string{"leases/a delivery whose lease has ended is given to somebody else, with its tries as before"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				c.Lease /= 4
				return w.sound.Claim(ctx, c)
			}
		}},
		{"does not renew", []string{"leases/a lease may be renewed to an earlier end"}, func(w *wrapped) {
			w.renew = func(context.Context, string, time.Duration, []store.DeliveryKey) error { return nil }
		}},
		{"renews the leases of any owner", []string{"leases/an owner renews its own leases only", "text/owners whose names differ in anything are different owners"}, func(w *wrapped) {
			w.renew = func(ctx context.Context, _ string, lease time.Duration, held []store.DeliveryKey) error {
				for _, owner := range owners {
					if err := w.sound.Renew(ctx, owner, lease, held); err != nil {
						return err
					}
				}
				return nil
			}
		}},
		{"renews everything of the owner", []string{unnamed, "leases/an owner that names nothing renews nothing"}, func(w *wrapped) {
			all := remembered(w)
			w.renew = func(ctx context.Context, owner string, lease time.Duration, _ []store.DeliveryKey) error {
				return w.sound.Renew(ctx, owner, lease, all())
			}
		}},
		{"renews everything of the owner when it names something", []string{unnamed}, func(w *wrapped) {
			all := remembered(w)
			w.renew = func(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
				if len(held) > 0 {
					held = all()
				}
				return w.sound.Renew(ctx, owner, lease, held)
			}
		}},
		{"renews all hooks of an event", []string{unnamed}, func(w *wrapped) {
			all := remembered(w)
			w.renew = func(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
				named := slices.Clone(held)
				for _, k := range all() {
					if slices.ContainsFunc(held, func(h store.DeliveryKey) bool { return h.ConversationID == k.ConversationID && h.Seq == k.Seq }) {
						named = append(named, k)
					}
				}
				return w.sound.Renew(ctx, owner, lease, named)
			}
		}},
		{"renews up to the first delivery that is not the owner's", []string{"leases/of what is renewed the owner's count, each once, and the rest is ignored"}, func(w *wrapped) {
			all := remembered(w)
			w.renew = func(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
				known := all()
				if i := slices.IndexFunc(held, func(k store.DeliveryKey) bool { return !slices.Contains(known, k) }); i >= 0 {
					held = held[:i]
				}
				return w.sound.Renew(ctx, owner, lease, held)
			}
		}},
		{"does not tell apart whose names differ in case", []string{"text/a lease is renewed for the conversation and hook of just this name"}, func(w *wrapped) {
			all := remembered(w)
			w.renew = func(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
				named := slices.Clone(held)
				for _, k := range all() {
					if slices.ContainsFunc(held, func(h store.DeliveryKey) bool { return strings.EqualFold(h.Hook, k.Hook) }) {
						named = append(named, k)
					}
				}
				return w.sound.Renew(ctx, owner, lease, named)
			}
		}},
		{"renews no more than a thousand", []string{"leases/ten thousand deliveries are renewed at once"}, func(w *wrapped) {
			w.renew = func(ctx context.Context, owner string, lease time.Duration, held []store.DeliveryKey) error {
				return w.sound.Renew(ctx, owner, lease, held[:min(len(held), 1000)])
			}
		}},
		{"does not release", []string{released, "durability/an owner that starts again under its name goes on at once"}, func(w *wrapped) {
			w.release = func(context.Context, string) error { return nil }
		}},
		{"releases everybody's deliveries", []string{released, "text/owners whose names differ in anything are different owners"}, func(w *wrapped) {
			w.release = func(ctx context.Context, _ string) error {
				for _, owner := range owners {
					if err := w.sound.Release(ctx, owner); err != nil {
						return err
					}
				}
				return nil
			}
		}},
		{"lets what is released just run out", []string{released, "durability/an owner that starts again under its name goes on at once"}, func(w *wrapped) {
			all := remembered(w)
			w.release = func(ctx context.Context, owner string) error {
				return w.sound.Renew(ctx, owner, time.Second, all())
			}
		}},
		{"claims nothing with a commit", []string{"claiming/a delivery that was claimed with its commit is its owner's"},
			eachEvent(func(e *store.NewEvent) {
				for i := range e.Deliveries {
					e.Deliveries[i].Claimed = false
				}
			})},
		{"claims everything with a commit", []string{"claiming/a commit claims what says so and no more"},
			eachEvent(func(e *store.NewEvent) {
				for i := range e.Deliveries {
					e.Deliveries[i].Claimed = true
				}
			})},
		{"gives one more than the limit", []string{"claiming/the limit holds over all hooks, and the rest is given next"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				c.Limit++
				return w.sound.Claim(ctx, c)
			}
		}},
		{"applies the limit to each hook", []string{"claiming/the limit holds over all hooks, and the rest is given next"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				var all []store.Delivery
				for _, hook := range c.Hooks {
					one := c
					one.Hooks = []string{hook}
					due, _, err := w.sound.Claim(ctx, one)
					if err != nil {
						return nil, time.Time{}, err
					}
					all = append(all, due...)
				}
				return all, time.Time{}, nil
			}
		}},
		{"gives deliveries of any hook", []string{"claiming/only the hooks that are asked for are given"}, func(w *wrapped) {
			var mu sync.Mutex
			hooks := map[string]bool{}
			eachEvent(func(e *store.NewEvent) {
				mu.Lock()
				defer mu.Unlock()
				for _, d := range e.Deliveries {
					hooks[d.Hook] = true
				}
			})(w)
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				mu.Lock()
				c.Hooks = slices.Collect(maps.Keys(hooks))
				mu.Unlock()
				return w.sound.Claim(ctx, c)
			}
		}},
		{"remembers the last sequence that it gave out", []string{"claiming/deliveries that were committed in a different order than they began are all given",
			"outcomes/a delivery that was released is ready again, with its tries as before"}, func(w *wrapped) {
			var mu sync.Mutex
			taken, last := int64(0), int64(0)
			numbers := map[string]int64{}
			number := func(b store.Batch) {
				mu.Lock()
				defer mu.Unlock()
				for _, c := range b.Changes {
					for _, e := range c.Events {
						taken++
						numbers[e.ID] = taken
					}
				}
			}
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				number(b)
				return w.sound.Commit(ctx, b)
			}
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				due, next, err := w.sound.Claim(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				slices.SortFunc(due, func(a, b store.Delivery) int { return int(numbers[a.ID] - numbers[b.ID]) })
				due = slices.DeleteFunc(due, func(d store.Delivery) bool { return numbers[d.ID] <= last })
				if len(due) > 0 {
					last = numbers[due[len(due)-1].ID]
				}
				return due, next, err
			}
		}},
		{"does not say when the next one is due", []string{"claiming/the next one is due when the first of those that wait for their time is"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				due, _, err := w.sound.Claim(ctx, c)
				return due, time.Time{}, err
			}
		}},
		{"never says that deliveries are ready", []string{"outcomes/done makes way for the next delivery and says so"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := w.sound.Commit(ctx, b)
				done.Ready = false
				return done, err
			}
		}},
		{"always says that deliveries are ready", []string{"outcomes/done makes way for the next delivery and says so", "batches/an empty batch changes nothing"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := w.sound.Commit(ctx, b)
				done.Ready = true
				return done, err
			}
		}},
		{"says nothing of what an owner that is gone has left behind a delivery that is done", []string{
			"taking over/the lane of an owner that is gone goes on at once, when its leases have ended",
			"taking over/what an owner holds without knowing it is given to it when the lease has ended, all of the lane",
			"taking over/the lanes of several owners that are gone go on beside each other",
		}, func(w *wrapped) {
			claimed := claimedWithCommit(w)
			commit := w.commit
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := commit(ctx, b)
				for _, o := range b.Outcomes {
					done.Ready = done.Ready && !claimed(store.DeliveryKey{ConversationID: o.ConversationID, Seq: o.Seq + 1, Hook: o.Hook})
				}
				return done, err
			}
		}},
		{"does not say when leases end", []string{
			"taking over/the lane of an owner that is gone goes on at once, when its leases have ended",
			"taking over/the leases of a lane that end later are waited for, however quick the hook is",
			"taking over/what an owner holds without knowing it is given to it when the lease has ended, all of the lane",
		}, saysNothingOfLeases(func(string) bool { return true })},
		{"does not say when the owner's own leases end", []string{
			"taking over/what an owner holds without knowing it is given to it when the lease has ended, all of the lane",
		}, saysNothingOfLeases(func(owner string) bool { return owner == "me" })},
		{"says that leases end later than they do", []string{
			"taking over/the leases of a lane that end later are waited for, however quick the hook is",
		}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				due, next, err := w.sound.Claim(ctx, c)
				if wait := time.Until(next); wait > 0 && wait < time.Minute {
					next = next.Add(time.Minute)
				}
				return due, next, err
			}
		}},
		{"does not wait for the next try", []string{"outcomes/a delivery that failed is tried again when its wait is over, and not before"},
			eachOutcome(func(o *store.Outcome) { o.Wait = 0 })},
		{"waits for ever for the next try", []string{"outcomes/a delivery that failed is tried again when its wait is over, and not before"},
			eachOutcome(func(o *store.Outcome) {
				if o.Wait > 0 {
					o.Wait += long
				}
			})},
		{"does not count tries", []string{"outcomes/a delivery that failed and need not wait is ready at once, with its tries counted",
			"durability/what failed before the store was opened again counts"},
			eachOutcome(func(o *store.Outcome) { o.Failure.Attempts = 0 })},
		{"takes released for failed", []string{"outcomes/a delivery that was released is ready again, with its tries as before"},
			eachOutcome(func(o *store.Outcome) {
				if o.Did == store.Released {
					o.Did, o.Failure = store.WillRetry, store.Failure{Hook: o.Hook, EventID: o.EventID, Attempts: 9, At: at(1)}
				}
			})},
		{"takes failed for done", []string{"outcomes/a delivery that failed and need not wait is ready at once, with its tries counted"},
			eachOutcome(func(o *store.Outcome) {
				if o.Did == store.WillRetry {
					o.Did = store.Done
				}
			})},
		{"records one outcome of a batch", []string{"outcomes/many outcomes are recorded at once"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				b.Outcomes = b.Outcomes[:min(1, len(b.Outcomes))]
				return w.sound.Commit(ctx, b)
			}
		}},
		{"records outcomes for all hooks of an event", []string{"outcomes/done is of one hook only"}, func(w *wrapped) {
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				var all []store.Outcome
				for _, o := range b.Outcomes {
					for _, hook := range []string{"hook", "one", "two"} {
						o.Hook = hook
						all = append(all, o)
					}
				}
				if len(all) > 0 {
					if _, _, err := w.sound.Claim(ctx, store.Claim{Owner: all[0].Owner, Lease: long, Hooks: []string{"hook", "one", "two"}, Limit: 100}); err != nil {
						return store.Committed{}, err
					}
				}
				b.Outcomes = all
				return w.sound.Commit(ctx, b)
			}
		}},
		{"keeps the tries of what is retried", []string{"failed deliveries/a retry begins again, with all tries, before the later ones of its lane"}, func(w *wrapped) {
			w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
				due, next, err := w.sound.Claim(ctx, c)
				for i := range due {
					due[i].Attempts = max(1, due[i].Attempts)
				}
				return due, next, err
			}
		}},
		{"retries what is to be skipped", []string{"failed deliveries/a skip makes way for the later ones of its lane"}, func(w *wrapped) {
			w.decide = func(ctx context.Context, _ store.Decision, ids ...string) (int, error) {
				return w.sound.Decide(ctx, store.Retry, ids...)
			}
		}},
		{"skips what is to be retried", []string{"failed deliveries/a retry begins again, with all tries, before the later ones of its lane"}, func(w *wrapped) {
			w.decide = func(ctx context.Context, _ store.Decision, ids ...string) (int, error) {
				return w.sound.Decide(ctx, store.Skip, ids...)
			}
		}},
		{"counts what has not failed", []string{"failed deliveries/many are decided on at once, those that have not failed are not counted"}, func(w *wrapped) {
			w.decide = func(ctx context.Context, do store.Decision, ids ...string) (int, error) {
				_, err := w.sound.Decide(ctx, do, ids...)
				return len(ids), err
			}
		}},
		{"refuses ids that are not of its own", []string{"failed deliveries/many are decided on at once, those that have not failed are not counted"}, func(w *wrapped) {
			w.decide = func(ctx context.Context, do store.Decision, ids ...string) (int, error) {
				for _, id := range ids {
					if _, _, ok := store.ParseDelivery(id); !ok {
						return 0, store.ErrNotFound
					}
				}
				return w.sound.Decide(ctx, do, ids...)
			}
		}},
		{"decides on all hooks of an event", []string{"failed deliveries/a retry begins again, with all tries, before the later ones of its lane"}, func(w *wrapped) {
			w.decide = func(ctx context.Context, do store.Decision, ids ...string) (int, error) {
				page, err := w.sound.Failed(ctx, store.FailedQuery{})
				if err != nil {
					return 0, err
				}
				n := 0
				for _, p := range page.Items {
					if !slices.Contains(ids, p.ID) {
						continue
					}
					if _, err := w.sound.Decide(ctx, do, p.ID); err != nil {
						return 0, err
					}
					n += 2
				}
				return n, nil
			}
		}},
	}
}

// claimedWithCommit has the store remember which deliveries were claimed with
// their commit, and returns whether one was.
func claimedWithCommit(w *wrapped) func(store.DeliveryKey) bool {
	var mu sync.Mutex
	claimed := map[store.DeliveryKey]bool{}
	commit := w.commit
	w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
		mu.Lock()
		for _, c := range b.Changes {
			for _, e := range c.Events {
				for _, d := range e.Deliveries {
					claimed[store.DeliveryKey{ConversationID: e.ConversationID, Seq: e.Seq, Hook: d.Hook}] = d.Claimed
				}
			}
		}
		mu.Unlock()
		return commit(ctx, b)
	}
	return func(k store.DeliveryKey) bool {
		mu.Lock()
		defer mu.Unlock()
		return claimed[k]
	}
}

// saysNothingOfLeases keeps for itself when a lease ends that began with a commit
// of such an owner.
func saysNothingOfLeases(of func(owner string) bool) func(*wrapped) {
	return func(w *wrapped) {
		var ends atomic.Bool
		w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
			ends.Store(ends.Load() || b.Lease > 0 && of(b.Owner))
			return w.sound.Commit(ctx, b)
		}
		w.claim = func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
			due, next, err := w.sound.Claim(ctx, c)
			if ends.Load() {
				next = time.Time{}
			}
			return due, next, err
		}
	}
}

// laterToo returns a Claim that also gives the second delivery of a lane whose
// first one is so.
func laterToo(w *wrapped, so func(first store.DeliveryState, attempts int) bool) func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
	return func(ctx context.Context, c store.Claim) ([]store.Delivery, time.Time, error) {
		due, next, err := w.sound.Claim(ctx, c)
		if err != nil {
			return nil, next, err
		}
		page, err := w.sound.List(ctx, store.Query{})
		if err != nil {
			return nil, next, err
		}
		for _, conv := range page.Conversations {
			log, err := w.sound.Events(ctx, conv.ID)
			if err != nil {
				return nil, next, err
			}
			lanes := map[string]bool{}
			for _, e := range log {
				for _, d := range e.Deliveries {
					if !slices.Contains(c.Hooks, d.Hook) || d.State == store.StateSkipped || len(due) >= c.Limit {
						continue
					}
					behind, begun := lanes[d.Hook]
					if !begun {
						lanes[d.Hook] = so(d.State, d.Attempts)
					} else if behind && d.State == store.StateWaiting {
						due = append(due, store.Delivery{Event: e.Event, Hook: d.Hook, Attempts: d.Attempts})
						lanes[d.Hook] = false
					}
				}
			}
		}
		return due, next, nil
	}
}
