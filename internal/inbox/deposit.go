package inbox

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// Counters count since the start.
type Counters struct {
	Deposited, Taken, Hints, Reads atomic.Int64
}

// form is the first byte of an entry: how the rest is to be read. Another
// version of the module may write another one, while both run.
const form = 1

// EntryOf returns the entry for what was heard of a conversation.
func EntryOf(c *conversation.Conversation, owner string, now time.Time) store.Entry {
	at := conversation.Said(c)
	if at.IsZero() {
		at = now.UTC().Truncate(time.Microsecond)
	}
	digest := conversation.Digest(c)
	return store.Entry{ConversationID: c.ID, Key: hex.EncodeToString(digest[:16]), Owner: owner, At: at,
		Data: conversation.Pack([]byte{form}, conversation.Merge(nil, c))}
}

func read(e *store.Entry) (*conversation.Conversation, error) {
	if len(e.Data) == 0 || e.Data[0] != form {
		return nil, fmt.Errorf("an entry of conversation %q has a form that this version does not know", e.ConversationID)
	}
	c, err := conversation.Unpack(e.Data[1:])
	if err == nil && c.ID != e.ConversationID {
		err = fmt.Errorf("an entry of conversation %q is about another one", e.ConversationID)
	}
	return c, err
}

// deposits are entries on their way: what comes while the store writes goes with
// the next write.
type deposits struct {
	mu      sync.Mutex
	waiting []waiting
	closed  error // nobody writes any more
	wake    chan struct{}
}

type waiting struct {
	entries []store.Entry
	done    chan error
}

func newDeposits() deposits { return deposits{wake: make(chan struct{}, 1)} }

// Deposit returns when the entries are durably stored.
func (b *Inbox) Deposit(ctx context.Context, entries []store.Entry) error {
	w := waiting{entries, make(chan error, 1)}
	if err := b.deposit.add(w); err != nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *deposits) add(w waiting) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed != nil {
		return d.closed
	}
	d.waiting = append(d.waiting, w)
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return nil
}

// DepositLoop writes what is to be deposited, until ctx ends. stopped is the
// error of what comes then.
func (b *Inbox) DepositLoop(ctx context.Context, stopped error) {
	for {
		select {
		case <-b.deposit.wake:
			b.write(ctx)
		case <-ctx.Done():
			for _, w := range b.deposit.close(stopped) {
				w.done <- stopped
			}
			return
		}
	}
}

// close refuses everything that comes from now on and returns what waits.
func (d *deposits) close(err error) []waiting {
	d.mu.Lock()
	d.closed = err
	d.mu.Unlock()
	return d.take()
}

func (d *deposits) take() []waiting {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.waiting
	d.waiting = nil
	return all
}

func (b *Inbox) write(ctx context.Context) {
	all := b.deposit.take()
	var entries []store.Entry
	for _, w := range all {
		entries = append(entries, w.entries...)
	}
	if len(entries) == 0 {
		return
	}
	var err error
	for n := 1; ; n++ {
		if err = b.Store.Deposit(ctx, entries); err == nil {
			b.Counters.Deposited.Add(int64(len(entries)))
			break
		}
		b.Commits.Failed("depositing for other processes", err)
		if n >= b.Attempts || !retry.PauseForStore(ctx, n) {
			break
		}
	}
	for _, w := range all {
		w.done <- err
	}
}
