package polling

import (
	"log/slog"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// misanswers are bodies with a success status that do not answer the request.
var misanswers = map[string]func(right []byte) string{
	"a page":          func([]byte) string { return "<html>please sign in</html>" },
	"blanks":          func([]byte) string { return " \n" },
	"a number":        func([]byte) string { return `7` },
	"nothing":         func([]byte) string { return "" },
	"half an answer":  func(right []byte) string { return string(right[:len(right)/2]) },
	"all but the end": func(right []byte) string { return string(right[:len(right)-1]) },
	"another object":  func([]byte) string { return `{"message":"please sign in","status":200}` },
	"text":            func([]byte) string { return `"please sign in"` },
	"null":            func([]byte) string { return `null` },
	"a list of texts": func([]byte) string { return `["please","sign","in"]` },
	"lists that are none": func([]byte) string {
		return `{"conversations":"none","entities":{"a":1},"id":7,"state":7,"dataAvailabilityDate":7,"jobId":{}}`
	},
	"elements of another kind": func([]byte) string {
		return `{"conversations":[{"sign":"in"},7],"entities":[{"sign":"in"},7]}`
	},
}

// rightAnswers are answers to each kind of question, and how they are read.
var rightAnswers = map[string]struct {
	body  string
	empty []string
	read  func(body []byte) error
}{
	"a page of conversations": {
		`{"conversations":[{"conversationId":"c-1","conversationStart":"2000-01-01T00:00:00.000Z","participants":[]}],"totalHits":1}`,
		[]string{`{}`, ` { } `, `{"totalHits":0}`, `{"conversations":[],"totalHits":0}`, `{"conversations":null,"totalHits":0}`, `{"conversations":{}}`, `{"cursor":"x"}`},
		func(body []byte) error {
			p, err := readConversations(body)
			if err == nil {
				_, err = newMalformed(slog.New(slog.DiscardHandler)).decode("test", time.Now(), p.Conversations.values)
			}
			return err
		},
	},
	"a page of entities": {
		`{"entities":[{"id":"e-1","conversation":{"id":"c-1"},"evaluationForm":{"id":"f-1"},"status":"PENDING"}],"total":1}`,
		[]string{`{}`, `{"entities":[],"total":0}`, `{"entities":null}`},
		func(body []byte) error {
			p, err := readEntities(body)
			if err == nil {
				_, err = newMalformed(slog.New(slog.DiscardHandler)).decode("test", time.Now(), p.Entities.values)
			}
			return err
		},
	},
	"a plain list": {
		`[{"id":"s-1","conversation":{"id":"c-1"},"surveyForm":{"id":"f-1"},"status":"Pending"}]`,
		[]string{`[]`, ` [ ] `, `{}`, `[null]`, `[{}]`},
		func(body []byte) error {
			l, err := readList(body)
			if err == nil {
				_, err = newMalformed(slog.New(slog.DiscardHandler)).decode("test", time.Now(), l.values)
			}
			return err
		},
	},
	"one conversation": {
		`{"id":"c-1","startTime":"2000-01-01T00:00:00.000Z","participants":[{"id":"p-1","purpose":"customer","calls":[{"id":"s-1","state":"connected"}]}]}`,
		nil,
		func(body []byte) error {
			_, err := newMalformed(slog.New(slog.DiscardHandler)).decode("test", time.Now(), []jsontext.Value{body})
			return err
		},
	},
}

func TestWhatIsNoAnswerIsNotUnderstood(t *testing.T) {
	for question, right := range rightAnswers {
		require.NoError(t, right.read([]byte(right.body)), question)
		for _, empty := range right.empty {
			require.NoError(t, right.read([]byte(empty)), "%s: %s", question, empty)
		}
		for kind, wrong := range misanswers {
			err := right.read([]byte(wrong([]byte(right.body))))
			require.ErrorIs(t, err, genesys.ErrNotUnderstood, "%s: %s", question, kind)
			require.NotContains(t, err.Error(), "sign")
		}
		for n := range len(right.body) {
			require.ErrorIs(t, right.read([]byte(right.body)[:n]), genesys.ErrNotUnderstood, "%s: cut after %d bytes", question, n)
		}
	}
}
