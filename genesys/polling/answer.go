package polling

import (
	"bytes"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// The elements of an answer are decoded one by one, so that a bad one does not
// affect the others. Its members show whether it answers what was asked; a body
// that does not, such as a proxy's page, is an error of the request and never
// taken for an empty result.

// conversationPage is a page of conversations: of the details query, of several
// conversations by id, of the results of a job.
type conversationPage struct {
	Conversations elements       `json:"conversations"`
	TotalHits     jsontext.Value `json:"totalHits"`
	Aggregations  jsontext.Value `json:"aggregations"`
	AvailableTo   jsontext.Value `json:"dataAvailabilityDate"`
	Cursor        string         `json:"cursor"`
}

func readConversations(body []byte) (*conversationPage, error) {
	p := &conversationPage{}
	if err := unmarshal(body, p); err != nil {
		return nil, err
	}
	// A page without results has no list (protocol 6.5).
	if !p.Conversations.given && p.TotalHits == nil && p.Aggregations == nil && p.AvailableTo == nil && p.Cursor == "" && !emptyObject(body) {
		return nil, notUnderstood("it is no page of conversations")
	}
	return p, nil
}

// asOf returns as of when a page says what it says: when the request was sent, or up
// to when its data reaches, if that is earlier. otherwise takes the place of a date
// that the page does not give; zero: its data reaches up to now.
func (p *conversationPage) asOf(sent, otherwise time.Time) time.Time {
	until := otherwise
	var given time.Time
	if json.Unmarshal(p.AvailableTo, &given) == nil && !given.IsZero() {
		until = given
	}
	return earlier(sent, until)
}

// entityPage is a page of the quality API.
type entityPage struct {
	Entities elements `json:"entities"`
	NextURI  string   `json:"nextUri"`
}

func readEntities(body []byte) (*entityPage, error) {
	p := &entityPage{}
	if err := unmarshal(body, p); err != nil {
		return nil, err
	}
	if !p.Entities.given && !emptyObject(body) {
		return nil, notUnderstood("it is no list of entities")
	}
	return p, nil
}

// readList reads an answer that is a plain list.
func readList(body []byte) (*elements, error) {
	l := &elements{}
	if err := unmarshal(body, l); err != nil {
		return nil, err
	}
	if jsontext.Value(body).Kind() == 'n' {
		return nil, notUnderstood("it is no list")
	}
	return l, nil
}

// elements are the elements of a list, not decoded yet.
type elements struct {
	given  bool // the list is there, though it may be empty
	values []jsontext.Value
}

// UnmarshalJSONFrom reads a list. The platform writes an empty one also as null
// and as {}.
func (e *elements) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	e.given = true
	if dec.PeekKind() != '[' {
		v, err := dec.ReadValue()
		if err == nil && v.Kind() != 'n' && !emptyObject(v) {
			err = fmt.Errorf("a list is expected")
		}
		return err
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		v, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if v.Kind() != 'n' && !emptyObject(v) {
			e.values = append(e.values, v.Clone())
		}
	}
	_, err := dec.ReadToken()
	return err
}

// unmarshal decodes the envelope of an answer; its elements are decoded later.
func unmarshal(body []byte, into any) error {
	if json.Unmarshal(body, into, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) != nil {
		// The decoder's error is not shown: it can quote the answer.
		return notUnderstood("it is not JSON, or not whole, or of another shape")
	}
	return nil
}

func notUnderstood(why string) error { return fmt.Errorf("%w: %s", genesys.ErrNotUnderstood, why) }

func emptyObject(v []byte) bool {
	v = bytes.TrimSpace(v)
	return len(v) >= 2 && v[0] == '{' && v[len(v)-1] == '}' && len(bytes.TrimSpace(v[1:len(v)-1])) == 0
}

// decode decodes elements, and notes those that are not understood. An answer
// of which no element is understood is not understood as a whole. What it says
// counts as of a time, such as when the request was sent: an event that arrives
// after that is newer.
func (m *malformed) decode(what string, asOf time.Time, list []jsontext.Value) ([]*conversation.Conversation, error) {
	var found []*conversation.Conversation
	for _, v := range list {
		d, err := genesys.Decode(v, asOf)
		if err == nil && len(d.Conversations) == 0 {
			err = notUnderstood("it says nothing about a conversation")
		}
		if err != nil {
			m.note(what, v, err)
		}
		found = append(found, d.Conversations...)
	}
	if len(list) > 0 && len(found) == 0 {
		return nil, notUnderstood("nothing in it is")
	}
	return found, nil
}
