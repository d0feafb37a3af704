package rows

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dcmkit/convtrack/store"
)

// Storable returns s as every database can keep it: PostgreSQL refuses the zero
// byte and what is not UTF-8, and SQLite has functions that stop there. Genesys
// sends neither, but the error of a hook may be anything.
func Storable(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

// Copy returns a record that shares nothing with r but the conversation, and is
// of the id that was asked for: what is stored may be what Storable made of it.
func Copy(r *store.Record, id string) store.Record {
	c := *r
	c.ID = id
	c.Announced, c.Pending, c.Backlog = slices.Clone(r.Announced), slices.Clone(r.Pending), slices.Clone(r.Backlog)
	if c.Conversation != nil && c.Conversation.ID != id {
		renamed := *c.Conversation
		renamed.ID, c.Conversation = id, &renamed
	}
	if r.Refused != nil {
		refused := *r.Refused
		if refused.Facts != nil && refused.Facts.ID != id {
			renamed := *refused.Facts
			renamed.ID, refused.Facts = id, &renamed
		}
		c.Refused = &refused
	}
	return c
}
