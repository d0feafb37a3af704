package wire

import (
	"errors"

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
	if live {
		err := readFrame(data, true, bodyOf)
		if !errors.Is(err, errNotLive) {
			return err
		}
	}
	return readFrame(data, false, bodyOf)
}

// looseOptions leave names that occur twice to the reader.
var looseOptions = json.JoinOptions(options, jsontext.AllowDuplicateNames(true))

// errNotLive: the body is not read by a reader.
var errNotLive = errors.New("the body is no live conversation")

func readFrame(data []byte, loose bool, bodyOf func(topic string) any) error {
	with := options
	if loose {
		with = looseOptions
	}
	return scan(data, with, func(dec *jsontext.Decoder) error {
		return reading(dec, data, func(r *reader) error {
			if loose {
				r.loose = data
			}
			return r.frame(bodyOf)
		})
	})
}

func (r *reader) frame(bodyOf func(topic string) any) error {
	var body any
	known := false
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "topicName":
			token, err := r.ReadToken()
			if err != nil || token.Kind() != '"' {
				return ErrNotPlain
			}
			body, known = bodyOf(token.String()), true
			return nil
		case "eventBody":
			if body == nil {
				return ErrNotPlain
			}
			if c, ok := body.(*Conversation); ok {
				return c.read(r)
			}
			if r.loose != nil {
				return errNotLive
			}
			return json.UnmarshalDecode(r.Decoder, body, options)
		case "version", "metadata", "timestamp":
			return r.skip()
		}
		return ErrNotPlain
	})
	if err == nil && !known {
		err = ErrNotPlain
	}
	return err
}
