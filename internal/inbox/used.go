package inbox

import (
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/alarm"
	"github.com/dcmkit/convtrack/store"
)

// removeWithin is how long entries that are used up wait for a commit that takes
// them along.
const removeWithin = 250 * time.Millisecond

// used are entries of which everything is stored elsewhere. They are removed
// with the next commit, whatever that is about: until then nobody reads them.
type used struct {
	mu     sync.Mutex
	keys   []store.EntryKey
	remove *alarm.Alarm
}

func (u *used) add(keys ...store.EntryKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.keys) == 0 {
		u.remove.Set(time.Now().Add(removeWithin))
	}
	u.keys = append(u.keys, keys...)
}

// TakeUsed returns entries that are to be removed with a commit. Whoever takes
// them calls Removed or ReturnUsed.
func (b *Inbox) TakeUsed() []store.EntryKey {
	b.used.mu.Lock()
	defer b.used.mu.Unlock()
	keys := b.used.keys
	b.used.keys = nil
	return keys
}

// ReturnUsed says that the entries were not removed.
func (b *Inbox) ReturnUsed(keys []store.EntryKey) {
	if len(keys) > 0 {
		b.used.add(keys...)
	}
}

// Removed says that the entries are gone.
func (b *Inbox) Removed(keys []store.EntryKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		delete(b.current, key)
	}
}

// RemoveLoop removes what no commit takes along, until ctx ends.
func (b *Inbox) RemoveLoop(ctx context.Context) {
	for b.used.remove.Wait(ctx) {
		b.Remove(ctx)
	}
}

// Remove removes everything that is used up.
func (b *Inbox) Remove(ctx context.Context) {
	keys := b.TakeUsed()
	if len(keys) == 0 {
		return
	}
	if _, err := b.Commits.Commit(ctx, store.Batch{Taken: keys}); err != nil {
		b.Commits.Failed("removing what was taken from the inbox", err)
		b.ReturnUsed(keys)
		return
	}
	b.Removed(keys)
}
