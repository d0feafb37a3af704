package wire

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryFieldOfALiveConversationIsReadFromTheMemberOfItsName(t *testing.T) {
	for _, x := range []struct {
		document string
		object   func(c *Conversation) any
	}{
		{`%s`, func(c *Conversation) any { return c }},
		{`{"participants":[%s]}`, func(c *Conversation) any { return &c.Participants[0] }},
		{`{"participants":[{"wrapup":%s}]}`, func(c *Conversation) any { return &c.Participants[0].Wrapup }},
		{`{"participants":[{"calls":[%s]}]}`, func(c *Conversation) any { return &c.Participants[0].Calls[0] }},
		{`{"participants":[{"calls":[{"self":%s}]}]}`, func(c *Conversation) any { return &c.Participants[0].Calls[0].Self }},
		{`{"participants":[{"calls":[{"afterCallWork":%s}]}]}`, func(c *Conversation) any { return &c.Participants[0].Calls[0].AfterCallWork }},
	} {
		var empty Conversation
		require.NoError(t, Unmarshal(fmt.Appendf(nil, x.document, `{"novel":0}`), &empty))
		fields := reflect.TypeOf(x.object(&empty)).Elem()
		for i := range fields.NumField() {
			field := fields.Field(i)
			if field.Name == "Watches" { // is read from any name that tells of it
				continue
			}
			member := fmt.Sprintf("{%q:%s}", memberName(field.Name), sample(field.Type))
			var c Conversation
			require.NoError(t, Unmarshal(fmt.Appendf(nil, x.document, member), &c), member)
			assert.False(t, reflect.ValueOf(x.object(&c)).Elem().Field(i).IsZero(), "%s is not read into %s.%s", member, fields.Name(), field.Name)
		}
	}
}

// memberName is the name that the platform has for a field.
func memberName(field string) string {
	for _, initials := range []string{"ID", "URI", "ANI", "DNIS"} {
		field = strings.ReplaceAll(field, initials, initials[:1]+strings.ToLower(initials[1:]))
	}
	return strings.ToLower(field[:1]) + field[1:]
}

// sample is a value that a field of the type can be read from.
func sample(of reflect.Type) string {
	const object = `{"id":"x","division":{"id":"x"},"code":"x","state":"x","type":"x","addressNormalized":"x","contactId":"x","language":{"id":"x"},"sessionId":"x"}`
	switch of {
	case reflect.TypeFor[Time]():
		return `"2025-01-10T09:00:00.000Z"`
	case reflect.TypeFor[Texts]():
		return `["x"]`
	case reflect.TypeFor[Attributes]():
		return `{"x":"x"}`
	}
	switch of.Kind() {
	case reflect.String:
		return `"x"`
	case reflect.Bool:
		return `true`
	case reflect.Int64:
		return `7`
	case reflect.Slice:
		return `[` + object + `]`
	}
	return object
}
