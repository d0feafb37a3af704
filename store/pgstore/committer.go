package pgstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// committer writes a batch on one connection.
type committer struct {
	*Store
	*catalog
	ctx   context.Context
	conn  *pgx.Conn
	batch store.Batch
	done  store.Committed

	order []int          // the places of the changes to write, by id: others lock them in the same order
	place map[string]int // the change of a conversation, by the id as it is stored
	lost  map[string]bool
	*scratch
	cleared []string // conversations of which only the row itself is left
	created []string // which the upsert made
	lanes   lanes

	counting []*store.Outcome // see collectOutcomes
	lastTry  bool             // a hook that loses against another transaction is not run again
}

// scratch is memory for the rows of a batch that is used again.
type scratch struct {
	rows, fresh                       rows.Batch   // fresh: of new conversations
	own, events, deliveries, outcomes []rows.Value // own: of the conversations
}

func (s *Store) borrowScratch() *scratch {
	if x, ok := s.scratches.Get().(*scratch); ok {
		return x
	}
	return &scratch{}
}

// giveBackScratch keeps the memory within limits, and nothing that was in it.
func (s *Store) giveBackScratch(x *scratch) {
	x.rows.Reset()
	x.fresh.Reset()
	for _, values := range []*[]rows.Value{&x.own, &x.events, &x.deliveries, &x.outcomes} {
		clear(*values)
		if *values = (*values)[:0]; cap(*values) > rows.MostKept {
			*values = nil
		}
	}
	s.scratches.Put(x)
}

func newCommitter(s *Store, ctx context.Context, c *pgx.Conn, b store.Batch) *committer {
	t := &committer{Store: s, catalog: s.catalog.Load(), ctx: ctx, conn: c, batch: b, place: make(map[string]int, len(b.Changes)), lost: map[string]bool{}, scratch: s.borrowScratch()}
	t.done.Results = make([]store.Result, len(b.Changes))
	for i, c := range b.Changes {
		id := rows.Storable(c.ID)
		if _, twice := t.place[id]; twice {
			t.done.Results[i].Err = store.ErrConflict
			continue
		}
		t.place[id] = i
		t.order = append(t.order, i)
	}
	slices.SortFunc(t.order, func(a, b int) int { return cmp.Compare(t.batch.Changes[a].ID, t.batch.Changes[b].ID) })
	return t
}

// collect composes the rows of a change.
func (t *committer) collect(c *store.Change) error {
	record, err := rows.RecordOf(c)
	if err != nil {
		return fmt.Errorf("conversation %q: %w", c.ID, err)
	}
	var state []rows.Value
	if c.To != nil {
		into := &t.rows
		if c.Version == 0 && c.InTx == nil {
			into = &t.fresh
		}
		state = into.Add(c)
	} else if c.Version > 0 && c.From != nil {
		t.cleared = append(t.cleared, c.ID)
	}
	table := rows.Conversation.Table()
	t.own = append(t.own, textOf(c.ID), integerOf(c.Version+1), rows.Value{}, record.Vetoed, record.Pending, record.Due,
		record.Refused, record.RefusedBy, record.RefusedAt)
	switch {
	case state != nil:
		t.own = append(t.own, state...)
	default:
		for range table.State() {
			t.own = append(t.own, rows.Value{})
		}
		if c.To != nil {
			t.own[len(t.own)-1] = textOf("") // as before
		}
	}
	return nil
}

func (t *committer) addUpsert(p *pipeline) {
	if len(t.own) == 0 {
		return
	}
	p.read(func(r *row) error {
		id, created := r.string(), r.bool()
		i := t.place[id]
		if created && t.batch.Changes[i].Version > 0 {
			t.created = append(t.created, id) // there was nothing to base the change on
			return nil
		}
		t.done.Results[i].Version = t.batch.Changes[i].Version + 1
		return nil
	}, t.statements.upsert, argument{of: t.types.entities[rows.Conversation], rows: t.own})
}

// addForgotten adds the question which of the new conversations are forgotten. It
// comes after the statement that takes their rows: whoever forgets one of them
// later waits for this transaction, and deletes what it writes.
func (t *committer) addForgotten(p *pipeline) {
	digests, byDigest := t.digestsOfNew()
	if len(digests) == 0 {
		return
	}
	p.read(func(r *row) error {
		id := byDigest[r.string()]
		result := &t.done.Results[t.place[id]]
		result.Version, result.Err = 0, store.ErrConflict
		t.lost[id], t.lost[t.batch.Changes[t.place[id]].ID] = true, true
		t.created = append(t.created, id)
		return nil
	}, t.statements.forgotten, args(textsOf(digests))...)
}

// digestsOfNew returns the digests of the new conversations, and whose they are.
func (t *committer) digestsOfNew() (digests []string, ids map[string]string) {
	ids = map[string]string{}
	for _, i := range t.order {
		if c := t.batch.Changes[i]; c.Version == 0 && t.done.Results[i].Err == nil {
			id := rows.Storable(c.ID)
			d := store.Digest(id)
			ids[d] = id
			digests = append(digests, d)
		}
	}
	return digests, ids
}

// conclude makes a conflict of each change that was not written.
func (t *committer) conclude() {
	for _, i := range t.order {
		if r := &t.done.Results[i]; r.Version == 0 && r.Err == nil {
			r.Err = store.ErrConflict
			t.lost[t.batch.Changes[i].ID] = true
		}
	}
}
