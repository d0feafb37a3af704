package pgstore

import (
	"slices"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Mostly all conversations of a batch have the version that it is based on, none
// of the new ones was forgotten, and what was delivered counts and had not failed
// before. So everything is sent together with the commit, with statements that
// fail, and with them all, where it is otherwise. The batch is committed in two
// steps then.

// commitsAtOnce reports whether the batch, which has no hooks, is sent together
// with the commit. In the simple protocol the server would log the values of a
// statement that fails.
func (s *Store) commitsAtOnce(b *store.Batch) bool {
	return s.protocol != simpleProtocol && !s.careful.is() &&
		!slices.ContainsFunc(b.Outcomes, func(o store.Outcome) bool { return o.Did != store.Done })
}

// commitAtOnce writes a batch without hooks in one round trip.
func (t *committer) commitAtOnce() error {
	p, err := t.begin()
	if err != nil {
		return err
	}
	if len(t.own) > 0 {
		p.add(t.statements.upsertAll, argument{of: t.types.entities[rows.Conversation], rows: t.own}, argument{value: integerOf(int64(len(t.order)))})
	}
	if digests, _ := t.digestsOfNew(); len(digests) > 0 {
		p.add(t.statements.noneForgotten, args(textsOf(digests))...)
	}
	if outcomes := t.collectOutcomes(); len(outcomes) > 0 {
		p.add(t.statements.finishAtOnce, argument{of: t.types.outcome, rows: t.outcomes}, argument{value: integerOf(int64(len(outcomes)))})
		for _, o := range outcomes {
			t.lanes.note(o.ConversationID, o.Hook, o.Seq, o.Owner)
		}
	}
	for _, i := range t.order {
		t.done.Results[i].Version = t.batch.Changes[i].Version + 1
	}
	return t.end(p)
}
