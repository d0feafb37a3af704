package architect_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/architect"
)

var when = time.Date(2025, 1, 10, 10, 0, 0, 123e6, time.UTC)

// Where a flow has no value Genesys sends an empty text, or the text of the
// template.
func TestAValueThatAFlowDoesNotHaveIsMissing(t *testing.T) {
	for _, none := range []any{nil, "", " ", "null", "NOT_SET", "${input.participantId}", "$!{input.note}", "$esc.jsonString(${input.note})"} {
		h, kept, _ := newHandler(t)
		status, _ := post(h, body(map[string]any{"conversationId": id, "source": none, "topic": none, "participantId": none, "eventTime": none, "note": none}))
		require.Equal(t, http.StatusOK, status, none)
		require.Zero(t, kept.all()[0].At, none)
		status, answer := post(h, body(map[string]any{"conversationId": none, "source": "trigger", "topic": "t"}))
		require.Equal(t, http.StatusBadRequest, status, none)
		require.Contains(t, answer["error"], "conversationId is missing", none)
	}
}

func TestATimeIsReadInEverySpellingOfAFlow(t *testing.T) {
	for spelling, want := range map[any]time.Time{
		"1736503200123":                 when,
		1736503200123:                   when,
		"1.736503200123E12":             when,
		1.736503200123e12:               when,
		"2025-01-10T10:00:00.123Z":      when,
		"2025-01-10T11:00:00.123+01:00": when,
		"2025-01-10T11:00:00.123+0100":  when,
		"2025-01-10 10:00:00.123":       when,
		"2025-01-10T10:00:00.123":       when,
		"2025-01-10T10:00:00Z":          when.Truncate(time.Second),
		"yesterday":                     {},
		"0":                             {},
		"-1":                            {},
		"1e300":                         {},
		"NaN":                           {},
		"0001-01-01T00:00:00Z":          {},
		"9999-12-31T23:59:59Z":          {},
		"99999999999999999999":          {},
		"2025-02-30T10:00:00Z":          {},
	} {
		h, kept, _ := newHandler(t)
		status, _ := post(h, body(map[string]any{"conversationId": id, "eventTime": spelling}))
		require.Equal(t, http.StatusOK, status, spelling)
		require.Equal(t, want, kept.all()[0].At, spelling)
	}
}

func TestWhatCannotBeUnderstoodIs400WithASentenceThatQuotesNothing(t *testing.T) {
	const canary = "canary.person@example.com"
	for _, b := range []string{
		"", " ", "null", "[]", `"` + canary + `"`, "7", "{", `{"conversationId":"` + canary, `{"conversationId":"a"} x`,
		`{"source":"say "` + canary + `""}`,                 // a quote that was not escaped
		`{"conversationId":"a","note":"` + canary + "\n\"}", // neither was a line end
		`{"conversationId":7}`, `{"conversationId":{"a":"` + canary + `"}}`, `{"conversationId":["` + canary + `"]}`, `{"conversationId":true}`,
		`{"conversationId":"a","note":7}`, `{"conversationId":"a","topic":{}}`, `{"conversationId":"a","eventTime":{}}`, `{"conversationId":"a","eventTime":true}`,
		`{"conversationId":"a b` + canary + `"}`, `{"conversationId":"../users/` + canary + `"}`, `{"conversationId":"a\u0000"}`, `{"conversationId":"a\ud800"}`,
		`{"conversationId":"` + strings.Repeat("a", 129) + `"}`, `{"conversationId":"a?b"}`, `{"conversationId":"a","participantId":"<` + canary + `>"}`,
		"{\"conversationId\":\"\xff\"}", `{"ConversationId":"a"}`,
	} {
		h, kept, log := newHandler(t)
		status, answer := post(h, b)
		require.Equal(t, http.StatusBadRequest, status, b)
		require.NotEmpty(t, answer["error"], b)
		require.NotContains(t, answer["error"], "canary", b)
		require.NotContains(t, log.String(), "canary", b)
		require.Empty(t, kept.all(), b)
		require.EqualValues(t, 1, h.Stats().Refused, b)
	}
}

func TestTextsArriveAsTheyWereWritten(t *testing.T) {
	for _, text := range []string{`"quoted" and \ back`, "line\nend\t", "#if($x) ${y} #end", "Zürich 😀 \u2028", "<script>", "\u202e", strings.Repeat("ä", 10_000)} {
		var got architect.Call
		h, _, log := newHandler(t, func(c *architect.HandlerConfig) { c.Case = remember(&got) })
		status, _ := post(h, body(map[string]any{"conversationId": id, "source": "a" + text, "topic": "b" + text, "note": "c" + text, "unknown": []int{1}}))
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, architect.Call{ConversationID: id, Source: "a" + text, Topic: "b" + text, Note: "c" + text}, got)
		require.Empty(t, log.String())
	}
}

func FuzzACallIsAHintOrRefused(f *testing.F) {
	for _, b := range []string{usual, "", "{}", `{"source":"heartbeat"}`, `{"conversationId":"a","eventTime":1e400}`, `{"conversationId":"a","eventTime":"1736503200123"}`, `{"conversationId":null}`} {
		f.Add([]byte(b))
	}
	h, kept, _ := newHandler(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := len(kept.all())
		status, answer := post(h, string(b))
		hints := kept.all()[before:]
		switch status {
		case http.StatusOK:
			require.Equal(t, map[string]any{"accepted": true, "caseId": ""}, answer)
			for _, hint := range hints {
				require.True(t, utf8.ValidString(hint.ConversationID))
				require.NotEmpty(t, hint.ConversationID)
				_, err := json.Marshal(hint.At)
				require.NoError(t, err)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			require.Empty(t, hints)
		default:
			t.Fatalf("status %d", status)
		}
	})
}
