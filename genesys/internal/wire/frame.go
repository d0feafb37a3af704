package wire

import (
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotPlain says that a document is no frame, or none that can be read in one
// pass.
var ErrNotPlain = errors.New("not a plain frame")

// Frame reads a WebSocket frame in one pass: the topic's name comes before the
// body, so the body is read straight into what bodyOf returns for the topic,
// which is nil for topics without one. What is odd in any way is an error:
// Unmarshal says what is wrong with it, or tolerates it. It is fastest when live
// says rightly whether the body is a conversation of the live API.
func Frame(data []byte, live bool, bodyOf func(topic string) any) error {
	return readPlain(data, live, func(r *reader) error { return r.frame(bodyOf, nil) })
}

// Envelope is what EventBridge puts around a frame.
type Envelope struct {
	ID, DetailType, Time string
	Timestamp            string // of the frame
}

// Enveloped reads a frame inside an envelope, as Frame does.
func Enveloped(data []byte, live bool, bodyOf func(topic string) any) (e Envelope, err error) {
	err = readPlain(data, live, func(r *reader) error {
		e = Envelope{}
		return r.envelope(&e, bodyOf)
	})
	return e, err
}

func readPlain(data []byte, live bool, read func(r *reader) error) error {
	if live {
		err := readingPlain(data, read)
		if !errors.Is(err, errNotLive) {
			return err
		}
	}
	return Scan(data, func(dec *jsontext.Decoder) error {
		if err := reading(dec, utf8.Valid(data), read); err != nil {
			return err
		}
		return End(dec)
	})
}

// errNotLive: the body is not read by a reader.
var errNotLive = errors.New("the body is no live conversation")

func (r *reader) envelope(e *Envelope, bodyOf func(topic string) any) error {
	within := false
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "id":
			return r.unique(&e.ID)
		case "detail-type":
			return r.text(&e.DetailType)
		case "time":
			return r.unique(&e.Time)
		case "detail":
			within = true
			return r.frame(bodyOf, &e.Timestamp)
		case "topicName": // it is something else, too
			return ErrNotPlain
		}
		return r.skip()
	})
	if err == nil && (!within || e.DetailType == "") {
		err = ErrNotPlain
	}
	return err
}

// frame reads a frame; its timestamp, too, if somebody wants it.
func (r *reader) frame(bodyOf func(topic string) any, timestamp *string) error {
	var body any
	known := false
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "topicName":
			if r.PeekKind() != '"' {
				return ErrNotPlain
			}
			topic, err := r.quoted()
			if err == nil {
				body, known = bodyOf(string(topic)), true
			}
			return err
		case "eventBody":
			if body == nil {
				return ErrNotPlain
			}
			if c, ok := body.(*Conversation); ok {
				return c.read(r)
			}
			if r.plain != nil {
				return errNotLive
			}
			return json.UnmarshalDecode(r.dec, body, options)
		case "timestamp":
			if timestamp != nil && r.PeekKind() == '"' {
				return r.unique(timestamp)
			}
			return r.skip()
		case "version", "metadata":
			return r.skip()
		}
		return ErrNotPlain
	})
	if err == nil && !known {
		err = ErrNotPlain
	}
	return err
}
