package convtrack

import (
	"context"
	"iter"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Forget deletes conversations for good: their state, their events, the
// deliveries of these, what hooks failed, what was heard of them and is on its
// way, and what this and other processes have of them in memory. It returns how
// many of them were stored. They stay unknown, also to other processes: what
// sources say of them later is dropped, as long as Config.TombstoneAge. What is
// kept for that is a digest of the id; see [store.Digest].
//
// A hook that runs for one of them may finish; when Forget returns none begins
// any more. What hooks have written elsewhere is theirs to delete. Forget needs no
// Run, and may be called from an After hook. With an error it has not all
// happened: call it again.
//
// The logger gets a line for each call: who (see [WithActor]) has forgotten how
// many conversations, and how many of them were stored; not which.
func (t *Tracker) Forget(ctx context.Context, ids ...string) (stored int, err error) {
	if err := outside(ctx); err != nil {
		return 0, err
	}
	if len(ids) == 0 {
		return 0, nil
	}
	stored, err = t.engine.Forget(ctx, ids)
	who, _ := ctx.Value(actorKey{}).(string)
	if err != nil {
		t.log.ErrorContext(ctx, "not all was forgotten", "by", who, "conversations", len(ids), "stored", stored, "error", err)
		return stored, err
	}
	t.log.InfoContext(ctx, "forgotten", "by", who, "conversations", len(ids), "stored", stored)
	return stored, nil
}

type actorKey struct{}

// WithActor says on whose behalf conversations are forgotten. It is written to
// the log as it is: take the name of an account, or the number of a request.
func WithActor(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

// Find returns the ids of the conversations that a person took part in, in the
// order of the ids, page by page: also of those that a hook refused, and in
// whatever role. Of several fields of the person each selects by itself. A search
// by address reads the whole store; it holds no connection while the loop's body
// runs. It ends after an error.
func (t *Tracker) Find(ctx context.Context, person conversation.Person) iter.Seq2[string, error] {
	q := store.PersonQuery{Person: person}
	return paged(ctx, func(after string) ([]string, string, error) {
		q.After = after
		page, err := t.store.Find(ctx, q)
		return page.IDs, page.Next, err
	})
}
