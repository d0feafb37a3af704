package genesys

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// Decode decodes a JSON value of any of the shapes in the package comment, or
// several, one after the other.
//
// read is when the message was read. It settles which of two snapshots of the
// live API is newer, as those carry no time; pass the zero time where it is
// not known, as in a replay, and the latest time that the message mentions is
// used. Of several in one message the later one is the newer.
//
// When a part of a message cannot be understood (one conversation of a page,
// a session without an id, what is behind the last value), Decode returns what
// it understood together with an error that joins a [DecodeError] for each such
// part, up to 20; see [Refusals]. Use the message and report the error. It keeps nothing
// of data.
func Decode(data []byte, read time.Time) (*Message, error) {
	return reader{read: read}.decodeWhole(data)
}

// DecodeDelivered decodes what is delivered late, again or out of order: what
// came from a queue or a stream. It is [Decode], but an EventBridge envelope, or the
// detail of one, that says when it was made counts as read then, so that a snapshot that
// is delivered again does not count as newer than those after it. That may be up to a
// minute after read, as clocks differ.
func DecodeDelivered(data []byte, read time.Time) (*Message, error) {
	return reader{read: read, delivered: true}.decodeWhole(data)
}

// DecodeNth decodes the nth of the messages of a file, of which nobody knows
// when they were read. It is [Decode] with the zero time, but of snapshots that
// mention the same latest time the later one in the file is the newer, also when a
// message holds several, up to 16 of a conversation.
func DecodeNth(data []byte, n int) (*Message, error) {
	return reader{nth: n}.decodeWhole(data)
}

func (r reader) decodeWhole(data []byte) (*Message, error) {
	m := &Message{}
	err := r.decodeAll(m, wire.Sanitize(data), 0)
	settle(m, err)
	return m, err
}

// decodeAll decodes a document, or several that come one after the other, of
// which decode refuses the whole.
func (r reader) decodeAll(m *Message, data []byte, depth int) error {
	err := r.decode(m, data, depth)
	if err != nil && moreThanOne(data) {
		return r.decodeEach(m, data, "message", depth)
	}
	return err
}

// mostWraps is how many envelopes may be in each other: SNS in SQS around
// EventBridge makes three.
const mostWraps = 6

// decode decodes a document; it states nothing of one with something behind it.
func (r reader) decode(m *Message, data []byte, depth int) error {
	if depth > mostWraps {
		return refuse("message", "too many envelopes in each other")
	}
	switch kind := jsontext.Value(data).Kind(); kind {
	case '{':
	case '[':
		return r.decodeList(m, data, depth)
	case '"':
		return r.decodeText(m, data, depth)
	default:
		if !jsontext.Value(data).IsValid() {
			return refuse("message", "not valid JSON")
		}
		return &DecodeError{What: "message", Reason: "expected an object", Err: ErrUnknownShape}
	}
	if depth < mostWraps && seemsEnvelope(data) {
		if done, err := r.decodeEnveloped(m, data); done {
			return err
		}
	}
	if done, err := r.decodeFrame(m, data); done {
		return err
	}
	names, err := topLevelNames(data)
	if err != nil {
		return refused("message", err)
	}
	return r.decodeObject(m, data, names, depth)
}

// decodeObject decodes an object that is not a plain WebSocket frame.
func (r reader) decodeObject(m *Message, data []byte, names nameSet, depth int) error {
	has := names.has
	switch {
	case has("topicName") && has("eventBody"):
		return r.decodeFrameOdd(m, data, depth)
	case has("detail-type") && has("detail"):
		return r.decodeEnvelope(m, data, depth)
	case has("Type") && has("Message"):
		return r.decodeWrapped(m, data, "Message", "SNS notification", depth)
	case has("Body"):
		return r.decodeWrapped(m, data, "Body", "SQS message", depth)
	case has("body"):
		return r.decodeWrapped(m, data, "body", "SQS record", depth)
	case has("Sns") && has("EventSource"):
		return r.decodeWrapped(m, data, "Sns", "SNS record", depth)
	case isStreamRecord(names):
		return r.decodeStreamRecord(m, data, "data", depth)
	case has("Data") && has("PartitionKey"):
		return r.decodeStreamRecord(m, data, "Data", depth)
	case has("kinesis"):
		return r.decodeWrapped(m, data, "kinesis", "Kinesis record", depth)
	case has("records"):
		return r.decodeWrapped(m, data, "records", "Firehose event", depth)
	case has("Messages"):
		return r.decodeWrapped(m, data, "Messages", "SQS answer", depth)
	case has("Records"):
		return r.decodeWrapped(m, data, "Records", "Lambda event", depth)
	case has("conversations"):
		return r.decodeElements(m, data, "conversations", "page of conversations", depth)
	case has("entities"):
		return r.decodeElements(m, data, "entities", "listing", depth)
	}
	return r.decodeFacts(m, data, names)
}

// decodeFacts decodes an object that holds no other message.
func (r reader) decodeFacts(m *Message, data []byte, names nameSet) error {
	has := names.has
	switch {
	case isMetric(has):
		return r.decodeMetric(m, data, "")
	case isRecord(has) || has("conversationId") && has("originatingDirection"):
		return r.decodeAnalytics(m, data)
	case has("id") && has("participants"):
		return r.decodeREST(m, data)
	case isEvaluation(has):
		return r.decodeEvaluation(m, data)
	case isSurvey(has):
		return r.decodeSurvey(m, data)
	case has("eventTime") && has("conversationId"):
		return &DecodeError{What: "detail event", Reason: "its topic is missing, and only the topic says what it means", Err: ErrUnknownShape}
	case isOther(has):
		return nil
	}
	return &DecodeError{What: "message", Reason: "the object is of no shape that is known here", Err: ErrUnknownShape}
}

// isMetric recognises a metric record, which has members of a conversation's
// record, too.
func isMetric(has func(string) bool) bool { return has("metric") && has("conversationId") }

// isRecord recognises an analytics conversation.
func isRecord(has func(string) bool) bool {
	return has("conversationId") && (has("conversationStart") || has("conversationEnd") || has("participants") && !has("id"))
}

// isOther recognises answers of the API around conversations: an empty page,
// the states of a query job, a subscription.
func isOther(has func(string) bool) bool {
	switch {
	case has("totalHits"), has("aggregations"), has("dataAvailabilityDate"), has("jobId"):
		return true
	case has("state") && (has("submissionDate") || has("expirationDate") || has("completionDate")):
		return true
	case has("connectUri"), has("id") && has("state") && has("selfUri"):
		return true
	case has("result") && has("status"): // the answer to a subscription on the socket
		return true
	}
	return false
}

// nameSet are the names of an object's members.
type nameSet map[string]bool

func (s nameSet) has(name string) bool { return s[name] }

func topLevelNames(data []byte) (nameSet, error) {
	names := nameSet{}
	err := eachMember(data, func(name string, dec *jsontext.Decoder) (bool, error) {
		names[name] = true
		return true, dec.SkipValue()
	})
	return names, err
}

// eachMember calls do with each member of the object in data, to read its
// value; do returns whether to go on.
func eachMember(data []byte, do func(name string, dec *jsontext.Decoder) (bool, error)) error {
	return wire.Scan(data, func(dec *jsontext.Decoder) error {
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for dec.PeekKind() == '"' {
			name, err := dec.ReadToken()
			if err != nil {
				return err
			}
			if more, err := do(name.String(), dec); err != nil || !more {
				return err
			}
		}
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		return wire.End(dec)
	})
}

// decodeList decodes an array: the surveys of a conversation come so, and
// whoever gathers messages writes one.
func (r reader) decodeList(m *Message, data []byte, depth int) error {
	var values []jsontext.Value
	if err := wire.Unmarshal(data, &values); err != nil {
		return refused("list", err)
	}
	return r.decodeValues(m, values, "element", depth+1)
}

// decodeElements decodes the elements of the named member.
func (r reader) decodeElements(m *Message, data []byte, member, what string, depth int) error {
	v, err := memberOf(data, member)
	if err != nil {
		return refused(what, err)
	}
	switch v.Kind() {
	case 'n':
		return nil
	case '{':
		if names, err := topLevelNames(v); err == nil && len(names) == 0 {
			return nil // empty, in one of the platform's spellings
		}
		return refuse(what, "%s is not an array", member)
	case '[':
	default:
		return refuse(what, "%s is not an array", member)
	}
	var values []jsontext.Value
	if err := wire.Unmarshal(v, &values); err != nil {
		return refused(what, err)
	}
	return r.decodeValues(m, values, what, depth+1)
}

// mostRefused is how many values of a message may say nothing that is understood:
// those behind are not looked at.
const mostRefused = 1 << 14

// decodeValues decodes values of which the later ones count as newer.
func (r reader) decodeValues(m *Message, values []jsontext.Value, what string, depth int) error {
	if r.values == nil {
		r.values = &together{said: map[string]int{}}
	}
	var all refusals
	for i, v := range values {
		if r.values.refused >= mostRefused {
			all.leaveOut(len(values)-i, "")
			break
		}
		understood := len(m.Conversations)
		if err := r.decode(m, v, depth); err != nil {
			all.add(inElement(what, i, err))
			if len(m.Conversations) == understood {
				r.values.refused++
			}
		}
	}
	return all.err()
}

// memberOf returns the named member of the object in data.
func memberOf(data []byte, name string) (jsontext.Value, error) {
	value := jsontext.Value("null")
	err := eachMember(data, func(member string, dec *jsontext.Decoder) (bool, error) {
		if member != name {
			return true, dec.SkipValue()
		}
		v, err := dec.ReadValue()
		value = v.Clone()
		return false, err
	})
	return value, err
}
