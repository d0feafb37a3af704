package genesys

import (
	"bytes"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// decodeEnvelope decodes an EventBridge envelope (protocol 4.2). Rules of the
// customer can reshape its detail: then the detail-type names the topic, and
// the detail is its body.
func (r reader) decodeEnvelope(m *Message, data []byte, depth int) error {
	var e envelope
	if err := wire.Unmarshal(data, &e); err != nil {
		return refused("EventBridge envelope", err)
	}
	return r.decodeDetail(m, &e, depth)
}

// envelope is what EventBridge puts around an event.
type envelope struct {
	ID         string         `json:"id"`
	DetailType string         `json:"detail-type"`
	Time       string         `json:"time"`
	Detail     jsontext.Value `json:"detail"`
}

// seemsEnvelope looks at the beginning of a message, where the detail-type of an
// envelope usually is.
func seemsEnvelope(data []byte) bool {
	return bytes.Contains(data[:min(len(data), 200)], []byte(`"detail-type"`))
}

// decodeEnveloped decodes a frame in an envelope in one pass. done is false for
// everything else, and for what needs tolerance.
func (r reader) decodeEnveloped(m *Message, data []byte) (done bool, err error) {
	var p plainBody
	e, err := wire.Enveloped(data, seemsLive(data), p.of)
	if err != nil || p.body == nil {
		return false, nil //nolint:nilerr // another way of reading says what is wrong
	}
	m.EnvelopeID = e.ID
	if r.delivered {
		r.read = madeAt(e.Timestamp, e.Time, r.read)
	}
	return true, r.takePlain(m, &p)
}

// decodeDetail decodes what is in an envelope.
func (r reader) decodeDetail(m *Message, e *envelope, depth int) error {
	if e.Detail.Kind() != '{' {
		return refuse("EventBridge envelope", "its detail is not an object")
	}
	m.EnvelopeID = e.ID
	if r.delivered {
		r.read = madeAt(textOf(e.Detail, "timestamp"), e.Time, r.read)
	}
	if depth < mostWraps {
		if done, err := r.decodeFrame(m, e.Detail); done {
			return err
		}
	}
	names, err := topLevelNames(e.Detail)
	switch {
	case err != nil:
		return refused("EventBridge envelope", err)
	case textOf(e.Detail, "topicName") != "" || !isTopic(e.DetailType):
		return r.decode(m, e.Detail, depth+1)
	case names.has("eventBody"):
		body, err := memberOf(e.Detail, "eventBody")
		if err != nil {
			return refused("EventBridge envelope", err)
		}
		return r.decodeBody(m, e.DetailType, body)
	}
	return r.decodeBody(m, e.DetailType, e.Detail)
}

// textOf returns a text in the detail of an envelope; empty: there is none.
func textOf(detail jsontext.Value, member string) string {
	v, err := memberOf(detail, member)
	if err != nil || v.Kind() != '"' {
		return ""
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return ""
	}
	return string(text)
}

// mostAhead is by how much what made a message may seem to be ahead of who reads
// it: clocks differ, and that of a reader may be behind.
const mostAhead = time.Minute

// madeAt returns when a message was made: by the timestamp inside, else by the
// envelope's own time, which is in whole seconds. What lies far ahead is no such
// time, and the message counts as made when it was read.
func madeAt(inside, own string, read time.Time) time.Time {
	for _, text := range []string{inside, own} {
		made, err := time.Parse(time.RFC3339, text)
		switch {
		case err != nil || made.Year() < 2000:
			continue
		case made.Sub(read) > mostAhead:
			return read
		}
		return made
	}
	return read
}

// isTopic reports whether a detail-type names a topic.
func isTopic(detailType string) bool { return strings.HasPrefix(detailType, "v2.") }

// decodeWrapped decodes what SQS, SNS and Lambda wrap: text that holds JSON,
// an object, or a list of either.
func (r reader) decodeWrapped(m *Message, data []byte, member, what string, depth int) error {
	v, err := memberOf(data, member)
	if err != nil {
		return refused(what, err)
	}
	switch v.Kind() {
	case '"', '{':
		return r.decode(m, v, depth+1)
	case '[':
		return r.decodeElements(m, data, member, what, depth)
	case 'n':
		return nil
	}
	return refuse(what, "%s is neither text nor an object", member)
}

// decodeText decodes JSON inside a JSON string: an SQS body.
func (r reader) decodeText(m *Message, data []byte, depth int) error {
	text, err := jsontext.AppendUnquote(nil, data)
	if err != nil && (text == nil || moreThanOne(data)) { // else it has made text of what was none
		return refused("text", err)
	}
	inner := jsontext.Value(wire.Sanitize(text))
	if kind := inner.Kind(); kind != '{' && kind != '[' {
		return &DecodeError{What: "text", Reason: "it does not hold a JSON object", Err: ErrUnknownShape}
	}
	return r.decodeAll(m, inner, depth+1)
}
