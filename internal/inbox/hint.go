package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// hintKey is the key of hints: one for each conversation.
const hintKey = "hint"

// mostReads is how many conversations are read at a time because of hints.
const mostReads = 8

var errNoRoom = errors.New("there is no room now")

// again is how long a read that failed waits for the next hint or look.
var again = events.Exponential(time.Second, 5*time.Minute)

// A Reader reads a conversation through the API. It returns nil when what it
// read is stored, and also when there is nothing to read.
type Reader interface {
	Read(ctx context.Context, conversationID string) error
}

// ReadBy says who reads conversations after hints; nil: nobody.
func (b *Inbox) ReadBy(r Reader) {
	b.mu.Lock()
	b.reader = r
	b.mu.Unlock()
	b.Look()
}

// Hint deposits hints and returns when they are durably stored.
func (b *Inbox) Hint(ctx context.Context, hints []conversation.Hint) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	entries := make([]store.Entry, len(hints))
	mine := false
	for i, h := range hints {
		owner := b.Members.Owner("", h.ConversationID)
		entries[i] = store.Entry{ConversationID: h.ConversationID, Key: hintKey, Owner: owner, At: now, Data: []byte(h.By)}
		mine = mine || owner == b.Name
	}
	if err := b.Deposit(ctx, entries); err != nil {
		return err
	}
	b.Counters.Hints.Add(int64(len(hints)))
	if mine {
		b.Look()
	}
	return nil
}

// readLater has the conversation read, when there is a place.
func (b *Inbox) readLater(ctx context.Context, key store.EntryKey) {
	b.mu.Lock()
	reader, said := b.reader, b.said
	b.said = b.said || reader == nil
	b.mu.Unlock()
	if reader == nil {
		if !said {
			b.Log.Warn("hints wait: none of the sources can read a conversation; give Run a source that asks the API, such as polling")
		}
		b.end(key, nil)
		return
	}
	b.reads.Go(func() {
		select {
		case b.slots <- struct{}{}:
			defer func() { <-b.slots }()
		case <-ctx.Done():
			return
		}
		b.readAfter(ctx, reader, key)
	})
}

// readAfter reads the conversation and removes the hint. One of a conversation
// that was vetoed costs no read.
func (b *Inbox) readAfter(ctx context.Context, reader Reader, key store.EntryKey) {
	records, err := b.Commits.Load(ctx, key.ConversationID)
	if err == nil && !records[0].Tombstone() {
		b.Counters.Reads.Add(1)
		err = b.guarded(ctx, reader, key.ConversationID)
	}
	if err == nil {
		_, err = b.Commits.Commit(ctx, store.Batch{Taken: []store.EntryKey{key}})
	}
	if err == nil || ctx.Err() != nil {
		b.forget(key.ConversationID)
		b.end(key, nil)
		b.Look() // another hint may have come meanwhile
		return
	}
	wait := again(b.failed(key.ConversationID))
	b.Log.Warn("a conversation cannot be read after a hint; it is tried again", "conversation", key.ConversationID, "again in", wait, "error", err)
	time.AfterFunc(wait, func() { b.end(key, errNoRoom) })
}

func (b *Inbox) failed(conversationID string) (times int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waits[conversationID]++
	return b.waits[conversationID]
}

func (b *Inbox) forget(conversationID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waits, conversationID)
}

// guarded calls the host's source.
func (b *Inbox) guarded(ctx context.Context, reader Reader, id string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("Read of the source panicked")
		}
	}()
	return reader.Read(ctx, id)
}
