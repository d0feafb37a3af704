package inbox

import (
	"context"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// handOn puts a hint into the inbox of a process that can read the conversation. That one
// may not look after it, so what the owner has in memory of a veto that was taken back is
// looked at here.
func (b *Inbox) handOn(ctx context.Context, hint store.Entry, to string) error {
	id := hint.ConversationID
	if b.Members.Owner("", id) != b.Name && !retry.Pause(ctx, readEvery) { // it may come back, from one that cannot read any more
		return ctx.Err()
	}
	select {
	case b.slots <- struct{}{}: // nobody reads here, and thousands may wait for the first process that can
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	records, err := b.Commits.Load(ctx, id)
	if err != nil {
		return err
	}
	if err := b.lookAgain(&records[0]); err != nil {
		return err
	}
	// It becomes a hint of this process: under the name of the other one it would be as
	// new as this clock, and hide a later one of that.
	was := hint.Name()
	hint.Key, hint.Owner = hintKey+b.Name, to
	now := b.Now()
	if was.Key == hint.Key && !now.After(hint.At) { // of an earlier life, whose clock was ahead
		now = hint.At.Add(time.Microsecond)
	}
	hint.At = b.stamps.After(now)
	if err := b.Store.Deposit(ctx, []store.Entry{hint}); err != nil || was.Key == hint.Key {
		return err
	}
	return b.Withdraw(ctx, []store.EntryKey{was})
}

// lookAgain has the lane of a conversation look whether its tombstone has gone, where a
// veto was taken back.
func (b *Inbox) lookAgain(r *store.Record) error {
	if r.Refused == nil || !r.Refused.Overruled {
		return nil
	}
	return b.Lanes.Reload(r.ID)
}
