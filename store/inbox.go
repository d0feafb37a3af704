package store

import (
	"cmp"
	"time"
)

// Entry is something heard of a conversation, or of several ones, that waits in
// the inbox of the process that looks after it, or of the one that looked after it
// last. The conversation needs not be stored yet.
type Entry struct {
	ConversationID string // empty: it is of several ones
	// Key tells the entry from the others of the conversation: of two with the
	// same key the later one is kept. Like all ids it should be short: some
	// databases take no more than two kilobytes.
	Key   string
	Owner string    // the process that is to take it
	At    time.Time // when it was heard
	Data  []byte    // opaque
}

// EntryKey names an entry as it was read. One that was replaced by a later one
// since is not meant.
type EntryKey struct {
	ConversationID string
	Key            string
	At             time.Time
}

// Name returns the name of the entry.
func (e *Entry) Name() EntryKey { return EntryKey{e.ConversationID, e.Key, e.At} }

// Compare orders entries by their time; among equals the ids decide.
func (k EntryKey) Compare(other EntryKey) int {
	return cmp.Or(k.At.Compare(other.At), cmp.Compare(k.ConversationID, other.ConversationID), cmp.Compare(k.Key, other.Key))
}

// InboxQuery asks for the entries of an owner, and of those that are gone.
type InboxQuery struct {
	Owner string
	// Alive are the owners that take their entries themselves. The entries of
	// all others are given to whoever asks, as those of Owner are.
	Alive []string
	// Limit is how many entries are given at most.
	Limit int
	// Except are entries that the caller has already: they are left out. One that
	// was replaced by a later one since is not meant.
	Except []EntryKey
	// After is the name of the last entry of the page before; the zero value
	// begins with the oldest entry. A reader that cannot use an entry yet goes on behind
	// it, so that it holds up no other.
	After EntryKey
}
