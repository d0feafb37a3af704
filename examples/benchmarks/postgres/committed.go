package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/pgstore"
)

// committed is our store alone: reference updates, so many in a Commit, by so
// many committers that own conversations of their own.
func committed(name string, committers, batch int) variant {
	return variant{name: name, with: fmt.Sprintf("%d × %d", committers, batch), counts: "updates", open: func(ctx context.Context, s *server, o *options) (round, error) {
		x, err := s.newSite(ctx)
		if err != nil {
			return nil, err
		}
		list, err := o.newSubjects(o.subjects)
		if err != nil {
			return nil, err
		}
		c, err := newCommits(ctx, x, list, committers, batch)
		if err != nil {
			return nil, err
		}
		return c.round, nil
	}}
}

// commits are committers with a share of the conversations each.
type commits struct {
	store  *pgstore.Store
	shares []*share
	batch  int
}

type share struct {
	owner    string
	subjects []*subject
	next     int
	outcomes []store.Outcome // of the deliveries of the last batch
}

const emptyHook = "empty"

// newCommits opens a store and creates the conversations in it.
func newCommits(ctx context.Context, x *site, list []*subject, committers, batch int) (*commits, error) {
	pool, err := x.pool(ctx, max(committers, poolSize))
	if err != nil {
		return nil, err
	}
	c := &commits{batch: batch}
	if c.store, err = pgstore.New(ctx, pool, nil); err != nil {
		return nil, err
	}
	size := (len(list) + committers - 1) / committers
	for mine := range slices.Chunk(list, size) {
		if len(mine) < batch {
			return nil, fmt.Errorf("a committer has %d conversations, fewer than the %d of a batch", len(mine), batch)
		}
		s := &share{owner: fmt.Sprint("committer ", len(c.shares)), subjects: mine}
		c.shares = append(c.shares, s)
		for some := range slices.Chunk(mine, 250) {
			if err := create(ctx, c.store, some); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func create(ctx context.Context, to *pgstore.Store, list []*subject) error {
	var b store.Batch
	for _, s := range list {
		b.Changes = append(b.Changes, &store.Change{ID: s.id, To: s.states[0]})
	}
	done, err := to.Commit(ctx, b)
	if err != nil {
		return err
	}
	for i, r := range done.Results {
		if r.Err != nil {
			return r.Err
		}
		list[i].version = r.Version
	}
	return nil
}

func (c *commits) round(ctx context.Context, d time.Duration) (t tally, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	var n atomic.Int64
	began := time.Now()
	for _, s := range c.shares {
		all.Go(func() {
			for time.Since(began) < d && ctx.Err() == nil {
				if err := s.commit(ctx, c.store, c.batch); err != nil {
					cancel(err)
					return
				}
				n.Add(int64(c.batch))
			}
		})
	}
	all.Wait()
	return tally{n: n.Load(), took: time.Since(began)}, context.Cause(ctx)
}

// commit writes the next batch: of each conversation the reference update with
// an event and its delivery, and what became of the deliveries of the batch
// before, as the tracker does it.
func (s *share) commit(ctx context.Context, to *pgstore.Store, size int) error {
	b := store.Batch{Owner: s.owner, Lease: time.Minute, Outcomes: s.outcomes, Changes: make([]*store.Change, size)}
	s.outcomes = make([]store.Outcome, size)
	mine := make([]*subject, size)
	for i := range size {
		x := s.subjects[s.next%len(s.subjects)]
		s.next++
		e := store.Event{ID: fmt.Sprintf("%s-%d", x.id, x.seq+1), ConversationID: x.id, Seq: x.seq + 1, Type: "agent.connected", Time: referenceStart,
			Rule: "answered-leg", Data: []byte(payload)}
		b.Changes[i] = &store.Change{ID: x.id, Version: x.version, From: x.states[x.now], To: x.states[(x.now+1)%len(x.states)],
			Events: []store.NewEvent{{Event: e, Deliveries: []store.NewDelivery{{Hook: emptyHook, Claimed: true}}}}}
		s.outcomes[i] = (&store.Delivery{Event: e, Hook: emptyHook}).Outcome(s.owner, store.Done)
		mine[i] = x
	}
	done, err := to.Commit(ctx, b)
	if err != nil {
		return err
	}
	for i, r := range done.Results {
		if r.Err != nil {
			return r.Err
		}
		x := mine[i]
		x.version, x.seq, x.now = r.Version, x.seq+1, (x.now+1)%len(x.states)
	}
	return nil
}
