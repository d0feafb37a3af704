package store

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Query selects conversations. Empty fields select everything.
type Query struct {
	Status []conversation.Status // any of these
	// StartedFrom is inclusive, StartedBefore exclusive.
	StartedFrom, StartedBefore time.Time
	// EndedFrom is inclusive, EndedBefore exclusive; either selects ended
	// conversations only.
	EndedFrom, EndedBefore time.Time
	// UserID selects conversations with this user as a participant, QueueID
	// those that came through this queue.
	UserID, QueueID string
	// Attribute selects by the host's attributes: all of these name-value pairs.
	Attribute map[string]string

	Order Order
	// Limit is the size of the page; 0 means 100, and more than 1000 means 1000.
	Limit int
	// After is the Next of the page before.
	After string
}

// Order is the order of a listing.
type Order uint8

// The orders. Conversations without the time come last; among equals the id
// decides.
const (
	OldestFirst Order = iota // by start
	NewestFirst              // by start
	LastChanged              // the most recently changed first
)

// The size of a page.
const (
	DefaultLimit = 100
	MostLimit    = 1000
)

// PageSize returns the size of the page that the limit asks for.
func PageSize(limit int) int {
	switch {
	case limit <= 0:
		return DefaultLimit
	case limit > MostLimit:
		return MostLimit
	}
	return limit
}

// Page is a part of a listing. Between two pages of a listing that is written
// to, a conversation may move, and so be missed or seen twice.
type Page struct {
	Conversations []*conversation.Conversation
	Next          string // empty on the last page
}

// FailedQuery selects what has failed.
type FailedQuery struct {
	Hook           string // empty: of all hooks
	ConversationID string // empty: of all conversations
	Limit          int    // as in Query
	After          string
}

// FailedItem is something that has failed: a delivery to an After hook, or a
// change that a Before hook refused.
type FailedItem struct {
	ID             string // for Decide
	Kind           FailedKind
	ConversationID string
	Event          Event // of a refused change only ID and Type are set
	Failure
}

// FailedKind is the kind of a failed item.
type FailedKind string

// The kinds.
const (
	FailedDelivery FailedKind = "delivery"
	FailedChange   FailedKind = "change"
)

// FailedPage is a part of the listing of what has failed.
type FailedPage struct {
	Items []FailedItem
	Next  string // empty on the last page
}
