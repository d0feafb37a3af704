package commit

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/dcmkit/convtrack/internal/lane"
	"github.com/dcmkit/convtrack/internal/record"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// commitTogether commits the work of many conversations in one batch. What must
// have a transaction of its own leaves it.
func (c *Committer) commitTogether(ctx context.Context, batch []*lane.Work) {
	records, guessed, err := c.load(ctx, batch, true)
	if err != nil {
		for _, w := range batch {
			c.Lanes.Finish(w, err)
		}
		return
	}
	var together []*attempt
	for i, w := range batch {
		a, err := c.begin(ctx, w, records[i], nil)
		if err == nil {
			a.guessed = guessed[i]
		}
		switch {
		case err != nil:
			c.Lanes.Finish(w, err)
		case a.plan == nil && a.guessed:
			c.leave(ctx, w)
		case a.plan == nil && (w.Settle || w.Decision != nil || w.Lift):
			// The store says that a conclusion or a decision is due, or that there is a
			// veto. A record that shows none is older than what another process has
			// stored since.
			c.Cache.Drop(w.ID)
			c.leave(ctx, w)
		case a.plan == nil:
			if w.Passed() {
				c.Copied()
			}
			c.Lanes.Finish(w, nil)
		case c.asks(a.plan):
			c.leave(ctx, w)
		default:
			if err := c.complete(a.plan); err != nil {
				c.Lanes.Finish(w, err)
				continue
			}
			together = append(together, a)
		}
	}
	c.commitAll(ctx, together)
}

// leave commits the work on its own, beside the batch.
func (c *Committer) leave(ctx context.Context, w *lane.Work) {
	c.alone.Go(func() { c.commitAlone(ctx, w) })
}

// commitAll commits the attempts. While the store does not answer it tries
// again; while it does, one of them is to blame (a row that the database
// refuses), and each goes its own way, so that it holds up nobody else.
func (c *Committer) commitAll(ctx context.Context, list []*attempt) {
	for n := 1; len(list) > 0; n++ {
		err := c.try(ctx, list)
		if err == nil {
			return
		}
		if ctx.Err() == nil && c.Store.Answers(ctx, list[0].record.ID) {
			c.Store.Errors.Add(1)
			c.throttled.To(ctx, c.Log, slog.LevelWarn, "a commit failed, its conversations are committed one by one", "conversations", len(list), "error", err)
			c.tryEach(ctx, list)
			return
		}
		c.Store.Failed("committing", err)
		if n >= c.StoreAttempts || !retry.PauseForStore(ctx, n) {
			for _, a := range list {
				c.Lanes.Finish(a.work, err)
			}
			return
		}
	}
}

// tryEach commits the attempts one by one; those that fail try again alone.
func (c *Committer) tryEach(ctx context.Context, list []*attempt) {
	for _, a := range list {
		if len(list) == 1 || c.try(ctx, []*attempt{a}) != nil {
			c.leave(ctx, a.work)
		}
	}
}

// try commits the attempts once. Those that lost a race go on alone. Outcomes of
// deliveries go along, and the end of entries that are used up; whatever happens,
// they are recorded or given back.
func (c *Committer) try(ctx context.Context, list []*attempt) error {
	batch := store.Batch{Owner: c.Owner, Lease: c.Lease}
	for _, a := range list {
		c.measure(ctx, a)
		c.reserve(a)
		batch.Changes = append(batch.Changes, a.plan.Change)
	}
	batch.Outcomes, batch.Taken = c.Outbox.TakeOutcomes(len(list)), c.Inbox.TakeUsed()
	done, err := c.commit(ctx, batch)
	if err != nil {
		c.Outbox.ReturnOutcomes(batch.Outcomes)
		c.Inbox.ReturnUsed(batch.Taken)
		for _, a := range list {
			a.abandon("store")
		}
		return err
	}
	c.Outbox.Recorded(batch.Outcomes, done.Ready)
	c.Inbox.Removed(batch.Taken)
	for i, a := range list {
		result := done.Results[i]
		if result.Err == nil {
			c.committed(a, result.Version)
			continue
		}
		a.abandon("conflict")
		if a.guessed {
			c.unknown.wrong()
		} else {
			c.lostRace(a.record.ID)
		}
		c.leave(ctx, a.work)
	}
	return nil
}

// commit asks the store, which must answer for each change.
func (c *Committer) commit(ctx context.Context, b store.Batch) (store.Committed, error) {
	done, err := c.Store.Commit(ctx, b)
	if err == nil && len(done.Results) != len(b.Changes) {
		err = fmt.Errorf("convtrack: the store answers for %d of %d changes", len(done.Results), len(b.Changes))
	}
	return done, err
}

// load returns the records of the work's conversations, from the cache, else as
// they are guessed, if that will do, else from the store.
func (c *Committer) load(ctx context.Context, batch []*lane.Work, guess bool) (records []*record.Record, guessed []bool, err error) {
	records, guessed = make([]*record.Record, len(batch)), make([]bool, len(batch))
	var ids []string
	var places []int
	for i, w := range batch {
		if c.Owns(w.ID) {
			if records[i] = c.Cache.Get(w.ID); records[i] != nil && !c.Owns(w.ID) { // one that was packed is back behind disowning
				c.Cache.Drop(w.ID)
			}
			if guessed[i] = records[i] == nil && guess && c.unknown.isNew(w); guessed[i] {
				records[i] = record.New(store.Record{ID: w.ID})
			}
		}
		// Another process may have lifted a tombstone.
		if records[i] == nil || records[i].Outdated() || w.Reload && records[i].Tombstone() {
			ids, places = append(ids, w.ID), append(places, i)
		}
	}
	for n := 1; len(ids) > 0; n++ {
		loaded, err := c.Store.Load(ctx, ids...)
		if err == nil && len(loaded) != len(ids) {
			err = fmt.Errorf("convtrack: the store loads %d of %d conversations", len(loaded), len(ids))
		}
		if err == nil {
			for i, r := range loaded {
				c.unknown.learn(r)
				records[places[i]] = record.New(r)
				c.keepInMemory(records[places[i]])
			}
			break
		}
		c.Store.Failed("loading conversations", err)
		if n >= c.StoreAttempts || !retry.PauseForStore(ctx, n) {
			for _, w := range batch {
				if w.Reload { // nobody says so again
					c.Cache.Drop(w.ID)
				}
			}
			return nil, nil, err
		}
	}
	return records, guessed, nil
}
