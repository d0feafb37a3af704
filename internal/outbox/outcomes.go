package outbox

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// recordDelay is how long outcomes wait for a commit to go along with, or for more
// of them. Each commit that only records some keeps the disk from the next change.
const recordDelay = 25 * time.Millisecond

// untilResting is how long a lane stays blocked whose conversation is worked on,
// before that is looked at again.
const untilResting = time.Second

// A commit of few changes is one that hooks wait for, and each outcome in it makes
// them wait longer. So it takes outcomes along only once they are many, or one is
// to be recorded at once.
const (
	fewChanges   = 8
	manyOutcomes = 64
)

// TakeOutcomes takes the outcomes that go along with a commit of so many changes.
// Whoever takes them calls Recorded or ReturnOutcomes.
func (o *Outbox) TakeOutcomes(changes int) []store.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	if changes < fewChanges && len(o.outcomes) < manyOutcomes && time.Until(o.recordBy) > 0 {
		return nil
	}
	return o.takeAll()
}

// takeAll takes all outcomes. The caller holds the lock.
func (o *Outbox) takeAll() []store.Outcome {
	taken := o.outcomes
	o.outcomes = make([]store.Outcome, 0, min(len(taken), 1000)) // as many come next, by and large
	return taken
}

// ReturnOutcomes gives back outcomes that could not be recorded.
func (o *Outbox) ReturnOutcomes(outcomes []store.Outcome) {
	if len(outcomes) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.outcomes = append(outcomes, o.outcomes...)
	o.recordBy = time.Now() // the next commit takes them along
	o.record.Set(time.Now().Add(time.Second))
}

// Recorded is for outcomes that the store has; ready says that they made way for
// deliveries that only the store knows.
func (o *Outbox) Recorded(outcomes []store.Outcome, ready bool) {
	if ready {
		o.Look()
	}
	for i := range outcomes {
		if outcomes[i].Did == store.WillRetry {
			o.look.Set(time.Now().Add(outcomes[i].Wait))
		}
	}
	var blocked []lane
	now := time.Now()
	o.mu.Lock()
	for i := range outcomes {
		l := lane{outcomes[i].ConversationID, outcomes[i].Hook}
		o.doubt(outcomes[i].Key(), now)
		if o.blocked[l] {
			blocked = append(blocked, l)
		}
		o.free(outcomes[i].Key())
	}
	o.mu.Unlock()
	for i := range outcomes {
		o.tell(&outcomes[i])
	}
	for _, l := range blocked {
		o.unblock(l)
	}
}

// doubt blocks the lane of a delivery whose lease may have ended: somebody else may
// hold it, so that the store ignores what becomes of it here. It reports whether it
// did. The caller holds the lock.
func (o *Outbox) doubt(key store.DeliveryKey, now time.Time) bool {
	if o.held.leased(key, now, o.Lease) {
		return false
	}
	o.blocked[lane{key.ConversationID, key.Hook}] = true
	return true
}

// tell says that a delivery has failed for good.
func (o *Outbox) tell(x *store.Outcome) {
	if x.Did == store.Failed {
		o.Failed(store.FailedItem{ID: store.DeliveryID(x.EventID, x.Hook), Kind: store.FailedDelivery, ConversationID: x.ConversationID,
			Event: store.Event{ID: x.EventID, ConversationID: x.ConversationID, Seq: x.Seq, Type: x.Failure.Type}, Failure: x.Failure})
	}
}

// unblock has the record of the conversation loaded anew, with its backlog.
// While the conversation is worked on its record is in use; then the lane stays
// blocked until more is committed in it, or the conversation rests.
func (o *Outbox) unblock(l lane) {
	rests := o.Conversations.Resting(l.conversation, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.blocked[l] {
			o.Conversations.Reload(l.conversation)
			delete(o.blocked, l)
		}
	})
	if rests {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.blocked[l] {
		o.busy[l] = true
		o.record.Set(time.Now().Add(untilResting))
	}
}

// unblockRest unblocks the lanes whose conversations were worked on.
func (o *Outbox) unblockRest() {
	o.mu.Lock()
	rest := o.busy
	o.busy = map[lane]bool{}
	o.mu.Unlock()
	for l := range rest {
		o.unblock(l)
	}
}

// RecordLoop records the outcomes that no commit has taken along.
func (o *Outbox) RecordLoop(ctx context.Context) {
	for o.record.Wait(ctx) {
		if o.due() {
			o.Record(ctx)
		}
		o.unblockRest()
	}
}

// due reports whether outcomes have waited for as long as they should. Those that
// the loop was woken for may have gone along with a commit since.
func (o *Outbox) due() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.outcomes) == 0 {
		return false
	}
	if time.Until(o.recordBy) > 0 {
		o.record.Set(o.recordBy)
		return false
	}
	return true
}

// Record records all outcomes there are.
func (o *Outbox) Record(ctx context.Context) {
	o.mu.Lock()
	outcomes := o.takeAll()
	o.mu.Unlock()
	if len(outcomes) == 0 {
		return
	}
	done, err := o.Commits.Commit(ctx, store.Batch{Owner: o.Owner, Outcomes: outcomes})
	if err != nil {
		if ctx.Err() == nil {
			o.Commits.Failed("recording what hooks have done", err)
		}
		o.ReturnOutcomes(outcomes)
		return
	}
	o.Recorded(outcomes, done.Ready)
}
