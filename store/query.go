package store

import (
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Query selects conversations. Empty fields select everything.
type Query struct {
	Status []conversation.Status // any of these
	// Open selects those that have not ended, whatever else their status is.
	Open bool
	// Media selects conversations that have, or had, a leg of any of these media.
	Media     []conversation.MediaType
	Direction conversation.Direction
	// StartedFrom is inclusive, StartedBefore exclusive.
	StartedFrom, StartedBefore time.Time
	// EndedFrom is inclusive, EndedBefore exclusive; either selects ended
	// conversations only.
	EndedFrom, EndedBefore time.Time
	// ChangedSince selects what was written at or after that time, by the clock
	// of the store. A change can become visible after a later one, while its
	// transaction lasts: who asks again and again for what is new lets the times
	// overlap by as much.
	ChangedSince time.Time
	// PresentUserID selects conversations to which this user is connected now,
	// PresentQueueID those that wait in this queue now; see
	// [conversation.Conversation.PresentUsers] and PresentQueues.
	PresentUserID, PresentQueueID string
	// EverUserID selects conversations that have, or had, this user as a
	// participant, EverQueueID those that came through this queue.
	EverUserID, EverQueueID string
	// Address selects by where the customer calls or writes from, or is called or
	// written to, in any spelling; see [conversation.Customer].
	Address string
	// Attribute selects by the host's attributes: all of these name-value pairs.
	Attribute map[string]string

	Order Order
	// Limit is the size of the page; 0 means 100, and more than 1000 means 1000.
	Limit int
	// After is the Next of the page before.
	After string
	// Scan is how many conversations may be looked at for one page, one after the
	// other in the order of the listing, where no index finds a few that can be
	// meant; a store may look at some more. Then a page can have fewer than Limit,
	// or none, and yet a Next: behind what was looked at. So a page takes a time that
	// does not depend on how many conversations there are. 0: as many as it takes.
	Scan int
}

// Selects reports whether the query selects a conversation that was last written
// at the given time: what every store must do, in plain words.
func (q *Query) Selects(c *conversation.Conversation, changed time.Time) bool {
	return q.selectsState(c) && q.selectsPeople(c) &&
		between(c.Start, q.StartedFrom, q.StartedBefore) && between(c.End, q.EndedFrom, q.EndedBefore) && !changed.Before(q.ChangedSince)
}

func (q *Query) selectsState(c *conversation.Conversation) bool {
	for name, value := range q.Attribute {
		if got, set := c.Attributes[name]; !set || got != value {
			return false
		}
	}
	return (len(q.Status) == 0 || slices.Contains(q.Status, c.Status)) && (!q.Open || c.Status != conversation.StatusEnded) &&
		(len(q.Media) == 0 || slices.ContainsFunc(c.MediaTypes(), func(m conversation.MediaType) bool { return slices.Contains(q.Media, m) })) &&
		(q.Direction == "" || c.OriginatingDirection == q.Direction)
}

func (q *Query) selectsPeople(c *conversation.Conversation) bool {
	if q.Address != "" {
		customer, _ := c.Customer()
		if address := conversation.Address(q.Address); address == "" || address != customer.Address {
			return false
		}
	}
	return (q.PresentUserID == "" || slices.Contains(c.PresentUsers(), q.PresentUserID)) &&
		(q.PresentQueueID == "" || slices.Contains(c.PresentQueues(), q.PresentQueueID)) &&
		(q.EverUserID == "" || slices.ContainsFunc(c.Participants, func(p *conversation.Participant) bool { return p.UserID == q.EverUserID })) &&
		(q.EverQueueID == "" || slices.ContainsFunc(c.Participants, func(p *conversation.Participant) bool { return throughQueue(p, q.EverQueueID) }))
}

func throughQueue(p *conversation.Participant, id string) bool {
	return p.QueueID == id || slices.ContainsFunc(p.Sessions, func(s *conversation.Session) bool { return s.QueueID == id })
}

// between reports whether t lies in the interval; an unknown time does only
// when there is none.
func between(t, from, before time.Time) bool {
	if from.IsZero() && before.IsZero() {
		return true
	}
	return !t.IsZero() && !t.Before(from) && (before.IsZero() || t.Before(before))
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

// Page is a part of a listing. Only with [Query.Scan] one that is not the last can
// be short. Between two pages of a listing that is written
// to, a conversation may move, and so be missed or seen twice.
type Page struct {
	Conversations []*conversation.Conversation
	Next          string // empty on the last page
}

// FailedQuery selects what has failed.
type FailedQuery struct {
	Hook           string // empty: of all hooks
	ConversationID string // empty: of all conversations
	Type           string // of the event; empty: of all types
	// From is inclusive, Before exclusive: when it failed last.
	From, Before time.Time

	Limit int // as in Query
	After string
}

// Selects reports whether the query selects the item, on whichever page.
func (q *FailedQuery) Selects(p *FailedItem) bool {
	return (q.Hook == "" || q.Hook == p.Hook) && (q.ConversationID == "" || q.ConversationID == p.ConversationID) &&
		(q.Type == "" || q.Type == p.Event.Type) && !p.At.Before(q.From) && (q.Before.IsZero() || p.At.Before(q.Before))
}

// FailedItem is something that has failed: a delivery to an After hook, or a
// change that a Before hook refused.
type FailedItem struct {
	ID             string // for Decide
	Kind           FailedKind
	ConversationID string
	Event          Event // of a refused change only ID and Type are set
	Failure
	// Since is when the first fact of a change was kept aside, Next when its hooks
	// are asked again by themselves. Next is zero when somebody has to decide, as
	// it always is of a delivery.
	Since, Next time.Time
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
	// Next goes on behind the last item of this page, whatever becomes of that: who
	// decides on what has failed does so page by page. It is empty on the last page.
	Next string
}
