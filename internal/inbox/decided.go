package inbox

import (
	"context"
	"strings"

	"github.com/dcmkit/convtrack/store"
)

// decidedKey begins the keys of notices that somebody has decided on failed
// deliveries: the process looks for what is due, and removes the notice. There is
// one for each process at the most, of each that tells it: their clocks differ, as
// with hints.
const decidedKey = "decided/"

func isDecided(e *store.Entry) bool { return strings.HasPrefix(e.Key, decidedKey) }

// TellDecided deposits such notices for processes.
func (b *Inbox) TellDecided(ctx context.Context, owners []string) error {
	now := b.stamp()
	entries := make([]store.Entry, len(owners))
	for i, owner := range owners {
		entries[i] = store.Entry{Key: decidedKey + owner + "/" + b.Name, Owner: owner, At: now}
	}
	return b.Store.Deposit(ctx, entries)
}
