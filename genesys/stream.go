package genesys

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// isStreamRecord recognises a record of Kinesis or Firehose: some data, and
// what says where it is in the stream.
func isStreamRecord(names nameSet) bool {
	return names.has("data") && (len(names) == 1 || names.has("recordId") || names.has("partitionKey") || names.has("sequenceNumber"))
}

// decodeStreamRecord decodes the data of a record of a stream: base64 of any
// number of JSON values, one after the other (protocol 4.3).
func (r reader) decodeStreamRecord(m *Message, data []byte, member string, depth int) error {
	const what = "stream record"
	v, err := memberOf(data, member)
	if err != nil {
		return refused(what, err)
	}
	if v.Kind() != '"' {
		return refuse(what, "%s is not a text", member)
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return refused(what, err)
	}
	raw, err := base64.StdEncoding.DecodeString(string(text))
	switch {
	case err != nil:
		return refuse(what, "%s is not base64", member)
	case bytes.HasPrefix(raw, []byte{0x1f, 0x8b}):
		return refuse(what, "%s is compressed, which streams do not do by themselves", member)
	}
	return r.decodeEach(m, wire.Sanitize(raw), what, depth+1)
}

// decodeEach decodes JSON values, one after the other.
func (r reader) decodeEach(m *Message, data []byte, what string, depth int) error {
	values, err := valuesIn(data)
	var all refusals
	all.add(r.decodeValues(m, values, what, depth))
	if err != nil {
		all.add(inElement(what, len(values), refused("message", err)))
	}
	return all.err()
}

// valuesIn returns the JSON values in data, up to what is none.
func valuesIn(data []byte) (values []jsontext.Value, err error) {
	err = wire.Scan(data, func(dec *jsontext.Decoder) error {
		for {
			v, err := dec.ReadValue()
			switch {
			case errors.Is(err, io.EOF) && dec.InputOffset() >= int64(len(bytes.TrimRight(data, " \t\r\n"))):
				return nil
			case err != nil:
				return err
			}
			values = append(values, v.Clone())
		}
	})
	return values, err
}

// moreThanOne reports whether there is something behind the first JSON value, if
// that can be a message: numbers and words are the rest of something cut.
func moreThanOne(data []byte) (more bool) {
	if kind := jsontext.Value(data).Kind(); kind != '{' && kind != '[' && kind != '"' {
		return false
	}
	_ = wire.Scan(data, func(dec *jsontext.Decoder) error { // an error: not even one
		err := dec.SkipValue()
		more = err == nil && wire.End(dec) != nil
		return err
	})
	return more
}
