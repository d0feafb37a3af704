package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// options: text that is not UTF-8 is made so, a name that occurs twice in an
// object is refused (which of the two is meant?), unknown names are passed over.
var options = json.JoinOptions(jsontext.AllowInvalidUTF8(true))

// lenient is for documents that the plain structs do not fit: a number where
// text is expected, text where a truth value is.
var lenient = json.JoinOptions(options, json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFromFunc(func(dec *jsontext.Decoder, s *string) error {
		switch dec.PeekKind() {
		case '0', 't', 'f':
			v, err := dec.ReadValue()
			*s = string(v)
			return err
		}
		return errors.ErrUnsupported
	}),
	json.UnmarshalFromFunc(func(dec *jsontext.Decoder, b *bool) error {
		if dec.PeekKind() != '"' {
			return errors.ErrUnsupported
		}
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		switch strings.ToLower(tok.String()) {
		case "true":
			*b = true
		case "false", "":
			*b = false
		default:
			return errors.New("expected true or false")
		}
		return nil
	}),
)))

// Unmarshal decodes data into what v points to, which is empty. What the platform
// sends for "no value" (null, {} and [] in the place of anything) is accepted.
func Unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v, options)
	var semantic *json.SemanticError
	if err == nil || errors.Is(err, errTooMany) || !errors.As(err, &semantic) {
		return err
	}
	reflect.ValueOf(v).Elem().SetZero() // unknown members are added to those that are there
	return UnmarshalOdd(data, v)
}

// UnmarshalOdd decodes a document that the plain structs do not fit as it is:
// members without a value are dropped, then scalars of another kind accepted.
func UnmarshalOdd(data []byte, v any) error {
	pruned, err := prune(data)
	if err != nil {
		return err
	}
	return json.Unmarshal(pruned, v, lenient)
}

// Scan calls do with a decoder of data, which is not valid any more when
// Scan returns.
func Scan(data []byte, do func(dec *jsontext.Decoder) error) error {
	dec := decoders.Get().(*jsontext.Decoder)
	dec.Reset(bytes.NewBuffer(data), options) // a buffer is read in place
	err := do(dec)
	dec.Reset(nothing{}, options)
	decoders.Put(dec)
	return err
}

// End returns an error when there is more than white space behind what dec has
// read.
func End(dec *jsontext.Decoder) error {
	_, err := dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		err = odd("there is more behind the value")
	}
	return err
}

// decoders are kept because they bring their own buffers.
var decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(nothing{}, options) }}

// nothing is what an idle decoder reads.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

// Sanitize returns data with every NUL replaced, raw or escaped: databases
// refuse it. Usually that is data itself.
func Sanitize(data []byte) []byte {
	if bytes.IndexByte(data, 0) >= 0 {
		data = bytes.ReplaceAll(data, []byte{0}, []byte("\uFFFD"))
	}
	if !bytes.Contains(data, []byte(`\u0000`)) {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		switch {
		case data[i] != '\\' || i+1 >= len(data):
			out = append(out, data[i])
			i++
		case bytes.HasPrefix(data[i:], []byte(`\u0000`)):
			out = append(out, `\ufffd`...)
			i += 6
		default: // another escape: skip its second byte, which may be a backslash
			out = append(out, data[i], data[i+1])
			i += 2
		}
	}
	return out
}

// prune returns the document without members and elements that have no value:
// null, {} and [], and what becomes so. Attributes are left alone: there they
// are values.
func prune(data []byte) ([]byte, error) {
	var out []byte
	err := Scan(data, func(dec *jsontext.Decoder) (err error) {
		if out, err = appendPruned(nil, dec); err != nil {
			return err
		}
		return End(dec)
	})
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		out = []byte("null")
	}
	return out, nil
}

// appendPruned appends the next value of dec, or nothing when it has none.
func appendPruned(out []byte, dec *jsontext.Decoder) ([]byte, error) {
	kind := dec.PeekKind()
	if kind != '{' && kind != '[' {
		v, err := dec.ReadValue()
		if err == nil && kind != 'n' {
			out = append(out, v...)
		}
		return out, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return out, err
	}
	before := len(out)
	out = append(out, byte(kind))
	closing := jsontext.Kind('}')
	if kind == '[' {
		closing = ']'
	}
	for dec.PeekKind() != closing {
		member := len(out)
		if len(out) > before+1 {
			out = append(out, ',')
		}
		if kind == '{' {
			name, err := dec.ReadValue()
			if err != nil {
				return out, err
			}
			out = append(append(out, name...), ':')
			if string(name) == `"attributes"` && dec.PeekKind() == '{' {
				v, err := dec.ReadValue()
				if err != nil {
					return out, err
				}
				out = append(out, v...)
				continue
			}
		}
		value := len(out)
		var err error
		if out, err = appendPruned(out, dec); err != nil {
			return out, err
		}
		if len(out) == value {
			out = out[:member]
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return out, err
	}
	if len(out) == before+1 {
		return out[:before], nil
	}
	return append(out, byte(closing)), nil
}

// Explain says in words what was wrong with a document, without quoting it:
// values can be personal data.
func Explain(err error) (reason, pointer string) {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		reason, pointer = syntactic.Err.Error(), string(syntactic.JSONPointer)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			reason = "the JSON ends in the middle"
		case errors.Is(err, jsontext.ErrDuplicateName):
			reason = "a name occurs twice in one object"
		case strings.Contains(reason, "invalid character"):
			reason = "not valid JSON"
		}
		return fmt.Sprintf("%s (byte %d)", reason, syntactic.ByteOffset), pointer
	case errors.As(err, &semantic):
		var odd *oddValue
		if errors.As(semantic.Err, &odd) {
			return odd.Error(), string(semantic.JSONPointer)
		}
		return "found " + kindName(semantic.JSONKind) + " where something else is expected", string(semantic.JSONPointer)
	}
	var odd *oddValue
	if errors.As(err, &odd) {
		return odd.Error(), ""
	}
	return "not valid JSON", ""
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a truth value"
	case '"':
		return "a text"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "something"
}

// oddValue is a scalar that cannot be understood. Its text does not quote it.
type oddValue struct{ reason string }

func (e *oddValue) Error() string { return e.reason }

func odd(format string, args ...any) error { return &oddValue{fmt.Sprintf(format, args...)} }
