package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

func concurrency(rule define) {
	rule("no update is lost among writers of one conversation", func(t *trial) {
		const writers, rounds = 4, 15
		t.write(created("c"))
		t.together(writers, func(w int) error {
			for i := range rounds {
				if err := t.appendTo("c", partial("c", inDivision(fmt.Sprintf("%d-%d", w, i))), false); err != nil {
					return err
				}
			}
			return nil
		})
		r := t.load("c")
		t.same("how many updates there are", len(r.Conversation.DivisionIDs), writers*rounds)
		t.same("the last sequence", r.LastSeq, int64(writers*rounds))
		for i, e := range t.events("c") {
			t.same("the sequence in the log", e.Seq, int64(i+1))
		}
	})

	rule("no update is lost among writers whose hooks run in the transaction", func(t *trial) {
		const writers, rounds = 4, 8
		t.together(writers, func(w int) error {
			for i := range rounds {
				if err := t.appendTo("c", partial("c", inDivision(fmt.Sprintf("%d-%d", w, i))), true); err != nil {
					return err
				}
			}
			return nil
		})
		r := t.load("c")
		t.same("how many updates there are", len(r.Conversation.DivisionIDs), writers*rounds)
		t.same("the last sequence", r.LastSeq, int64(writers*rounds))
	})

	rule("of several who create a conversation at once one wins and the others lose the race", func(t *trial) {
		for round := range 10 {
			id := fmt.Sprintf("c-%d", round)
			var won atomic.Int32
			t.together(6, func(w int) error {
				c := createdAs(partial(id, tagged(fmt.Sprint(w))))
				c.Events = []store.NewEvent{event(id, 1, "hook")}
				other := fmt.Sprintf("%s-%d", id, w)
				done, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{createdAs(partial(other)), c}})
				switch {
				case err != nil:
					return err
				case done.Results[0].Err != nil:
					return fmt.Errorf("the change of a conversation that nobody else creates: %w", done.Results[0].Err)
				case done.Results[1].Err == nil:
					won.Add(1)
				case !errors.Is(done.Results[1].Err, store.ErrConflict):
					return done.Results[1].Err
				}
				return nil
			})
			t.same("how many won", won.Load(), int32(1))
			t.same("the length of the log", len(t.events(id)), 1)
		}
	})

	rule("batches over the same conversations in any order do not block each other for ever", func(t *trial) {
		const conversations, writers, rounds = 20, 4, 10
		var versions atomic.Int64
		t.together(writers, func(w int) error {
			random := rand.New(rand.NewPCG(uint64(w), 0))
			for round := range rounds {
				ids := make([]string, conversations)
				for i, k := range random.Perm(conversations) {
					ids[i] = fmt.Sprintf("c-%02d", k)
				}
				records, err := t.store.Load(t.ctx, ids...)
				if err != nil {
					return err
				}
				letOthersIn()
				var changes []*store.Change
				for _, r := range records {
					changes = append(changes, next(r, partial(r.ID, inDivision(fmt.Sprintf("%d-%d", w, round)))))
				}
				done, err := t.store.Commit(t.ctx, store.Batch{Changes: changes})
				if err != nil {
					return fmt.Errorf("a batch must not fail for others that run at the same time: %w", err)
				}
				for _, r := range done.Results {
					if r.Err == nil {
						versions.Add(1)
					} else if !errors.Is(r.Err, store.ErrConflict) {
						return r.Err
					}
				}
			}
			return nil
		})
		updates := int64(0)
		for _, c := range t.list(store.Query{}).Conversations {
			updates += int64(len(c.DivisionIDs))
		}
		t.same("how many updates there are", updates, versions.Load())
	})

	rule("no delivery is with two owners at once, and each lane is delivered in order", func(t *trial) {
		const conversations, perLane = 8, 4
		for i := range conversations {
			t.laneOf(fmt.Sprintf("c-%d", i), perLane, "one", "two")
		}
		check := newLaneCheck()
		t.together(4, func(w int) error {
			return t.work(fmt.Sprintf("owner-%d", w), check, func() bool { return check.count() == 2*conversations*perLane })
		})
		t.settledAll(check, 2*conversations*perLane)
	})

	rule("no delivery is skipped while others are being committed", func(t *trial) {
		const writers, conversations, perLane = 3, 4, 6
		check := newLaneCheck()
		t.together(2*writers, func(w int) error {
			if w < writers {
				return t.work(fmt.Sprintf("owner-%d", w), check, func() bool { return check.count() == writers*conversations*perLane })
			}
			for seq := range perLane {
				for i := range conversations {
					// Two writers go to each conversation, so that some commits lose a race
					// and their numbers come to nothing.
					id := fmt.Sprintf("c-%d", (i+seq*w)%conversations)
					if err := t.appendTo(id, partial(id, inDivision(fmt.Sprintf("%d-%d", w, seq))), seq%2 == 0, "hook"); err != nil {
						return err
					}
				}
			}
			return nil
		})
		t.settledAll(check, writers*conversations*perLane)
	})

	rule("all methods may be called at the same time", func(t *trial) {
		t.together(8, func(w int) error {
			random := rand.New(rand.NewPCG(uint64(w), 1)).IntN
			owner := fmt.Sprintf("owner-%d", w%3)
			for range 60 {
				id := fmt.Sprintf("c-%d", random(5))
				if err := t.anyCall(owner, id, random); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range 5 {
			r := t.load(fmt.Sprintf("c-%d", i))
			if r.Version == 0 {
				continue
			}
			events := t.events(r.ID)
			t.same("the length of the log of "+r.ID, int64(len(events)), r.LastSeq)
			for k, e := range events {
				t.same("the sequence in the log", e.Seq, int64(k+1))
			}
		}
	})
}

func inDivision(id string) func(*conversation.Conversation) {
	return func(c *conversation.Conversation) { c.DivisionIDs = []string{id} }
}

// letOthersIn gives other goroutines a chance to come in between a read and
// the write that is based on it.
func letOthersIn() { time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond) }

// appendTo adds what is said to the conversation, and an event for the hooks,
// as often as others are faster. It may be called from any goroutine.
func (t *trial) appendTo(id string, part *conversation.Conversation, inTx bool, hooks ...string) error {
	for {
		records, err := t.store.Load(t.ctx, id)
		if err != nil {
			return err
		}
		letOthersIn()
		c := next(records[0], part)
		c.Events = []store.NewEvent{event(id, records[0].LastSeq+1, hooks...)}
		if inTx {
			events := c.Events
			c.Events = nil
			hooked(c, func(_ context.Context, c *store.Change) error {
				c.Events = events
				return nil
			})
		}
		done, err := t.store.Commit(t.ctx, store.Batch{Changes: []*store.Change{c}})
		if err == nil {
			err = done.Results[0].Err
		}
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// laneCheck checks that deliveries on which several owners work are handed out
// one at a time in each lane, and in order.
type laneCheck struct {
	mu    sync.Mutex
	held  map[string]string // who has the lane
	done  map[string]int64  // the last sequence of the lane that is done
	total int
}

func newLaneCheck() *laneCheck {
	return &laneCheck{held: map[string]string{}, done: map[string]int64{}}
}

func (w *laneCheck) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total
}

// take notes that the owner was given the delivery.
func (w *laneCheck) take(owner string, d store.Delivery) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	lane := d.ConversationID + " " + d.Hook
	if other := w.held[lane]; other != "" {
		return fmt.Errorf("%s was given %s to %s while %s has a delivery of that lane", owner, d.ID, d.Hook, other)
	}
	if last := w.done[lane]; d.Seq != last+1 {
		return fmt.Errorf("%s was given event %d of %s for %s after event %d", owner, d.Seq, d.ConversationID, d.Hook, last)
	}
	w.held[lane] = owner
	return nil
}

// release notes what the owner is about to say of the delivery.
func (w *laneCheck) release(d store.Delivery, what store.Did) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lane := d.ConversationID + " " + d.Hook
	delete(w.held, lane)
	if what == store.Done {
		w.done[lane] = d.Seq
		w.total++
	}
}

// work claims and settles deliveries until it is told that all are done.
func (t *trial) work(owner string, check *laneCheck, finished func() bool) error {
	random := rand.New(rand.NewPCG(uint64(len(owner)), uint64(owner[len(owner)-1]))).IntN
	for !finished() {
		due, _, err := t.store.Claim(t.ctx, store.Claim{Owner: owner, Lease: long, Hooks: []string{"one", "two", "hook"}, Limit: 1 + random(4)})
		if err != nil {
			return fmt.Errorf("%d deliveries are done: %w", check.count(), err)
		}
		if len(due) == 0 {
			time.Sleep(time.Millisecond) // others hold what there is
			continue
		}
		var outcomes []store.Outcome
		for _, d := range due {
			if err := check.take(owner, d); err != nil {
				return err
			}
		}
		for _, d := range due {
			what := []store.Did{store.Done, store.Done, store.Done, store.Released, store.WillRetry}[random(5)]
			outcomes = append(outcomes, did(owner, d, what))
			check.release(d, what)
		}
		if _, err := t.store.Commit(t.ctx, store.Batch{Outcomes: outcomes}); err != nil {
			return err
		}
	}
	return nil
}

// settledAll demands that just so many deliveries were done, and none is left.
func (t *trial) settledAll(check *laneCheck, want int) {
	t.Helper()
	t.same("how many deliveries are done", check.count(), want)
	t.gives("me", []string{"one", "two", "hook"})
	for _, c := range t.list(store.Query{}).Conversations {
		t.same("the backlog of "+c.ID, t.load(c.ID).Backlog, []string(nil))
	}
}

// anyCall calls a method that is drawn.
func (t *trial) anyCall(owner, id string, random func(n int) int) error {
	switch random(16) {
	case 0, 1, 2:
		return t.appendTo(id, partial(id, inDivision(fmt.Sprint(random(1000)))), random(2) == 0, "hook")
	case 3, 4:
		due, _, err := t.store.Claim(t.ctx, store.Claim{Owner: owner, Lease: long, Hooks: []string{"hook"}, Limit: 5})
		if err != nil {
			return err
		}
		var outcomes []store.Outcome
		for _, d := range due {
			outcomes = append(outcomes, did(owner, d, store.Did(random(4))))
		}
		if err := t.store.Renew(t.ctx, owner, []time.Duration{0, long}[random(2)], keysOf(due)); err != nil {
			return err
		}
		_, err = t.store.Commit(t.ctx, store.Batch{Outcomes: outcomes})
		return err
	case 5:
		return t.store.Release(t.ctx, owner)
	case 11:
		var held []store.DeliveryKey
		for seq := range int64(5) {
			held = append(held, store.DeliveryKey{ConversationID: id, Seq: seq, Hook: "hook"})
		}
		return t.store.Renew(t.ctx, owner, []time.Duration{0, long}[random(2)], held)
	case 6:
		page, err := t.store.Failed(t.ctx, store.FailedQuery{})
		if err != nil {
			return err
		}
		for _, p := range page.Items {
			if _, err := t.store.Decide(t.ctx, store.Decision(random(2)), p.ID); err != nil {
				return err
			}
		}
		return nil
	case 7:
		_, _, err := t.store.Due(t.ctx, endOfTime, 10)
		return err
	case 8:
		_, err := t.store.List(t.ctx, store.Query{Order: store.Order(random(3)), EverUserID: "agent-1"})
		return err
	case 9:
		_, err := t.store.Events(t.ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	case 10:
		_, version, err := t.store.Value(t.ctx, "cursor")
		if err != nil {
			return err
		}
		_, err = t.store.SetValue(t.ctx, "cursor", []byte(owner), version)
		if errors.Is(err, store.ErrConflict) {
			return nil
		}
		return err
	case 12, 13:
		return t.store.Deposit(t.ctx, []store.Entry{heard(id, fmt.Sprint(random(5)), owner, random(100)), heard(id, fmt.Sprint(random(5)), owner, random(100))})
	case 14:
		entries, err := t.store.Inbox(t.ctx, store.InboxQuery{Owner: owner, Limit: random(5)})
		if err != nil {
			return err
		}
		_, err = t.store.Commit(t.ctx, store.Batch{Taken: namesOf(entries...)})
		return err
	}
	_, err := t.store.Load(t.ctx, id, "unknown")
	return err
}
