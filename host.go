package convtrack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// SetAttributes states attributes of the host's own of a conversation, such as the
// id of a case; those that are not named stay as they are, and of two values the
// later one wins; where two processes state them, or a process begins anew, by their clocks. It is as durable as Observe, and needs Run as that does. A
// conversation that is not tracked yet is from then on, with all that this
// announces; one that was vetoed is not.
//
// A Before hook sets them with SetAttribute of its event, in the transaction.
func (t *Tracker) SetAttributes(ctx context.Context, conversationID string, attributes map[string]string) error {
	if len(attributes) == 0 {
		return errors.New("convtrack: SetAttributes was given no attributes")
	}
	return t.state(ctx, &conversation.Conversation{ID: conversationID, Attributes: maps.Clone(attributes)})
}

// SetInitiatedBy states which system began a conversation:
// conversation.InitiatedByDCM for one that the host has created through the API.
// Say it before Genesys says anything of the conversation, as soon as its id is
// known, so that conversation.created has it. It is otherwise as SetAttributes.
func (t *Tracker) SetInitiatedBy(ctx context.Context, conversationID string, by conversation.InitiatedBy) error {
	if by == "" {
		return errors.New("convtrack: SetInitiatedBy was not given who began the conversation: conversation.InitiatedByGenesys or InitiatedByDCM")
	}
	return t.state(ctx, &conversation.Conversation{ID: conversationID, InitiatedBy: by})
}

// state observes what the host itself says.
func (t *Tracker) state(ctx context.Context, c *conversation.Conversation) error {
	now := t.engine.Stated.After(time.Now())
	return t.Observe(ctx, conversation.Update{Conversations: []*conversation.Conversation{
		conversation.State(c, conversation.Statement{By: conversation.SourceHost, At: now, Seen: now})}})
}

// Track takes a veto back: the conversation that a Before hook did not want is
// tracked after all. It is read anew within a second, by the first source that is
// a [Reader], also when the process dies meanwhile; until then what any source
// says of it is its beginning, too. The Before hooks are asked about everything
// as of any other conversation, but no hook can veto its creation again.
//
// The error is store.ErrNotFound when nothing is known of the conversation, or it was forgotten,
// ErrNotVetoed when it is no vetoed one, and ErrNoReader when no source of this
// process can read it. Track needs Run.
func (t *Tracker) Track(ctx context.Context, id string) error {
	if err := outside(ctx); err != nil {
		return err
	}
	if err := t.engine.Begun(ctx); err != nil {
		return err
	}
	if !t.reads.Load() {
		return fmt.Errorf("conversation %q: %w", id, ErrNoReader)
	}
	was, err := t.engine.Lift(ctx, id)
	switch {
	case err != nil:
		return err
	case was.Version == 0, was.Forgotten:
		return fmt.Errorf("conversation %q: %w", id, store.ErrNotFound)
	case was.Vetoed == "" && (was.Refused == nil || !was.Refused.Overruled):
		return fmt.Errorf("conversation %q: %w", id, ErrNotVetoed)
	}
	return nil
}

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
	who := actor(ctx)
	if err != nil {
		t.log.ErrorContext(ctx, "not all was forgotten", "by", who, "conversations", len(ids), "stored", stored, "error", err)
		return stored, err
	}
	t.log.InfoContext(ctx, "forgotten", "by", who, "conversations", len(ids), "stored", stored)
	return stored, nil
}

type actorKey struct{}

// WithActor says on whose behalf conversations are forgotten, and is decided on
// what failed. It is written to the log as it is: take the name of an account, or
// the number of a request.
func WithActor(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

func actor(ctx context.Context) string {
	who, _ := ctx.Value(actorKey{}).(string)
	return who
}
