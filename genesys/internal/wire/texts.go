package wire

import "github.com/go-json-experiment/json/jsontext"

// Attributes is participant data: a map of texts. A null clears an attribute;
// values of other kinds, which flows can set, are kept as their JSON text.
type Attributes map[string]string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (a *Attributes) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '{' {
		return none(dec, "an object of attributes")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	values := Attributes{}
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		if values[name], err = text(dec); err != nil {
			return err
		}
	}
	*a = values
	_, err := dec.ReadToken()
	return err
}

// text reads a text; none for null, and the JSON text of what is none.
func text(dec *jsontext.Decoder) (string, error) {
	switch dec.PeekKind() {
	case 'n':
		return "", dec.SkipValue()
	case '"':
		token, err := dec.ReadToken()
		return token.String(), err
	}
	v, err := dec.ReadValue()
	return string(v), err
}

// Texts is a list of texts, without those that say nothing.
type Texts []string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *Texts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '[' {
		return none(dec, "a list")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	var list Texts // not behind what an attempt that failed has read
	for dec.PeekKind() != ']' {
		v, err := element(dec)
		if err != nil {
			return err
		}
		if v != "" {
			list = append(list, v)
		}
	}
	*l = list
	_, err := dec.ReadToken()
	return err
}

// element reads a text of a list, which a number may stand for.
func element(dec *jsontext.Decoder) (string, error) {
	if dec.PeekKind() == '"' {
		return text(dec)
	}
	v, err := scalar(dec)
	return string(v), err
}

// none reads what says that there is nothing where another kind is expected.
func none(dec *jsontext.Decoder, expected string) error {
	v, err := scalar(dec)
	if err == nil && len(v) > 0 {
		err = odd("expected %s", expected)
	}
	return err
}
