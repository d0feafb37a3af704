package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

const (
	// forgetAtOnce is how many conversations are forgotten in one transaction.
	forgetAtOnce = 100
	// untilResting and untilTold are how long to wait before looking again
	// whether nobody works on a conversation, and whether a process has let go.
	untilResting = 5 * time.Millisecond
	untilTold    = 20 * time.Millisecond
)

// Forget forgets conversations, in this process and in all others, and returns
// how many of them were stored. It needs no Run.
func (e *Engine) Forget(ctx context.Context, ids []string) (stored int, err error) {
	for chunk := range slices.Chunk(ids, forgetAtOnce) {
		n, err := e.Store.Forget(ctx, chunk...)
		if err != nil {
			return stored, err
		}
		stored += n
	}
	digests := digestsOf(ids)
	e.letGo(ctx, digests)
	if err := e.Inbox.Strike(ctx, digests); err != nil {
		return stored, fmt.Errorf("what lies in inboxes could not be looked through: %w", err)
	}
	if err := e.tellOthers(ctx, digests); err != nil {
		return stored, fmt.Errorf("the other processes could not be told: %w", err)
	}
	return stored, nil
}

// free returns those of the conversations of which nothing is kept aside.
func (e *Engine) free(ctx context.Context, ids []string) ([]string, error) {
	records, err := e.Store.Load(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var free []string
	for i := range records {
		if records[i].Refused == nil {
			free = append(free, records[i].ID)
		}
	}
	return free, nil
}

func digestsOf(ids []string) map[string]bool {
	digests := make(map[string]bool, len(ids))
	for _, id := range ids {
		digests[store.Digest(id)] = true
	}
	return digests
}

// tellOthers returns when all other processes have let go. One that does not
// answer for a lease holds no delivery any more.
func (e *Engine) tellOthers(ctx context.Context, digests map[string]bool) error {
	others, err := e.others(ctx)
	if err != nil || len(others) == 0 {
		return err
	}
	left, err := e.Inbox.Tell(ctx, others, slices.Sorted(maps.Keys(digests)))
	for began := time.Now(); err == nil && len(left) > 0 && time.Since(began) < e.config.Lease; {
		if !retry.Pause(ctx, untilTold) {
			return context.Cause(ctx)
		}
		left, err = e.Inbox.Untaken(ctx, left)
	}
	if err != nil {
		return err
	}
	return e.Inbox.Withdraw(ctx, left)
}

// tellForgotten tells the other processes, also when this one stops, and does not wait
// until they have let go.
func (e *Engine) tellForgotten(ctx context.Context, ids []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	others, err := e.others(ctx)
	if err == nil && len(others) > 0 {
		_, err = e.Inbox.Tell(ctx, others, slices.Sorted(maps.Keys(digestsOf(ids))))
	}
	if err != nil {
		e.Store.Failed("telling the other processes what was forgotten", err)
	}
}

// others returns the names of the other processes that share the store, whether
// this one runs or not.
func (e *Engine) others(ctx context.Context) (names []string, err error) {
	members, err := e.Membership.Members(ctx)
	for _, m := range members {
		if m.Name != e.config.Instance {
			names = append(names, m.Name)
		}
	}
	return names, err
}

// letGo lets go of what is in memory of conversations that were forgotten: of their
// deliveries at once, and of the rest once nobody works on them.
func (e *Engine) letGo(ctx context.Context, digests map[string]bool) {
	inMemory := e.Outbox.Holding()
	for _, id := range slices.Concat(e.cache.IDs(), e.Lanes.IDs()) {
		inMemory[id] = true
	}
	maps.DeleteFunc(inMemory, func(id string, _ bool) bool { return !digests[store.Digest(id)] })
	for id := range inMemory {
		e.Outbox.Forget(id) // a Before hook that refuses may be tried again for minutes
	}
	for id := range inMemory {
		drop := func() {
			e.cache.Drop(id)
			e.Outbox.Forget(id)
		}
		for !e.Lanes.Resting(id, drop) {
			if !retry.Pause(ctx, untilResting) {
				return
			}
		}
	}
}
