package recording

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// pseudonyms replaces what is not known to be harmless.
type pseudonyms struct{ key []byte }

func newPseudonyms(key []byte) *pseudonyms { return &pseudonyms{bytes.Clone(key)} }

// document replaces it in the document of a conversation.
func (p *pseudonyms) document(data []byte) ([]byte, error) {
	var all any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // times of provenance are longer than a float is exact
	if err := decoder.Decode(&all); err != nil {
		return nil, err
	}
	return json.Marshal(p.value("", "", all))
}

// value replaces in a value, which is a member of that name in an object that is
// itself the member of that name.
func (p *pseudonyms) value(in, name string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		return p.object(name, v)
	case []any:
		return p.list(in, name, v)
	case string:
		return p.text(in, name, v)
	}
	return value // numbers, flags and null measure; the texts of the host's attributes are texts
}

func (p *pseudonyms) object(name string, members map[string]any) any {
	out := make(map[string]any, len(members))
	for member, value := range members {
		if name == "attributes" {
			if means := meaning[member]; means != "" && value == means {
				out[member] = value
				continue
			}
			out[p.of(member)] = p.of(fmt.Sprint(value))
			continue
		}
		out[member] = p.value(name, member, value)
	}
	return out
}

// list keeps a set of texts in order: Merge relies on it.
func (p *pseudonyms) list(in, name string, values []any) any {
	var before, after []string
	for i, x := range values {
		values[i] = p.value(in, name, x)
		if was, is := x.(string); is {
			before, after = append(before, was), append(after, values[i].(string))
		}
	}
	if len(after) < len(values) || !slices.IsSorted(before) {
		return values
	}
	slices.Sort(after)
	return after
}

func (p *pseudonyms) text(in, name, text string) string {
	switch {
	case text == "", harmless[name], in == "metrics" && name == "name", name == "provenance":
		return text
	case addresses[name]:
		return p.address(text)
	}
	if _, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return text
	}
	if i := strings.LastIndexByte(text, '/'); i > 0 && ofLegs[name] && media[text[i+1:]] {
		return p.of(text[:i]) + text[i:]
	}
	return p.of(text)
}

// of is the pseudonym of a text.
func (p *pseudonyms) of(text string) string {
	sum := p.sum(text)
	return "x" + hex.EncodeToString(sum[:12])
}

// address is the pseudonym of an address, of the same kind: a number of the
// country code 999, which is nobody's, or a mailbox in example.com.
func (p *pseudonyms) address(text string) string {
	address := conversation.Address(text)
	sum := p.sum(address)
	switch {
	case address == "":
		return "sip:anonymous@anonymous.invalid"
	case strings.Contains(address, "@"):
		return "x" + hex.EncodeToString(sum[:12]) + "@example.com"
	case strings.Trim(address, "+*#0123456789") == "":
		return fmt.Sprintf("tel:+999%012d", binary.BigEndian.Uint64(sum)%1_000_000_000_000)
	}
	return p.of(address)
}

func (p *pseudonyms) sum(text string) []byte {
	h := hmac.New(sha256.New, p.key)
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum(nil)
}
