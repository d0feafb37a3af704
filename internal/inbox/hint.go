package inbox

import (
	"context"
	"strings"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// hintKey begins the keys of hints: for each conversation there is one of each
// process that was hinted at it. The clocks of processes differ: were there one
// for all of them, a hint could lose against an earlier one that is being read
// already. The keys of bundles do not begin so.
const hintKey = "hint/"

func isHint(e *store.Entry) bool { return strings.HasPrefix(e.Key, hintKey) }

// Hint deposits hints and returns when they are durably stored.
func (b *Inbox) Hint(ctx context.Context, hints []conversation.Hint) error {
	now := b.stamp()
	entries := make([]store.Entry, len(hints))
	mine := false
	for i, h := range hints {
		owner := b.Members.Owner("", h.ConversationID)
		entries[i] = store.Entry{ConversationID: h.ConversationID, Key: hintKey + b.Name, Owner: owner, At: now, Data: []byte(h.By)}
		mine = mine || owner == b.Name
	}
	if err := b.put(ctx, deposit{hints: entries}); err != nil {
		return err
	}
	b.Counters.Hints.Add(int64(len(hints)))
	if mine {
		b.Look()
	}
	return nil
}
