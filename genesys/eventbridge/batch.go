package eventbridge

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/genesys/internal/pause"
	"github.com/dcmkit/convtrack/internal/host"
)

// held is a message that was received and is neither deleted nor left alone.
type held struct {
	QueueMessage
	observation
}

// batch is what was received at a time.
type batch struct {
	queue *Queue

	mu       sync.Mutex
	messages []*held // that are to be stored
}

// Times of a batch that the store does not take.
const (
	// leastTries is after how many tries a message may be left alone.
	leastTries = 3
	// giveUpAfter is after which time a message is left alone although the store
	// has taken no other.
	giveUpAfter = 5 * time.Minute
	// giveUpBlind is the same when the store cannot be asked. What it takes shows
	// little then, so giveUpAfter is for messages besides which it has taken others.
	giveUpBlind = time.Hour
)

// handle sees to messages: stores what they tell, deletes those that are stored,
// and leaves those alone that cannot be. It holds them until then. stop says when
// the source is to stop, and ctx when it must have.
func (q *Queue) handle(stop, ctx context.Context, messages []QueueMessage) {
	b := &batch{queue: q, messages: q.decode(ctx, messages)}
	q.stats.held.Add(int64(len(b.messages)))
	defer q.reading.hold(b)()
	defer func() { q.stats.held.Add(-int64(len(b.messages))) }()
	if stop.Err() != nil {
		b.giveBack(ctx)
		return
	}
	defer b.prolong(ctx)()
	b.store(stop, ctx)
}

// decode decodes messages. Of a message that came twice the newest receipt
// counts.
func (q *Queue) decode(ctx context.Context, messages []QueueMessage) []*held {
	var list []*held
	now := time.Now()
	for _, m := range messages {
		if i := slices.IndexFunc(list, func(h *held) bool { return h.ID == m.ID }); i >= 0 {
			list[i].Receipt = m.Receipt
			continue
		}
		if q.config.OnMessage != nil {
			host.Call(q.log, "Config.OnMessage", func() { q.config.OnMessage(m.Body, now) })
		}
		facts, whole, err := understand(m.Body, now)
		m.Body = nil
		if err != nil {
			q.refuse(ctx, m, whole, err)
		}
		if !whole {
			list = append(list, &held{m, observation{facts: facts, trace: m.TraceHeader}})
			continue
		}
		// What is understood of it is stored all the same, as it may be all that
		// will ever be known.
		if len(facts) > 0 {
			_ = give(within(ctx, m.TraceHeader), q.sink, update(facts))
		}
	}
	return list
}

// store stores the messages and deletes those that are stored, until there are
// none left, they are left alone, or the source is to stop.
func (b *batch) store(stop, ctx context.Context) {
	q := b.queue
	began := time.Now()
	growing := pause.Growing(time.Second, 30*time.Second)
	well := false // whether the store was before this try
	for tries := 1; ; tries++ {
		var observations []*observation
		for _, m := range b.messages {
			observations = append(observations, &m.observation)
		}
		observe(ctx, q.sink, observations)
		stored := b.takeStored()
		if len(stored) > 0 {
			if slices.ContainsFunc(stored, func(m *held) bool { return len(m.facts) > 0 }) {
				q.lastStore.Store(time.Now().UnixNano())
			}
			q.stats.stored.Add(int64(len(stored)))
			q.position.stored(stored)
			q.delete(ctx, stored)
		}
		switch {
		case len(b.messages) == 0:
			return
		case stop.Err() != nil:
			b.giveBack(ctx)
			return
		}
		// When the store is well only after a try, it may have come back meanwhile.
		before := well
		if well = tries >= leastTries-1 && q.storeIsWell(ctx, began); well && before {
			b.leaveAlone()
			return
		}
		wait := growing.NextBackOff()
		q.log.Warn("what the queue says cannot be stored", "messages", len(b.messages), "reason", b.messages[0].err, "again_in", wait)
		if !pause.Sleep(stop, wait) {
			b.giveBack(ctx)
			return
		}
	}
}

// storeIsWell reports whether the store takes other things than a batch that it
// has refused since began. That others are stored is no proof: what the store
// knows already it takes while it is down. A write is.
func (q *Queue) storeIsWell(ctx context.Context, began time.Time) bool {
	held, others := time.Since(began), q.lastStore.Load() > began.UnixNano()
	if q.config.Tracked == nil {
		return held > giveUpBlind || others && held > giveUpAfter
	}
	return (others || held >= giveUpAfter) && q.position.save(ctx) == nil
}

// takeStored removes and returns the messages that are stored.
func (b *batch) takeStored() (stored []*held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = slices.DeleteFunc(b.messages, func(m *held) bool {
		if m.observation.stored {
			stored = append(stored, m)
		}
		return m.observation.stored
	})
	b.queue.stats.held.Add(-int64(len(stored)))
	return stored
}

// leaveAlone leaves what cannot be stored to the queue's redrive policy.
func (b *batch) leaveAlone() {
	for _, m := range b.messages {
		b.queue.stats.notStored.Add(1)
		b.queue.stats.lastRefused.Store(time.Now().UnixNano())
		b.queue.log.Error("a message cannot be stored, and others can; it is left to the dead-letter queue", "message", m.ID, "receives", m.Receives, "reason", m.err)
	}
}

// receipts are those of the messages that are held.
func (b *batch) receipts() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return receipts(b.messages)
}

func receipts(messages []*held) []string {
	all := make([]string, len(messages))
	for i, m := range messages {
		all[i] = m.Receipt
	}
	return all
}

// prolong keeps the messages from becoming visible to others until stop is
// called.
func (b *batch) prolong(ctx context.Context) (stop func()) {
	q := b.queue
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		for pause.Sleep(ctx, q.visibility/2) {
			list := b.receipts()
			if len(list) == 0 {
				return
			}
			call, ended := context.WithTimeout(ctx, min(callTimeout, q.visibility/2))
			failed, err := q.sqs.ChangeMessageVisibilityBatch(call, list, q.visibility)
			ended()
			switch {
			case ctx.Err() != nil:
				return
			case err != nil || len(failed) > 0:
				q.stats.failures.Add(1)
				q.log.Warn("messages may come again while they are stored: they could not be held for longer", "messages", len(list), "failed", len(failed), "reason", err)
			default:
				q.stats.prolonged.Add(1)
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

// giveBack makes messages visible to others at once, as the source stops.
func (b *batch) giveBack(ctx context.Context) {
	list := b.receipts()
	if len(list) == 0 {
		return
	}
	<-b.queue.open.ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	failed, err := b.queue.sqs.ChangeMessageVisibilityBatch(ctx, list, 0)
	if err != nil {
		b.queue.log.Info("messages come again later: they could not be given back", "messages", len(list), "reason", err)
		return
	}
	b.queue.stats.givenBack.Add(int64(len(list) - len(failed)))
}

// deleteTries is how often a delete is tried. What is not deleted then comes
// again, which does no harm.
const deleteTries = 3

// delete deletes messages that are stored: in one call and, where that says so
// of some, those again, one by one.
func (q *Queue) delete(ctx context.Context, messages []*held) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTries*callTimeout)
	defer cancel()
	left := receipts(messages)
	growing := pause.Growing(200*time.Millisecond, 2*time.Second)
	var reason error
	for try := 1; len(left) > 0 && try <= deleteTries; try++ {
		if try > 1 && !pause.Sleep(ctx, growing.NextBackOff()) {
			break
		}
		var again []string
		if try == 1 {
			again, reason = q.deleteOnce(ctx, left)
		} else {
			for _, receipt := range left {
				still, err := q.deleteOnce(ctx, []string{receipt})
				again = append(again, still...)
				if err != nil {
					reason = err
				}
			}
		}
		left = again
	}
	q.stats.deleted.Add(int64(len(messages) - len(left)))
	if len(left) > 0 {
		q.stats.notDeleted.Add(int64(len(left)))
		q.log.Warn("messages that are stored could not be deleted; they come again, which does no harm", "messages", len(left), "reason", reason)
	}
}

// deleteOnce returns what could not be deleted.
func (q *Queue) deleteOnce(ctx context.Context, list []string) (left []string, reason error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	failed, err := q.sqs.DeleteMessageBatch(ctx, list)
	if err != nil {
		q.stats.failures.Add(1)
		return list, err
	}
	for i, why := range failed {
		left, reason = append(left, list[i]), why
	}
	return left, reason
}
