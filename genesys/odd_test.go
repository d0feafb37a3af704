package genesys_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// event composes a customer.start with a member of the body replaced or added.
func event(member, value string) string {
	body := `"eventTime":1736499600123,"conversationId":"c","participantId":"p","sessionId":"s","mediaType":"VOICE"`
	if before, rest, found := strings.Cut(body, `"`+member+`":`); found {
		_, after, more := strings.Cut(rest, ",")
		body = before + `"` + member + `":` + value
		if more {
			body += "," + after
		}
	} else {
		body += `,"` + member + `":` + value
	}
	return `{"topicName":"v2.detail.events.conversation.c.customer.start","version":"2","eventBody":{` + body + `}}`
}

func TestTimesOfEverySpelling(t *testing.T) {
	at := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	for spelling, want := range map[string]time.Time{
		`1736499600000`:                    at,
		`"1736499600000"`:                  at,
		`1.7364996e12`:                     at,
		`"2025-01-10T09:00:00Z"`:           at,
		`"2025-01-10T09:00:00.1Z"`:         at.Add(100 * time.Millisecond),
		`"2025-01-10T09:00:00.12Z"`:        at.Add(120 * time.Millisecond),
		`"2025-01-10T09:00:00.123Z"`:       at.Add(123 * time.Millisecond),
		`"2025-01-10T09:00:00.1234Z"`:      at.Add(123400 * time.Microsecond),
		`"2025-01-10T09:00:00.12345Z"`:     at.Add(123450 * time.Microsecond),
		`"2025-01-10T09:00:00.123456Z"`:    at.Add(123456 * time.Microsecond),
		`"2025-01-10T09:00:00.1234567Z"`:   at.Add(123456 * time.Microsecond),
		`"2025-01-10T09:00:00.12345678Z"`:  at.Add(123456 * time.Microsecond),
		`"2025-01-10T09:00:00.123456789Z"`: at.Add(123456 * time.Microsecond),
		`"2025-01-10T10:00:00+01:00"`:      at,
		`"2025-01-10T04:00:00.000-0500"`:   at,
	} {
		require.Equal(t, want, one(t, event("eventTime", spelling)).Start, spelling)
	}
}

func TestTimesThatAreRefused(t *testing.T) {
	for _, spelling := range []string{
		`"2025-01-1T09:00:00Z"`, `"2025-1-10T09:00:00Z"`, `"2025-01-10T9:00:00Z"`, `"2025-01-10"`, `"2025-01-10T09:00:00"`,
		`"2025-02-30T09:00:00Z"`, `"2025-02-29T09:00:00Z"`, `"2025-04-31T09:00:00Z"`, `"2025-01-00T09:00:00Z"`, `"2025-13-01T09:00:00Z"`, `"2025-00-10T09:00:00Z"`,
		`"2025-01-10T25:00:00Z"`, `"2025-01-10T24:00:00Z"`, `"2025-01-10T09:60:00Z"`, `"2025-01-10T09:00:60Z"`, `"2025-01-10T0x:00:00Z"`, `"2025-01-10T09:-1:00Z"`, `"2025-01-10T09:00:00.Z"`, `"2025-01-10T09:00:00.1234567890Z"`,
		`"2025-01-10T09:00:00+99:00"`, `"yesterday"`, `1736499600`, `-5`, `1e300`, `true`, `["2025-01-10T09:00:00Z"]`, `"1960-01-10T09:00:00Z"`, `"9999-01-10T09:00:00Z"`, `1e15`,
	} {
		_, err := genesys.Decode([]byte(event("eventTime", spelling)), time.Time{})
		var refused *genesys.DecodeError
		require.ErrorAs(t, err, &refused, spelling)
		require.Equal(t, "/eventTime", refused.Pointer, spelling)
	}
}

func TestWhatMeansNoValueStatesNothing(t *testing.T) {
	plain := one(t, event("x", "0"))
	for _, none := range []string{`null`, `{}`, `[]`} {
		for _, member := range []string{"ani", "callbackNumbers", "journeyContext", "callbackScheduledTime", "mediaType", "direction"} {
			c := one(t, event(member, none))
			if member == "mediaType" {
				require.Empty(t, c.MediaTypes(), none)
				continue
			}
			require.Equal(t, plain, c, "%s: %s", member, none)
		}
	}
	for _, none := range []string{`null`, `{}`, `[]`} {
		c := one(t, `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","recentTransfers":`+none+`,"divisions":`+none+`,"participants":[
			{"id":"p","purpose":"customer","wrapup":`+none+`,"attributes":`+none+`,"chats":`+none+`,"conversationRoutingData":{"queue":{},"language":{},"priority":0},
			 "calls":[{"id":"s","state":"connected","connectedTime":"2025-01-10T09:00:00Z","afterCallWork":`+none+`,"self":`+none+`,"held":`+none+`}]}]}}`)
		require.Equal(t, conversation.StatusNew, c.Status)
		_, s := c.Session("s")
		require.Equal(t, conversation.StateConnected, s.State)
	}
}

func TestTheYearOneIsNoTime(t *testing.T) {
	c := one(t, `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","conversationEnd":"0001-01-01T00:00:00Z"}`)
	require.Zero(t, c.RecordedEnd)
}

func TestNumbersBeyond32Bits(t *testing.T) {
	m := decode(t, strings.Replace(event("interactingDurationMs", "4294967297"), "customer.start", "customer.end", 1))
	_, s := m.Conversations[0].Session("s")
	require.EqualValues(t, 4294967297, s.InteractingDurationMs)
	_, err := genesys.Decode([]byte(event("interactingDurationMs", "92233720368547758080")), time.Time{})
	require.ErrorContains(t, err, "/interactingDurationMs: the number is too large")
}

func TestDurationsThatCannotBeRightStateNothing(t *testing.T) {
	const most = 10 * 366 * 24 * 60 * 60 * 1000
	session := func(message string) *conversation.Session {
		_, s := one(t, message).Session("s")
		return s
	}
	live := func(wrapUp, timeout int) string {
		return fmt.Sprintf(`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","callbacks":[
			{"id":"s","state":"disconnected","connectedTime":"2025-01-10T09:00:00Z","wrapup":{"code":"x","durationSeconds":%d},"timeoutSeconds":%d}]}]}}`, wrapUp, timeout)
	}
	for n, want := range map[int]int64{-1: 0, 0: 0, 90_000: 90_000, most: most, most + 1: 0, math.MaxInt64: 0, math.MinInt64: 0} {
		for member, duration := range map[string]func(*conversation.Session) int64{
			"alertingDurationMs":    func(s *conversation.Session) int64 { return s.AlertingDurationMs },
			"contactingDurationMs":  func(s *conversation.Session) int64 { return s.ContactingDurationMs },
			"dialingDurationMs":     func(s *conversation.Session) int64 { return s.DialingDurationMs },
			"interactingDurationMs": func(s *conversation.Session) int64 { return s.InteractingDurationMs },
			"heldDurationMs":        func(s *conversation.Session) int64 { return s.HeldDurationMs },
			"callbackDurationMs":    func(s *conversation.Session) int64 { return s.CallbackDurationMs },
			"connectedDurationMs":   func(s *conversation.Session) int64 { return s.ConnectedDurationMs },
			"voicemailDurationMs":   func(s *conversation.Session) int64 { return s.VoicemailDurationMs },
			"wrapupDurationMs":      func(s *conversation.Session) int64 { return s.WrapUpDurationMs },
		} {
			s := session(strings.Replace(event(member, fmt.Sprint(n)), "customer.start", "user.acw", 1))
			require.Equal(t, want, duration(s), "%s: %d", member, n)
		}
	}
	for n, want := range map[int]int64{-1: 0, 90: 90, most / 1000: most / 1000, most/1000 + 1: 0, math.MaxInt64: 0, math.MinInt64: 0} {
		s := session(live(n, n))
		require.Equal(t, want*1000, s.WrapUpDurationMs, n)
		require.Equal(t, want, s.TimeoutSeconds, n)
	}
}

func TestNamesInThePlaceOfIds(t *testing.T) {
	c := one(t, `{"topicName":"v2.detail.events.conversation.My.odd conversation.user.start","eventBody":{"eventTime":1736499600123,
		"conversationId":"My.odd conversation","participantId":"Agent One","sessionId":"leg/1","userId":"one@example.org","queueId":"Billing & Co"}}`)
	require.Equal(t, "My.odd conversation", c.ID)
	require.Equal(t, "one@example.org", c.Participant("Agent One").UserID)
}

func TestAttributesOfEveryKind(t *testing.T) {
	message := strings.Replace(event("attributes", `{"with.dot and space":"v","number":5,"truth":true,"none":null,"":"empty name","nested":{"a":[1]},"empty":""}`), "customer.start", "attributes", 1)
	require.Equal(t, map[string]string{"with.dot and space": "v", "number": "5", "truth": "true", "": "empty name", "nested": `{"a":[1]}`, "empty": "", "none": ""},
		one(t, message).Participant("p").Attributes)
}

func TestUnknownEnumsAndFieldsSurvive(t *testing.T) {
	c := one(t, strings.Replace(event("disconnectType", `"QUANTUM_COLLAPSE"`), "customer.start", "customer.end", 1))
	_, s := c.Session("s")
	require.EqualValues(t, "QUANTUM_COLLAPSE", s.DisconnectType)
	_, s = one(t, event("mediaType", `"HOLOGRAM"`)).Session("s")
	require.EqualValues(t, "hologram", s.MediaType)
	require.Equal(t, one(t, event("x", `0`)), one(t, event("novelty", `{"deep":[{"er":1}]}`)))
}

func TestTextThatNoDatabaseTakesIsMadeSafe(t *testing.T) {
	for name, raw := range map[string]string{
		"invalid UTF-8": "a\xff\xfeb", "escaped NUL": `a\u0000b`, "raw NUL": "a\x00b", "half a surrogate": `a\ud800b`,
	} {
		t.Run(name, func(t *testing.T) {
			_, s := one(t, event("ani", `"`+raw+`"`)).Session("s")
			require.True(t, utf8.ValidString(s.ANI))
			require.NotContains(t, s.ANI, "\x00")
			require.Contains(t, s.ANI, "\uFFFD")

			kept := map[string]string{}
			value := `{"x":{"a":"` + raw + `"}}`
			for from, message := range map[string]string{
				"a detail event": strings.Replace(event("attributes", value), "customer.start", "attributes", 1),
				"a topic":        `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"customer","attributes":` + value + `}]}}`,
				"a record":       `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","attributes":` + value + `}]}`,
			} {
				kept["the attribute of "+from] = one(t, message).Participant("p").Attributes["x"]
			}
			kept["the scores of an evaluation"] = one(t, evaluationREST(`"answers":{"questionGroupScores":[`+value+`]}`)).Evaluations[0].QuestionGroupScores
			kept["the error of a survey"] = one(t, `{"id":"v","conversation":{"id":"c"},"surveyErrorDetails":`+value+`}`).Surveys[0].ErrorDetails
			for what, text := range kept {
				require.NotEmpty(t, text, what)
				require.True(t, utf8.ValidString(text), what)
				require.NotContains(t, text, "\x00", what)
				require.NotContains(t, text, `\u0000`, what)
				require.True(t, json.Valid([]byte(text)), what)
			}
		})
	}
	_, s := one(t, event("ani", `"a\\u0000b"`)).Session("s")
	require.Equal(t, `a\u0000b`, s.ANI, "an escaped backslash is no escape")
	_, err := genesys.Decode([]byte(event("ani", "\"a\x01b\"")), time.Time{})
	require.ErrorContains(t, err, "not valid JSON", "a raw control character is none")
}

func TestANameThatOccursTwiceIsRefused(t *testing.T) {
	for _, message := range []string{
		`{"topicName":"v2.users.u.presence","topicName":"v2.users.u.conversations","eventBody":{}}`,
		`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","id":"d","participants":[]}}`,
		event("attributes", `{"a":"1","a":"2"}`),
		event("novelty", `{"a":1,"a":2}`),
	} {
		_, err := genesys.Decode([]byte(message), time.Time{})
		require.ErrorContains(t, err, "a name occurs twice in one object", message)
	}
}

// TestNoNameOfANotificationMayOccurTwice: not even where nobody reads it.
func TestNoNameOfANotificationMayOccurTwice(t *testing.T) {
	message := genesystest.Notification("c0000000-0000-4000-8000-000000000001", 4, 1)
	require.NotEmpty(t, decode(t, string(message)).Conversations)
	dec := jsontext.NewDecoder(bytes.NewReader(message))
	names := 0
	for {
		dec.PeekKind()
		name, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		in, n := dec.StackIndex(dec.StackDepth())
		if in != '{' || n%2 == 0 {
			continue
		}
		names++
		quoted, at := fmt.Sprintf("%q", name.String()), int(dec.InputOffset())
		for _, same := range []string{quoted, fmt.Sprintf(`"\u%04x%s`, quoted[1], quoted[2:])} {
			twice := string(message[:at-len(quoted)]) + same + ":null," + string(message[at-len(quoted):])
			_, err := genesys.Decode([]byte(twice), time.Time{})
			require.ErrorContains(t, err, "a name occurs twice in one object", "%s at %s", same, dec.StackPointer())
		}
	}
	require.Greater(t, names, 300)
}

func TestAnEmptyElementOfAListIsNone(t *testing.T) {
	for _, attributes := range []string{`{}`, `{"k":1}`} {
		for _, none := range []string{`null`, `{}`, `[]`} {
			c := conversation.Merge(nil, one(t, `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[`+none+`,{"participantId":"p","purpose":"agent",
				"attributes":`+attributes+`,"sessions":[`+none+`,{"sessionId":"s","mediaType":"voice","cc":[`+none+`,"a"],"callbackNumbers":[`+none+`],"metrics":[`+none+`],
				"segments":[`+none+`,{"segmentType":"interact","segmentStart":"2025-01-10T09:00:00Z","segmentEnd":"2025-01-10T09:01:00Z","disconnectType":"client",
				"sipResponseCodes":[`+none+`,200]}]}]}]}`))
			require.Equal(t, conversation.StatusEnded, c.Status, "%s with %s", none, attributes)
			_, s := c.Session("s")
			require.Equal(t, []string{"a"}, s.CC)
			require.Empty(t, s.CallbackNumbers)
			require.Len(t, s.Segments, 1)
			require.Equal(t, []int64{200}, s.Segments[0].SIPResponseCodes)
		}
	}
	_, err := genesys.Decode([]byte(event("callbackNumbers", `"one"`)), time.Time{})
	require.ErrorContains(t, err, "expected a list")
}

// TestAListBeforeSomethingOddIsReadOnce: what does not fit the plain structs is
// read a second time, with tolerance.
func TestAListBeforeSomethingOddIsReadOnce(t *testing.T) {
	_, s := one(t, `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","purpose":"agent","sessions":[{"sessionId":"s",
		"mediaType":"voice","segments":[{"wrapUpTags":["a","b"],"segmentType":"wrapup","segmentStart":"2025-01-10T09:00:00Z","conference":"true"}]}]}]}`).Session("s")
	require.Equal(t, []string{"a", "b"}, s.Segments[0].WrapUpTags)
}

func TestLargeAndDeepMessages(t *testing.T) {
	_, s := one(t, event("subject", `"`+strings.Repeat("x", 10<<20)+`"`)).Session("s")
	require.Len(t, s.Subject, 10<<20)

	one(t, event("novelty", strings.Repeat("[", 5000)+strings.Repeat("]", 5000)))
	_, err := genesys.Decode([]byte(event("novelty", strings.Repeat("[", 1<<20))), time.Time{})
	require.Error(t, err)
	require.Less(t, len(err.Error()), 500)

	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, `,{"id":"p%d","purpose":"agent","userId":"u%d","calls":[{"id":"s%d","state":"connected","connectedTime":"2025-01-10T09:00:00Z"}]}`, i, i, i)
	}
	c := one(t, `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[`+b.String()[1:]+`]}}`)
	require.Len(t, c.Participants, 10_000)
}

// An agent unlinks the contact, or takes back the flag.
func TestWhatIsTakenBackIsGoneInEveryFormOfASnapshot(t *testing.T) {
	const whole, flat = `,"externalContactId":"x","externalOrganizationId":"o","flaggedReason":"general"`, `,"externalContact":{"id":"x"},"externalOrganization":{"id":"o"},"flaggedReason":"general"`
	for form, c := range map[string]struct{ message, linked string }{
		"topic":       {`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"customer"%s,"calls":[{"id":"s","state":"connected"}]}]}}`, whole},
		"media topic": {`{"topicName":"v2.users.u.conversations.calls","eventBody":{"id":"c","participants":[{"id":"p","purpose":"customer","state":"connected"%s}]}}`, flat},
		"REST":        {`{"id":"c","startTime":"2025-01-10T10:00:00Z","participants":[{"id":"p","purpose":"customer"%s,"calls":[{"id":"s","state":"connected"}]}]}`, whole},
		"media REST":  {`{"id":"c","selfUri":"/api/v2/conversations/calls/c","participants":[{"id":"p","purpose":"customer","state":"connected"%s}]}`, flat},
	} {
		t.Run(form, func(t *testing.T) {
			decoded := func(more string, read time.Duration) *conversation.Conversation {
				m, err := genesys.Decode(fmt.Appendf(nil, c.message, more), tenOClock.Add(read))
				require.NoError(t, err)
				return m.Conversations[0]
			}
			linked, gone := decoded(c.linked, time.Second), decoded("", 2*time.Second)
			p := conversation.Merge(nil, linked).Participants[0]
			require.Equal(t, []string{"x", "o", "general"}, []string{p.ExternalContactID, p.ExternalOrganizationID, p.FlaggedReason})
			for _, joined := range []*conversation.Conversation{conversation.Merge(linked, gone), conversation.Merge(gone, linked)} {
				p := joined.Participants[0]
				require.Equal(t, []string{"", "", ""}, []string{p.ExternalContactID, p.ExternalOrganizationID, p.FlaggedReason})
			}
		})
	}
}
