package rows

import (
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
)

// Place is a column of a table.
type Place struct {
	Of     Entity
	Column string
}

// Users are the columns that name a user, and Addresses those that have
// addresses in them: all that [conversation.Conversation.TookPart] looks at.
var (
	Users = []Place{{Participant, "user_id"}, {Transfer, "initiator_user_id"}, {Transfer, "destination_user_id"}, {Survey, "user_id"},
		{Evaluation, "user_id"}, {Evaluation, "evaluator_id"}}
	Addresses = []Place{{Participant, "address"}, {Participant, "ani"}, {Participant, "dnis"},
		{Session, "ani"}, {Session, "dnis"}, {Session, "address_from"}, {Session, "address_to"}, {Session, "address_self"}, {Session, "address_other"},
		{Session, "more"}, {Transfer, "destination_address"}}
)

// People is the name of the listing of a person's conversations.
const People = "people"

// PageOf is the page of the records, in the order of their ids, that are of the
// person. There may be more when they are as many as the limit.
func PageOf(p conversation.Person, records []store.Record, limit int) (page store.IDPage) {
	for i := range records {
		if TookPart(p, &records[i]) {
			page.IDs = append(page.IDs, records[i].ID)
		}
	}
	if len(records) == limit {
		page.Next = cursor.Place{Listing: People, ID: records[len(records)-1].ID}.String()
	}
	return page
}

// TookPart reports whether the person took part in what is stored, or in what
// hooks refused.
func TookPart(p conversation.Person, r *store.Record) bool {
	return r.Conversation != nil && r.Conversation.TookPart(p) || r.Refused != nil && r.Refused.Facts != nil && r.Refused.Facts.TookPart(p)
}
