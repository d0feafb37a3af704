package convtrack

import (
	"context"
	"fmt"

	"github.com/dcmkit/convtrack/store"
)

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
