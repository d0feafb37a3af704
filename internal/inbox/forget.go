package inbox

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// noticeKey begins the keys of notices: entries that tell a process which
// conversations were forgotten, by the digests of their ids. The process lets go
// of them and removes the notice.
const noticeKey = "forgotten/"

func isNotice(e *store.Entry) bool { return strings.HasPrefix(e.Key, noticeKey) }

// mostInNotice is of how many conversations one notice tells.
const mostInNotice = 1000

// Tell deposits notices for processes, and returns their names.
func (b *Inbox) Tell(ctx context.Context, owners, digests []string) ([]store.EntryKey, error) {
	now := b.stamp()
	var entries []store.Entry
	for _, owner := range owners {
		for rest := digests; len(rest) > 0; {
			n := min(len(rest), mostInNotice)
			entries = append(entries, store.Entry{Key: noticeKey + rand.Text(), Owner: owner, At: now, Data: []byte(strings.Join(rest[:n], " "))})
			rest = rest[n:]
		}
	}
	names := make([]store.EntryKey, len(entries))
	for i := range entries {
		names[i] = entries[i].Name()
	}
	return names, b.Store.Deposit(ctx, entries)
}

// Untaken returns which of the notices are still there.
func (b *Inbox) Untaken(ctx context.Context, notices []store.EntryKey) (left []store.EntryKey, err error) {
	wanted := map[store.EntryKey]bool{}
	var after store.EntryKey
	for _, key := range notices {
		wanted[key] = true
		after.At = key.At.Add(-time.Microsecond)
	}
	err = b.each(ctx, after, func(e *store.Entry) {
		if wanted[e.Name()] {
			left = append(left, e.Name())
		}
	})
	return left, err
}

// Withdraw removes notices.
func (b *Inbox) Withdraw(ctx context.Context, notices []store.EntryKey) error {
	if len(notices) == 0 {
		return nil
	}
	_, err := b.Commits.Commit(ctx, store.Batch{Taken: notices})
	return err
}

// readNotice lets go of what was forgotten, and removes the notice.
func (b *Inbox) readNotice(ctx context.Context, e *store.Entry) {
	digests := map[string]bool{}
	for _, d := range strings.Fields(string(e.Data)) {
		digests[d] = true
	}
	key := e.Name()
	b.beside.Go(func() {
		b.LetGo(ctx, digests)
		b.end(key, b.Withdraw(ctx, []store.EntryKey{key}))
	})
}

// Strike takes what was heard of forgotten conversations out of all inboxes.
// What is deposited meanwhile its owner takes, and drops.
func (b *Inbox) Strike(ctx context.Context, digests map[string]bool) error {
	var taken []store.EntryKey
	var changed []store.Entry
	err := b.each(ctx, store.EntryKey{}, func(e *store.Entry) {
		if e.ConversationID != "" || isNotice(e) {
			return
		}
		heard, err := unbundle(e.Data)
		if err != nil {
			return // whoever can read it drops what is forgotten
		}
		kept, raw := 0, []byte(nil)
		for _, c := range heard {
			if !digests[store.Digest(c.ID)] {
				kept++
				raw = appendPacked(raw, c)
			}
		}
		switch kept {
		case len(heard):
		case 0:
			taken = append(taken, e.Name())
		default:
			changed = append(changed, store.Entry{Key: e.Key, Owner: e.Owner, At: e.At.Add(time.Microsecond), Data: compressed(nil, raw)})
		}
	})
	if err == nil && len(changed) > 0 {
		err = b.Store.Deposit(ctx, changed)
	}
	if err == nil {
		err = b.Withdraw(ctx, taken)
	}
	return err
}

// each reads all entries of all owners behind a name, page by page.
func (b *Inbox) each(ctx context.Context, after store.EntryKey, do func(e *store.Entry)) error {
	q := store.InboxQuery{Limit: atOnce, After: after} // nobody is alive, so all entries are given
	for {
		entries, err := b.Store.Inbox(ctx, q)
		if err != nil {
			return err
		}
		for i := range entries {
			do(&entries[i])
		}
		if len(entries) < q.Limit {
			return nil
		}
		q.After = entries[len(entries)-1].Name()
	}
}
