package rows

import (
	"strings"
	"unicode/utf8"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
)

// Place is a column of a table.
type Place struct {
	Of     Entity
	Column string
}

// Users are the columns that name a user, InMore those whose JSON may name one, and
// Addresses those that have addresses in them: all that
// [conversation.Conversation.TookPart] looks at.
var (
	InMore = []Place{{Conversation, "more"}, {Session, "more"}, {Segment, "more"}, {Evaluation, "more"}}
	Users  = []Place{{Participant, "user_id"}, {Transfer, "initiator_user_id"}, {Transfer, "destination_user_id"}, {Survey, "user_id"},
		{Evaluation, "user_id"}, {Evaluation, "evaluator_id"}}
	Addresses = []Place{{Participant, "address"}, {Participant, "ani"}, {Participant, "dnis"},
		{Session, "ani"}, {Session, "dnis"}, {Session, "address_from"}, {Session, "address_to"}, {Session, "address_self"}, {Session, "address_other"},
		{Session, "more"}, {Transfer, "destination_address"}}
)

// MarkOf is a part of an id that is in a JSON text in which the id is, however that was
// written: the longest one of letters, digits and hyphens.
func MarkOf(id string) (mark string) {
	for _, part := range strings.FieldsFunc(id, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		if len(part) > len(mark) {
			mark = part
		}
	}
	return mark
}

// MarkIn is what the column has in it where the mark of an address is: JSON writes some
// signs otherwise.
func (p Place) MarkIn(mark string) string {
	if p.Column == "more" {
		return plainOf(mark)
	}
	return mark
}

// plainOf is the longest part of a text that a JSON text in which the text is has in
// it as it is.
func plainOf(s string) (plain string) {
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError }) {
		if len(part) > len(plain) {
			plain = part
		}
	}
	return plain
}

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
