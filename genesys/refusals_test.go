package genesys_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys"
)

// TestNothingIsDroppedSilently: an element of a list that lacks what it is told
// apart by is named, and the rest of the message is used. What says nothing at
// all (null, {} and []) is not missed.
func TestNothingIsDroppedSilently(t *testing.T) {
	const (
		record  = `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","purpose":"agent","sessions":[{"sessionId":"s","mediaType":"voice"}]}],`
		inLeg   = `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","purpose":"agent","sessions":[{"sessionId":"s","mediaType":"voice",`
		live    = `{"id":"c","startTime":"2025-01-10T09:00:00Z","participants":[{"id":"p","purpose":"agent","calls":[{"id":"s","state":"connected"}]}],`
		liveLeg = `{"id":"c","startTime":"2025-01-10T09:00:00Z","participants":[{"id":"p","purpose":"agent","calls":[{"id":"s","state":"connected"`
	)
	for name, m := range map[string]struct{ before, element, after, place string }{
		"participant of a record": {`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[`, `{"purpose":"customer"}`, `]}`, "/participants/0"},
		"session of a record":     {`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","sessions":[`, `{"mediaType":"voice"}`, `]}]}`, "/participants/0/sessions/0"},
		"segment of a record":     {inLeg + `"segments":[`, `{"segmentEnd":"2025-01-10T09:00:00Z"}`, `]}]}]}`, "/participants/0/sessions/0/segments/0"},
		"metric of a record":      {inLeg + `"metrics":[`, `{"value":1}`, `]}]}]}`, "/participants/0/sessions/0/metrics/0"},
		"outcome of a flow":       {inLeg + `"flow":{"outcomes":[`, `{"flowOutcomeValue":"SUCCESS"}`, `]}}]}]}`, "/participants/0/sessions/0/flow/outcomes/0"},
		"milestone of a flow":     {inLeg + `"flow":{"milestones":[`, `{"milestoneTime":"2025-01-10T09:00:00Z"}`, `]}}]}]}`, "/participants/0/sessions/0/flow/milestones/0"},
		"survey of a record":      {record + `"surveys":[`, `{"surveyStatus":"Sent"}`, `]}`, "/surveys/0"},
		"evaluation of a record":  {record + `"evaluations":[`, `{"evaluationStatus":"Pending"}`, `]}`, "/evaluations/0"},

		"participant of a snapshot":   {`{"id":"c","participants":[`, `{"purpose":"customer"}`, `]}`, "/participants/0"},
		"leg of a snapshot":           {liveLeg + `},`, `{"state":"connected"}`, `]}]}`, "voice leg 1"},
		"segment of a snapshot":       {liveLeg + `,"segments":[`, `{"endTime":"2025-01-10T09:00:00Z"}`, `]}]}]}`, "segment 0"},
		"transfer of a snapshot":      {live + `"recentTransfers":[`, `{"state":"active"}`, `]}`, "/recentTransfers/0"},
		"evaluation of a participant": {`{"id":"c","startTime":"2025-01-10T09:00:00Z","participants":[{"id":"p","evaluations":[`, `{"status":"PENDING"}`, `]}]}`, "/participants/0/evaluations/0"},
		"flattened participant":       {`{"topicName":"v2.users.u.conversations.calls","eventBody":{"id":"c","participants":[`, `{"state":"connected"}`, `]}}`, "/participants/0"},
		"communication of an event": {`{"topicName":"v2.detail.events.conversation.c.attributes","eventBody":{"eventTime":1736499600000,"conversationId":"c","participantId":"p","communications":[`,
			`{"mediaType":"VOICE"}`, `]}}`, "/communications/0"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, none := range []string{`null`, `{}`} {
				m, err := genesys.Decode([]byte(m.before+none+m.after), time.Time{})
				require.NoError(t, err, none)
				require.Len(t, m.Conversations, 1)
			}
			got, err := genesys.Decode([]byte(m.before+m.element+m.after), time.Time{})
			require.Len(t, got.Conversations, 1, "the rest is used")
			refusals := genesys.Refusals(err)
			require.Len(t, refusals, 1)
			require.True(t, refusals[0].Part)
			require.Equal(t, "c", refusals[0].ConversationID)
			require.Contains(t, refusals[0].Error(), m.place)
			require.Contains(t, refusals[0].Error(), "missing")
		})
	}
}

// TestDetailEventsWithoutIDsAreNamed: what an event says of a leg or a participant
// that it does not name has no place. What it says of the rest is used.
func TestDetailEventsWithoutIDsAreNamed(t *testing.T) {
	body := func(event string, members ...string) string {
		return `{"topicName":"v2.detail.events.conversation.c.` + event + `","eventBody":{"eventTime":1736499600000,"conversationId":"c","conversationExternalContactIds":["x"],` +
			strings.Join(members, ",") + `}}`
	}
	const participant, session, user = `"participantId":"p"`, `"sessionId":"s"`, `"userId":"u"`
	says := map[string][]string{
		"acd.start": {`"queueId":"q"`}, "acd.end": {`"acdOutcome":"ANSWERED"`}, "acw": {`"wrapupCode":"w"`},
		"customer.start": {`"mediaType":"VOICE"`}, "customer.end": {`"disconnectType":"CLIENT"`},
		"flow.start": {`"flowId":"f"`}, "flow.end": {`"exitReason":"TRANSFER"`}, "flow.outcome": {`"flowOutcomeId":"o"`, `"flowOutcomeValue":"SUCCESS"`},
		"outbound": {`"outboundCampaignId":"o"`}, "user.start": {user}, "user.end": {user, `"interactingDurationMs":5`},
		"voicemail.start": {`"queueId":"q"`}, "voicemail.end": {`"voicemailDurationMs":5`}, "wrapup": {`"wrapupCode":"w"`},
		"contact": {`"externalContactId":"e"`, `"addressFrom":"a"`},
	}
	for event, says := range says {
		t.Run(event, func(t *testing.T) {
			decode(t, body(event, append(says, participant, session)...))
			for _, members := range [][]string{append(says, participant), says} {
				m, err := genesys.Decode([]byte(body(event, members...)), time.Time{})
				require.ErrorContains(t, err, `detail event `+event+` "c": sessionId is missing`)
				require.Len(t, m.Conversations, 1, "the rest is used")
				require.Equal(t, []string{"x"}, m.Conversations[0].ExternalContactIDs)
			}
		})
	}
	for event, person := range map[string]string{"user.end": user, "attributes": `"attributes":{"a":"b"}`, "contact": `"externalContactId":"e"`} {
		decode(t, body(event, participant, session, person))
		for _, members := range [][]string{{person, session}, {person}} {
			_, err := genesys.Decode([]byte(body(event, members...)), time.Time{})
			require.ErrorContains(t, err, "participantId is missing", "%s: %s", event, members)
		}
	}
	for _, nothing := range []string{body("attributes", participant), body("attributes", participant, `"attributes":{}`), body("attributes", `"novelty":1`),
		body("attributes", participant, `"attributes":{"a":"b"}`), body("attributes", `"communications":[{"id":"s"}]`), body("contact", participant, `"externalContactId":"e"`)} {
		decode(t, nothing)
	}
}

func TestEachRefusalOfAPageIsKept(t *testing.T) {
	bad := `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"purpose":"agent"},{"purpose":"customer"}]}`
	m, err := genesys.Decode([]byte(`{"conversations":[`+bad+`,{"hello":1},`+bad+`]}`), time.Time{})
	require.Len(t, m.Conversations, 2)
	require.Len(t, genesys.Refusals(err), 5)
	require.Equal(t, 5, len(strings.Split(err.Error(), "\n")))
	require.ErrorContains(t, err, `page of conversations, element 3: analytics conversation "c" at /participants/1: participantId is missing`)
}

// TestOfManyRefusalsTheFirstAreToldAndTheOthersCounted: also of those in each other.
func TestOfManyRefusalsTheFirstAreToldAndTheOthersCounted(t *testing.T) {
	page := func(elements ...string) string { return `{"conversations":[` + strings.Join(elements, ",") + `]}` }
	bad := func(id string, parts int) string {
		return `{"conversationId":"` + id + `","conversationStart":"2025-01-10T09:00:00Z","participants":[` + strings.Repeat(`{"purpose":"agent"},`, parts) + `{"participantId":"p"}]}`
	}
	const unknown = `{"hello":1}`
	for name, is := range map[string]struct {
		message             string
		told, more, decoded int
		part                bool // the rest is understood, of all that is not told
	}{
		"as many as are told":             {page(bad("c", 20)), 20, 0, 1, true},
		"one more":                        {page(bad("c", 21)), 20, 1, 1, true},
		"alone":                           {bad("c", 50), 20, 30, 1, true},
		"of several":                      {page(bad("c", 15), bad("d", 15), bad("e", 15)), 20, 25, 3, true},
		"in each other":                   {`[` + page(bad("c", 30), bad("d", 1)) + `,` + page(bad("e", 30)) + `]`, 20, 41, 3, true},
		"one after the other":             {page(bad("c", 30)) + page(bad("d", 30)), 20, 40, 2, true},
		"with one of which nothing is":    {page(bad("c", 30), unknown), 20, 11, 1, false},
		"with one before that":            {page(unknown, bad("c", 30)), 20, 11, 1, true},
		"with one that is said afterward": {`[` + page(bad("c", 25)) + `,` + strings.Replace(bad("d", 0), "2025-01-10T", "2025-01-1T", 1) + `,` + bad("d", 0) + `]`, 20, 6, 2, false},
	} {
		m, err := genesys.Decode([]byte(is.message), time.Time{})
		require.Len(t, m.Conversations, is.decoded, name)
		refusals := genesys.Refusals(err)
		if is.more > 0 {
			last := refusals[len(refusals)-1]
			refusals = refusals[:len(refusals)-1]
			require.Equal(t, is.more, last.More, name)
			require.Equal(t, is.part, last.Part, name)
			require.Equal(t, fmt.Sprintf("message: %d more refusals", is.more), last.Error(), name)
		}
		require.Len(t, refusals, is.told, name)
		for _, r := range refusals {
			require.Zero(t, r.More, name)
		}
	}
}

func TestTheMediumOfABareBodyIsThatOfItsProvider(t *testing.T) {
	for provider, media := range map[string]string{
		"PureCloud Webchat v2": "chat", "PureCloud Callback": "callback", "PureCloud Email": "email", "PureCloud Messaging": "message",
		"PureCloud Cobrowse": "cobrowse", "Edge": "voice", "PureCloud Edge": "voice", "Genesys Cloud Voice": "voice",
	} {
		for _, start := range []string{"", `"startTime":"2025-01-10T09:00:00Z",`} {
			c := one(t, `{"id":"c",`+start+`"participants":[{"id":"p-c","purpose":"customer","state":"connected"},
				{"id":"p","purpose":"agent","state":"connected","provider":"`+provider+`"}]}`)
			for _, p := range c.Participants {
				require.Len(t, p.Sessions, 1)
				require.EqualValues(t, media, p.Sessions[0].MediaType, provider)
			}
		}
	}
}

func TestABareBodyWithoutASignOfItsMediumIsRefused(t *testing.T) {
	body := `{"id":"c","participants":[{"id":"p","purpose":"agent","state":"connected","provider":"PureCloud"}]}`
	for _, message := range []string{body, `{"entities":[` + body + `]}`, `{"topicName":"v2.users.u.conversations.holograms","eventBody":` + body + `}`,
		`{"topicName":"v2.users.u?presence&conversations.calls","eventBody":` + body + `}`} {
		m, err := genesys.Decode([]byte(message), time.Time{})
		require.ErrorContains(t, err, "nothing in it tells the medium", message)
		require.Empty(t, m.Conversations)
	}
	for sign, media := range map[string]string{
		`"callbackNumbers":["1"]`: "callback", `"roomId":"r"`: "chat", `"subject":"s"`: "email", `"type":"sms"`: "message", `"ani":"1"`: "voice",
		`"cobrowseSessionId":"x"`: "cobrowse", `"socialMediaId":"x"`: "socialexpression",
	} {
		c := one(t, strings.Replace(body, `"provider"`, sign+`,"provider"`, 1))
		require.EqualValues(t, media, c.Participants[0].Sessions[0].MediaType, sign)
	}
}

func TestAStreamRecordHoldsAnyNumberOfValues(t *testing.T) {
	record := func(text string) string { return `{"recordId":"1","data":` + base64Text(t, text) + `}` }
	a := event("x", "0")
	for text, want := range map[string]int{"": 0, strings.Repeat("\n", 2): 0, a: 1, a + a: 2, a + "\n" + a + "\r\n": 2, "[" + a + "," + a + "]": 2} {
		require.Len(t, decode(t, record(text)).Conversations, want, text)
	}
	for message, says := range map[string]string{
		record(a + `{"cut":`):           "stream record, element 2: message at /cut: the JSON ends in the middle",
		record(a + ` nonsense ` + a):    "stream record, element 2: message: not valid JSON",
		record(a + `{"hello":"world"}`): "stream record, element 2: message: the object is of no shape that is known here",
	} {
		m, err := genesys.Decode([]byte(message), time.Time{})
		require.Len(t, m.Conversations, 1, message)
		require.ErrorContains(t, err, says)
		require.Len(t, genesys.Refusals(err), 1)
	}
	for message, says := range map[string]string{
		`{"recordId":"1","data":"no base64"}`: "data is not base64",
		`{"recordId":"1","data":7}`:           "data is not a text",
		record("\x1f\x8b\x08"):                "data is compressed",
	} {
		_, err := genesys.Decode([]byte(message), time.Time{})
		require.ErrorContains(t, err, says)
	}
}
