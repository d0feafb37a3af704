package genesys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// decode decodes a message that must be understood.
func decode(t *testing.T, message string) *genesys.Message {
	t.Helper()
	m, err := genesys.Decode([]byte(message), time.Time{})
	require.NoError(t, err, "%s", message)
	return m
}

// one decodes a message about one conversation and returns that.
func one(t *testing.T, message string) *conversation.Conversation {
	t.Helper()
	m := decode(t, message)
	require.Len(t, m.Conversations, 1)
	return conversation.Merge(nil, m.Conversations[0])
}

func indent(t *testing.T, message string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, []byte(message), "", "\t"))
	return b.String()
}

func base64Text(t *testing.T, text string) string {
	return object(t, base64.StdEncoding.EncodeToString([]byte(text)))
}

func object(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// everyShape tells one conversation in every way in which it can arrive.
func everyShape(t *testing.T) (conversationID string, messages map[string]string) {
	s := genesystest.BlindTransferToQueue()
	end := 400 * time.Second
	frame := string(s.Details()[0])
	envelope := string(s.Envelopes()[0])
	text := func(v string) string { return object(t, v) }
	record, rest := object(t, s.Record(genesystest.Final)), object(t, s.REST(end))
	call := s.MediaSnapshot("voice", end)
	call["selfUri"] = "/api/v2/conversations/calls/" + s.ID
	metric := `{"conversationId":"` + s.ID + `","sessionId":"s-a","metric":"tTalk","metricDate":"2025-01-10T09:02:01.500Z","value":100020,"originatingDirection":"inbound"}`
	return s.ID, map[string]string{
		"WebSocket frame of a detail event":  frame,
		"WebSocket frame of a user topic":    string(s.Snapshots()[3]),
		"WebSocket frame of a media topic":   string(s.MediaSnapshots()[3]),
		"members in another order":           `{"eventBody":` + object(t, s.Snapshot(end)) + `,"version":"2","topicName":"v2.users.u.conversations"}`,
		"combined topic":                     `{"topicName":"v2.users.u?presence&conversations","eventBody":` + object(t, s.Snapshot(end)) + `}`,
		"bare topic body":                    object(t, s.Snapshot(end)),
		"EventBridge envelope":               envelope,
		"bare detail of an envelope":         object(t, s.Envelope(0, s.DetailEvents()[0])["detail"]),
		"envelope as text":                   text(envelope),
		"SQS message":                        `{"MessageId":"1","ReceiptHandle":"r","Body":` + text(envelope) + `}`,
		"SQS answer":                         `{"Messages":[{"MessageId":"1","Body":` + text(envelope) + `}]}`,
		"Lambda event from SQS":              `{"Records":[{"messageId":"1","eventSource":"aws:sqs","body":` + text(envelope) + `}]}`,
		"Lambda event from SNS":              `{"Records":[{"EventSource":"aws:sns","Sns":{"Type":"Notification","MessageId":"1","TopicArn":"a","Message":` + text(envelope) + `}}]}`,
		"Kinesis record":                     `{"kinesisSchemaVersion":"1.0","partitionKey":"1","sequenceNumber":"1","data":` + base64Text(t, envelope) + `}`,
		"Lambda event from Kinesis":          `{"Records":[{"kinesis":{"partitionKey":"1","data":` + base64Text(t, envelope) + `},"eventSource":"aws:kinesis"}]}`,
		"Kinesis answer":                     `{"Records":[{"Data":` + base64Text(t, envelope) + `,"PartitionKey":"1","SequenceNumber":"1"}],"MillisBehindLatest":0}`,
		"Lambda event from Firehose":         `{"invocationId":"i","deliveryStreamArn":"arn","records":[{"recordId":"1","data":` + base64Text(t, envelope+"\n"+envelope) + `}]}`,
		"Firehose request":                   `{"requestId":"r","timestamp":1,"records":[{"data":` + base64Text(t, envelope+envelope) + `}]}`,
		"envelope whose detail is the body":  `{"id":"e","detail-type":"v2.detail.events.conversation.{id}.customer.start","detail":` + object(t, s.DetailEvents()[0].Body) + `}`,
		"envelope with an unnamed body":      `{"id":"e","detail-type":"v2.users.{id}.conversations","detail":{"eventBody":` + object(t, s.Snapshot(end)) + `}}`,
		"new topic of conversations":         `{"topicName":"v2.conversations.everything.c","eventBody":` + object(t, s.Snapshot(end)) + `}`,
		"new topic of records":               `{"topicName":"v2.analytics.conversations.done","eventBody":` + record + `}`,
		"queue's video topic":                `{"topicName":"v2.routing.queues.q-1.conversations.videos","eventBody":` + object(t, s.Snapshot(end)) + `}`,
		"SNS notification":                   `{"Type":"Notification","MessageId":"1","TopicArn":"arn","Message":` + text(envelope) + `}`,
		"SNS notification in an SQS message": `{"MessageId":"1","Body":` + text(`{"Type":"Notification","MessageId":"1","TopicArn":"a","Message":`+text(envelope)+`}`) + `}`,
		"analytics conversation":             record,
		"page of a details query":            `{"conversations":[` + record + `],"totalHits":1}`,
		"page of a details job":              `{"conversations":[` + record + `],"cursor":"c","dataAvailabilityDate":"2025-01-10T10:00:00Z"}`,
		"REST conversation":                  rest,
		"listing of REST conversations":      `{"entities":[` + rest + `],"pageSize":25,"total":1}`,
		"REST call conversation":             object(t, call),
		"listing of REST call conversations": `{"entities":[` + object(t, call) + `]}`,
		"metric topic":                       `{"topicName":"v2.analytics.conversation.` + s.ID + `.metrics","eventBody":` + metric + `}`,
		"evaluation topic":                   `{"topicName":"v2.quality.evaluations","eventBody":{"id":"e","conversationId":"` + s.ID + `","status":"Finished"}}`,
		"evaluation":                         `{"id":"e","conversation":{"id":"` + s.ID + `"},"evaluationForm":{"id":"f"},"status":"FINISHED"}`,
		"listing of evaluations":             `{"entities":[{"id":"e","conversation":{"id":"` + s.ID + `"},"evaluator":{"id":"u"},"status":"PENDING"}]}`,
		"surveys of a conversation":          `[{"id":"v","conversation":{"id":"` + s.ID + `"},"surveyForm":{"id":"f"},"status":"Finished"}]`,
		"survey":                             `{"id":"v","conversation":{"id":"` + s.ID + `"},"status":"Sent","surveyType":"Web"}`,
		"metric record":                      metric,
		"record under a new topic":           `{"topicName":"v2.novel.{id}","eventBody":` + record + `}`,
		"cut record under a new topic":       `{"topicName":"v2.novel.{id}","eventBody":{"conversationId":"` + s.ID + `","participants":[{"participantId":"p","purpose":"customer"}]}}`,
		"ended record under a new topic":     `{"topicName":"v2.novel.{id}","eventBody":{"conversationId":"` + s.ID + `","conversationEnd":"2025-01-10T09:00:00Z","participants":[]}}`,
		"metric under a new topic":           `{"topicName":"v2.novel.{id}","eventBody":` + metric + `}`,
		"evaluation under a new topic":       `{"topicName":"v2.novel.{id}","eventBody":{"id":"e","conversationId":"` + s.ID + `","evaluator":{"id":"u"},"status":"Finished"}}`,
		"survey under a new topic":           `{"topicName":"v2.novel.{id}","eventBody":{"id":"v","conversation":{"id":"` + s.ID + `"},"surveyForm":{"id":"f"},"status":"Finished"}}`,
		"array of anything":                  `[` + frame + `,` + record + `]`,
		"white space around and inside":      " \n" + indent(t, frame) + "\n",
	}
}

func TestEveryShapeIsRecognised(t *testing.T) {
	id, messages := everyShape(t)
	for name, message := range messages {
		t.Run(name, func(t *testing.T) {
			m := decode(t, message)
			require.Equal(t, genesys.KindConversation, m.Kind)
			require.NotEmpty(t, m.Conversations)
			for _, c := range m.Conversations {
				require.Equal(t, id, c.ID)
			}
		})
	}
}

// TestATopicWithoutANameIsNone: in an envelope the detail-type names it then,
// and elsewhere the shape of the body says what it is.
func TestATopicWithoutANameIsNone(t *testing.T) {
	s := genesystest.BlindTransferToQueue()
	detail := s.DetailEvents()[0]
	bodies := map[string]string{
		"v2.detail.events.conversation.{id}." + detail.Event: object(t, detail.Body),
		"v2.users.{id}.conversations":                        object(t, s.Snapshot(400*time.Second)),
		"v2.users.{id}.conversations.calls":                  object(t, s.MediaSnapshot("voice", 400*time.Second)),
	}
	for topic, body := range bodies {
		want := one(t, `{"id":"e","detail-type":"`+topic+`","detail":`+body+`}`)
		for _, none := range []string{`null`, `""`, `{}`, `[]`} {
			name := `"topicName":` + none
			for _, inside := range []string{`{` + name + `,"eventBody":` + body + `}`, `{"eventBody":` + body + `,` + name + `}`, `{` + name + `,` + body[1:]} {
				require.Equal(t, want, one(t, `{"id":"e","detail-type":"`+topic+`","detail":`+inside+`}`), "%s with topicName %s", topic, none)
			}
		}
	}
	require.Equal(t, s.ID, one(t, `{"topicName":"","eventBody":`+bodies["v2.users.{id}.conversations"]+`}`).ID)
}

func TestMessagesThatSayNothingOfConversationsArePassedOver(t *testing.T) {
	for message, kind := range map[string]genesys.Kind{
		`{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}`:                                              genesys.KindHeartbeat,
		`{"topicName":"channel.metadata","eventBody":{"message":"pong"}}`:                                                             genesys.KindHeartbeat,
		`{"topicName":"v2.system.socket_closing","eventBody":{"message":"going down"}}`:                                               genesys.KindSystem,
		`{"topicName":"v2.users.u.presence","eventBody":{"source":"X"}}`:                                                              genesys.KindOther,
		`{"topicName":"v2.users.u.conversationsummary","eventBody":{"call":{}}}`:                                                      genesys.KindOther,
		`{"topicName":"v2.users.u.conversations.c.recordings","eventBody":{"id":"r"}}`:                                                genesys.KindOther,
		`{"topicName":"v2.analytics.queues.q.observations","eventBody":{"group":{}}}`:                                                 genesys.KindOther,
		`{"version":"0","id":"e","detail-type":"v2.users.{id}.presence","detail":{"topicName":"v2.users.u.presence","eventBody":{}}}`: genesys.KindOther,
		`{"topicName":"v2.businessunits.b.workforcemanagement.intraday","eventBody":{"id":"x"}}`:                                      genesys.KindOther,
		`{"topicName":"v2.wem.learning.assignments.modules.l-1","eventBody":{"id":"x"}}`:                                              genesys.KindOther,
		`{"topicName":"v2.no.such.topic","eventBody":{"id":"x","conversationId":"c"}}`:                                                genesys.KindOther,
		`{"topicName":"v2.no.such.topic","eventBody":{"id":"x","participants":[{"userId":"u"}]}}`:                                     genesys.KindOther,
		`{"topicName":"v2.no.such.topic","eventBody":{"conversationId":"c","participants":[{"purpose":"agent","userId":"u"}]}}`:       genesys.KindOther,
		`{"topicName":"v2.no.such.topic","eventBody":{"metric":"nFlow","conversationId":"c","originatingDirection":"inbound"}}`:       genesys.KindOther,
		`{"topicName":"v2.no.such.topic","eventBody":null}`:                                                                           genesys.KindOther,
		`{"topicName":"v2.no.such.topic","eventBody":[1]}`:                                                                            genesys.KindOther,
		`{"id":"e","detail-type":"v2.no.such.{id}.topic","detail":{"id":"x"}}`:                                                        genesys.KindOther,
		`{"totalHits":0}`:                   genesys.KindOther,
		`{"aggregations":[],"totalHits":0}`: genesys.KindOther,
		`{"jobId":"j"}`:                     genesys.KindOther,
		`{"state":"FULFILLED","submissionDate":"2025-01-10T09:00:00Z"}`: genesys.KindOther,
		`{"entities":[]}`: genesys.KindOther,
		`[]`:              genesys.KindOther,
	} {
		m := decode(t, message)
		require.Equal(t, kind, m.Kind, message)
		require.Empty(t, m.Conversations, message)
	}
}

func TestAMessageOfConversationsIsOneWhateverElseIsInIt(t *testing.T) {
	const heartbeat = `{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}`
	const closing = `{"topicName":"v2.system.socket_closing","eventBody":{"message":"going down"}}`
	frame := string(genesystest.BlindTransferToQueue().Snapshots()[0])
	for message, want := range map[string]genesys.Kind{
		`[` + frame + `,` + heartbeat + `]`:   genesys.KindConversation,
		`[` + heartbeat + `,` + frame + `]`:   genesys.KindConversation,
		frame + heartbeat:                     genesys.KindConversation,
		frame + closing + heartbeat:           genesys.KindConversation,
		closing + frame:                       genesys.KindConversation,
		`[` + closing + `,` + heartbeat + `]`: genesys.KindSystem,
	} {
		m := decode(t, message)
		require.Equal(t, want, m.Kind, message)
		require.Equal(t, strings.Contains(message, closing), m.System != nil, message)
	}
}

func TestSystemMessagesAreToldApart(t *testing.T) {
	for name, want := range map[string]genesys.SystemType{
		"v2.system.socket_closing":           genesys.SystemSocketClosing,
		"v2.system.no_longer_subscribed.u-1": genesys.SystemNoLongerSubscribed,
		"v2.system.token_revoked.u-1":        genesys.SystemTokenRevoked,
		"v2.subscription.updated":            genesys.SystemSubscriptionChanged,
	} {
		m := decode(t, `{"topicName":"`+name+`","eventBody":{"channelId":"ch","reason":"another_channel_subscribed","message":"m"}}`)
		require.Equal(t, &genesys.System{Type: want, ChannelID: "ch", Reason: "another_channel_subscribed", Message: "m"}, m.System)
	}
}

func TestWhatCannotBeUnderstoodIsRefusedWithASentence(t *testing.T) {
	for message, want := range map[string]string{
		`{"topicName":"v2.detail.events.conversation.c.party.start","eventBody":{}}`:                     "its topic is not known here",
		`{"topicName":null,"eventBody":{"eventTime":1736499600000,"conversationId":"c"}}`:                "its topic is missing",
		`{"eventTime":1736499600000,"conversationId":"c"}`:                                               "its topic is missing",
		`{"topicName":"v2.detail.events.conversation.c.acw","eventBody":{"conversationId":"c"}}`:         "eventTime is missing",
		`{"topicName":"v2.detail.events.conversation.{id}.acw","eventBody":{"eventTime":1736499600000}}`: "conversationId is missing",
		`{"topicName":"v2.users.u.conversations","eventBody":{"participants":[]}}`:                       "id is missing",
		`{"id":"e","evaluationForm":{"id":"f"},"conversation":{}}`:                                       "its conversation is missing",
		`{"hello":"world"}`: "of no shape that is known here",
		`{}`:                "of no shape that is known here",
		`null`:              "expected an object",
		`17`:                "expected an object",
		`"hello"`:           "does not hold a JSON object",
		`{"version":"0","detail-type":"x","detail":"y"}`: "its detail is not an object",
		`{"conversations":7}`:                            "conversations is not an array",
		`{"topicName":`:                                  "the JSON ends in the middle",
		`nonsense`:                                       "not valid JSON",
	} {
		_, err := genesys.Decode([]byte(message), time.Time{})
		var refused *genesys.DecodeError
		require.ErrorAs(t, err, &refused, message)
		require.ErrorContains(t, err, want, message)
	}
}

func TestAPageWithBadElementsGivesTheGoodOnes(t *testing.T) {
	m, err := genesys.Decode([]byte(`{"conversations":[
		{"conversationId":"c1","conversationStart":"2025-01-10T09:00:00Z"},
		{"conversationId":"c2","conversationStart":"2025-01-1T09:00:00Z"},
		{"conversationId":"c3","conversationStart":"2025-01-10T09:00:00Z"}]}`), time.Time{})
	require.Len(t, m.Conversations, 2)
	require.ErrorContains(t, err, "element 2: analytics conversation at /conversationStart")
}

func TestEnvelopesInEachOtherWithoutEndAreRefused(t *testing.T) {
	message := `{"totalHits":0}`
	for range 20 {
		message = `{"MessageId":"1","Body":` + object(t, message) + `}`
	}
	_, err := genesys.Decode([]byte(message), time.Time{})
	require.ErrorContains(t, err, "too many envelopes")
}

func TestTheBodyOfACombinedTopicIsNoEnvelope(t *testing.T) {
	within := func(levels int, message string) []byte {
		const begin = `{"conversationId":"c","topicName":"v2.users.u?presence&conversations","eventBody":`
		return []byte(strings.Repeat(begin, levels) + message + strings.Repeat("}", levels))
	}
	s := genesystest.BlindTransferToQueue()
	snapshot := object(t, s.Snapshot(400*time.Second))
	require.Len(t, decode(t, string(within(1, snapshot))).Conversations, 1)
	for _, levels := range []int{2, 20, 5000} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := genesys.Decode(within(levels, snapshot), time.Time{})
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, "of no shape that is known here")
		require.Empty(t, m.Conversations)
		require.LessOrEqual(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(32), "MiB for %d levels", levels)
	}
	for name, envelope := range map[string]string{
		"SQS message": `{"conversationId":"c","Body":` + object(t, string(s.Envelopes()[0])) + `}`,
		"a page":      `{"conversationId":"c","entities":[` + snapshot + `]}`,
	} {
		m, err := genesys.Decode(within(1, envelope), time.Time{})
		require.ErrorContains(t, err, "of no shape that is known here", name)
		require.Empty(t, m.Conversations, name)
	}
	_, err := genesys.Decode(within(1, `{"eventTime":1736499600000,"conversationId":"c"}`), time.Time{})
	require.ErrorContains(t, err, "its topic is missing", "by which a source learns how to subscribe")
}

func TestAnErrorNeverQuotesAValue(t *testing.T) {
	const canary = "Anna-Canary"
	for _, message := range []string{
		`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":"` + canary + `"}}`,
		`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","connectedTime":"` + canary + `"}]}}`,
		`{"conversationId":"c","conversationStart":"` + canary + `"}`,
		`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantId":"p","name":"` + canary + `"`,
		`{"hello":"` + canary + `"}`,
		`"` + canary + `"`,
		`{"topicName":"` + canary + `","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","state":"connected","name":"` + canary + `"}]}}`,
		`{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[{"participantName":"` + canary + `"}]}`,
	} {
		_, err := genesys.Decode([]byte(message), time.Time{})
		require.Error(t, err, message)
		require.NotContains(t, err.Error(), canary)
	}
}

func TestParkedIsAConnectedLegThatRests(t *testing.T) {
	message := `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","userId":"u",
		"emails":[{"id":"s","state":"STATE","connectedTime":"2025-01-10T09:00:00Z"}]}]}}`
	parked := one(t, strings.Replace(message, "STATE", "parked", 1))
	_, s := parked.Session("s")
	require.True(t, s.Parked)
	require.Equal(t, conversation.StateConnected, s.State)
	require.Equal(t, conversation.StatusActive, parked.Status)
	for _, state := range []string{"transmitting", "connected"} {
		_, s := one(t, strings.Replace(message, "STATE", state, 1)).Session("s")
		require.Equal(t, conversation.StateConnected, s.State)
		require.False(t, s.Parked)
	}
}

func TestAfterCallWorkOfTheParticipantBelongsToItsLastLeg(t *testing.T) {
	c := one(t, `{"id":"c","startTime":"2025-01-10T09:00:00Z","participants":[{"id":"p","purpose":"agent","userId":"u",
		"startAcwTime":"2025-01-10T09:05:00Z","endAcwTime":"2025-01-10T09:05:30Z","wrapup":{"code":"w","durationSeconds":30},
		"calls":[{"id":"first","state":"terminated","disconnectedTime":"2025-01-10T09:01:00Z"},
		         {"id":"last","state":"terminated","disconnectedTime":"2025-01-10T09:05:00Z"}]}]}`)
	_, first := c.Session("first")
	_, last := c.Session("last")
	require.Empty(t, first.WrapUpCode)
	require.Equal(t, "w", last.WrapUpCode)
	require.EqualValues(t, 30000, last.WrapUpDurationMs)
	require.False(t, last.ACWEnd.IsZero())
}

func TestTheNewerSnapshotSettlesWhatGoesBackAndForth(t *testing.T) {
	message := func(held string) []byte {
		return []byte(`{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{"id":"p","purpose":"customer",
			"calls":[{"id":"s","state":"connected","connectedTime":"2025-01-10T09:00:00Z","held":` + held + `}]}]}}`)
	}
	read := func(held string, at int) *conversation.Conversation {
		m, err := genesys.Decode(message(held), time.Date(2025, 1, 10, 9, at, 0, 0, time.UTC))
		require.NoError(t, err)
		return m.Conversations[0]
	}
	for _, order := range [][]*conversation.Conversation{
		{read("true", 1), read("false", 2)}, {read("false", 2), read("true", 1)},
	} {
		_, s := conversation.Merge(order[0], order[1]).Session("s")
		require.False(t, s.Held)
	}
}

func TestRegions(t *testing.T) {
	for _, spelling := range []string{"mypurecloud.de", "eu_central_1", "eu-central-1", " EU-Central-1 "} {
		r, err := genesys.ParseRegion(spelling)
		require.NoError(t, err)
		require.Equal(t, "https://api.mypurecloud.de", r.APIURL())
		require.Equal(t, "https://login.mypurecloud.de", r.LoginURL())
		require.Equal(t, "streaming.mypurecloud.de", r.StreamingHost())
	}
	require.Len(t, genesys.Regions(), 18)
	for _, known := range genesys.Regions() {
		for _, spelling := range []string{known.Name, strings.ReplaceAll(known.Name, "_", "-"), known.Domain, strings.ToUpper(known.Domain)} {
			r, err := genesys.ParseRegion(spelling)
			require.NoError(t, err)
			require.Equal(t, known, r)
		}
	}
	for name, domain := range map[string]string{"mx-central-1": "mxc1.pure.cloud", "ap-southeast-1": "apse1.pure.cloud", "eusc-de-east-1": "edee1.eusc-pure.cloud"} { // the newest (C10)
		r, err := genesys.ParseRegion(name)
		require.NoError(t, err)
		require.Equal(t, domain, r.Domain)
	}
}

func TestADomainGivenInFullIsARegionThatIsNewerThanThisModule(t *testing.T) {
	r, err := genesys.ParseRegion("XYZ1.pure.cloud")
	require.NoError(t, err)
	require.Equal(t, "https://api.xyz1.pure.cloud", r.APIURL())
	for _, wrong := range []string{"", "xyz_1", "de", "https://mypurecloud.de", "mypurecloud.de/", "mypurecloud.de:443", "user@mypurecloud.de", "127.0.0.1", "[::1]",
		"a..b", "-a.com", "a.com.", "a b.com", "api.mypurecloud.de", "login.mypurecloud.de", strings.Repeat("a.", 200) + "com"} {
		_, err := genesys.ParseRegion(wrong)
		require.ErrorContains(t, err, "mypurecloud.com", wrong)
	}
}

// TestWhatIsDecodedDoesNotDependOnWhatWasDecodedBefore: decoding uses memory
// again, also that of messages that were refused half-way.
func TestWhatIsDecodedDoesNotDependOnWhatWasDecodedBefore(t *testing.T) {
	var messages [][]byte
	for _, s := range genesystest.Scenarios() {
		story := s.Story()
		for _, list := range [][][]byte{story.QueueMessages(), story.Snapshots(), story.MediaSnapshots(), story.Bodies()} {
			messages = append(messages, list...)
		}
	}
	for version := range 2 {
		messages = append(messages, genesystest.Notification("c0000000-0000-4000-8000-000000000001", 20, version))
	}
	for _, m := range slices.Clone(messages) {
		messages = append(messages, m[:len(m)/2])
		for is, text := range map[string]string{`"held":false`: `"held":"yes"`, `"muted":false`: `"muted":"false"`} {
			if wrong := bytes.Replace(m, []byte(is), []byte(text), 1); !bytes.Equal(wrong, m) { // text where a truth value is expected
				messages = append(messages, wrong)
			}
		}
	}
	told := func(m []byte) string {
		decoded, err := genesys.Decode(m, time.Unix(1_736_500_000, 0))
		text := fmt.Sprintln(decoded.Kind, decoded.Topic, err)
		for _, c := range decoded.Conversations {
			whole, err := conversation.Encode(c)
			require.NoError(t, err)
			text += string(whole) + "\n"
		}
		return text
	}
	want := make([]string, len(messages))
	for i, m := range messages {
		want[i] = told(m)
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	for _, i := range rand.New(rand.NewPCG(uint64(seed), 0)).Perm(len(messages)) {
		require.Equal(t, want[i], told(messages[i]), "message %d", i)
	}
}

func TestAFlattenedLegHasItsCampaignAndItsWebVisit(t *testing.T) {
	c := one(t, `{"topicName":"v2.users.u.conversations.callbacks","eventBody":{"id":"c","participants":[{"id":"p","purpose":"agent","state":"alerting",
		"outboundPreview":{"id":"d","contactId":"ct-1","contactListId":"cl-1","campaignId":"ca-1"},
		"journeyContext":{"customer":{"id":"cu","idType":"cookie"},"customerSession":{"id":"v-1"},"triggeringAction":{"id":"a-1"}}}]}}`)
	_, s := c.Session("p/callback")
	require.Equal(t, []string{"ca-1", "ct-1", "cl-1"}, []string{s.OutboundCampaignID, s.OutboundContactID, s.OutboundContactListID})
	require.Equal(t, []string{"cu", "cookie", "v-1", "a-1"}, []string{s.JourneyCustomerID, s.JourneyCustomerIDType, s.JourneyCustomerSessionID, s.JourneyActionID})
}

// holdsThatEnd are frames of calls on which somebody is put on hold, or parked, and
// then is not: three frames of each that mention the same latest time.
func holdsThatEnd() (calls [][]string) {
	for _, hold := range []string{`"held":true,"startHoldTime":"2025-01-10T09:01:00Z"`, `"held":false,"parkTime":"2025-01-10T09:01:00Z"`} {
		var frames []string
		for i, call := range []string{`"held":false`, hold, `"held":false`} {
			frames = append(frames, `{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[
				{"id":"p-c","purpose":"customer","attributes":{"a":"`+strconv.Itoa(9-i)+`"},"calls":[{"id":"s-c","state":"connected","connectedTime":"2025-01-10T09:00:00Z",`+call+`}]},
				{"id":"p-a","purpose":"agent","userId":"u","calls":[{"id":"s-a","state":"connected","connectedTime":"2025-01-10T09:00:05Z"}]}]}}`)
		}
		calls = append(calls, frames)
	}
	return calls
}

func merged(partials []*conversation.Conversation) (c *conversation.Conversation) {
	for _, p := range partials {
		c = conversation.Merge(c, p)
	}
	return c
}

// requireOver demands that a hold of holdsThatEnd is over.
func requireOver(t *testing.T, c *conversation.Conversation, what string) {
	t.Helper()
	require.Equal(t, conversation.StatusActive, c.Status, what)
	require.Equal(t, "7", c.Participant("p-c").Attributes["a"], "%s: what the last frame says", what)
}

func TestInAFileAHoldIsOverWhenALaterFrameSaysSo(t *testing.T) {
	for _, frames := range holdsThatEnd() {
		var c *conversation.Conversation
		for i, frame := range frames {
			m, err := genesys.DecodeNth([]byte(frame), i+1)
			require.NoError(t, err)
			c = conversation.Merge(c, m.Conversations[0])
		}
		requireOver(t, c, "one by one")
	}
}

// TestOfWhatComesInOneMessageTheLaterIsTheNewer: whoever gathers messages keeps
// their order.
func TestOfWhatComesInOneMessageTheLaterIsTheNewer(t *testing.T) {
	text := func(v string) string { return object(t, v) }
	read := time.Date(2025, 1, 10, 9, 1, 0, 0, time.UTC)
	for _, frames := range holdsThatEnd() {
		for name, message := range map[string]string{
			"an array":                       "[" + strings.Join(frames, ",") + "]",
			"an array of arrays":             "[[" + frames[0] + "],[" + frames[1] + "," + frames[2] + "]]",
			"one after the other":            strings.Join(frames, "\n"),
			"one after the other as text":    `{"MessageId":"1","Body":` + text(strings.Join(frames, "")) + `}`,
			"a record of a stream":           `{"recordId":"1","data":` + base64Text(t, strings.Join(frames, "")) + `}`,
			"a record of a stream, an array": `{"recordId":"1","data":` + base64Text(t, "["+strings.Join(frames, ",")+"]") + `}`,
			"records of a stream": `{"records":[{"recordId":"1","data":` + base64Text(t, frames[0]) + `},{"recordId":"2","data":` +
				base64Text(t, frames[1]+frames[2]) + `}]}`,
			"messages of a queue": `{"Messages":[{"MessageId":"1","Body":` + text(frames[0]) + `},{"MessageId":"2","Body":` + text(frames[1]) +
				`},{"MessageId":"3","Body":` + text(frames[2]) + `}]}`,
		} {
			for way, decode := range map[string]func(data []byte) (*genesys.Message, error){
				"in a file":                 func(data []byte) (*genesys.Message, error) { return genesys.DecodeNth(data, 1) },
				"read":                      func(data []byte) (*genesys.Message, error) { return genesys.Decode(data, read) },
				"read at nobody knows when": func(data []byte) (*genesys.Message, error) { return genesys.Decode(data, time.Time{}) },
				"delivered":                 func(data []byte) (*genesys.Message, error) { return genesys.DecodeDelivered(data, read) },
			} {
				m, err := decode([]byte(message))
				require.NoError(t, err)
				require.Len(t, m.Conversations, 3)
				requireOver(t, merged(m.Conversations), name+", "+way)
				slices.Reverse(m.Conversations)
				requireOver(t, merged(m.Conversations), name+", "+way)
			}
		}
	}
}

func TestInAFileALaterMessageIsNewerThanAllOfAnEarlierOne(t *testing.T) {
	for _, frames := range holdsThatEnd() {
		var all []*conversation.Conversation
		for i, message := range []string{"[" + strings.Join([]string{frames[0], frames[1], frames[0], frames[1]}, ",") + "]", frames[2]} {
			m, err := genesys.DecodeNth([]byte(message), i+1)
			require.NoError(t, err)
			all = append(all, m.Conversations...)
		}
		requireOver(t, merged(all), "an array, then a frame")
	}
}

// TestWhatIsReadTogetherIsReadAtOneTime: what is said of one conversation has no
// order with what is said of others.
func TestWhatIsReadTogetherIsReadAtOneTime(t *testing.T) {
	read := time.Date(2025, 1, 10, 9, 1, 0, 0, time.UTC)
	call := func(id string) string {
		return `{"id":"` + id + `","startTime":"2025-01-10T09:00:00Z","participants":[{"id":"p","purpose":"customer","calls":[{"id":"s","state":"connected"}]}]}`
	}
	m, err := genesys.Decode([]byte(`{"entities":[`+call("c-1")+`,`+call("c-2")+`]}`), read)
	require.NoError(t, err)
	require.Len(t, m.Conversations, 2)
	for _, c := range m.Conversations {
		alone, err := genesys.Decode([]byte(call(c.ID)), read)
		require.NoError(t, err)
		require.Equal(t, alone.Conversations[0], c)
	}
}

// TestABareDetailIsAsOldAsItsTimestamp: what is delivered again is not new.
func TestABareDetailIsAsOldAsItsTimestamp(t *testing.T) {
	for name, members := range map[string]string{"in order": `"topicName":"v2.users.u.conversations","version":"2",TIME,BODY`, "in another order": `BODY,TIME,"topicName":"v2.users.u.conversations"`} {
		detail := func(second, held string) []byte {
			return []byte("{" + strings.NewReplacer("TIME", `"timestamp":"2025-01-10T09:00:0`+second+`.500Z"`,
				"BODY", `"eventBody":{"id":"c","participants":[{"id":"p","purpose":"customer","calls":[{"id":"s","state":"connected","held":`+held+`}]}]}`).Replace(members) + "}")
		}
		at := time.Date(2025, 1, 10, 9, 1, 0, 0, time.UTC)
		var c *conversation.Conversation
		for i, d := range [][]byte{detail("5", "true"), detail("6", "false"), detail("5", "true")} {
			m, err := genesys.DecodeDelivered(d, at.Add(time.Duration(i)*time.Second))
			require.NoError(t, err)
			c = conversation.Merge(c, m.Conversations[0])
		}
		_, s := c.Session("s")
		require.False(t, s.Held, name)
	}
}

// TestTheLaterTimestampIsTheNewerWhateverTheClockSays: ours may be behind that of
// Genesys, and what is received together is read at one time.
func TestTheLaterTimestampIsTheNewerWhateverTheClockSays(t *testing.T) {
	detail := func(timestamp, held string) string {
		return `{"topicName":"v2.users.u.conversations","timestamp":"` + timestamp + `","eventBody":{"id":"c","participants":[{"id":"p","purpose":"customer",
			"calls":[{"id":"s","state":"connected","held":` + held + `}]}]}}`
	}
	forms := map[string]func(timestamp, held string) string{
		"bare": detail,
		"in an envelope": func(timestamp, held string) string {
			return `{"id":"e","detail-type":"v2.users.{id}.conversations","time":"2025-01-10T09:00:05Z","detail":` + detail(timestamp, held) + `}`
		},
		"in an envelope that reads odd": func(timestamp, held string) string {
			return `{"detail":` + detail(timestamp, held) + `,"time":"2025-01-10T09:00:05Z","detail-type":"v2.users.{id}.conversations","id":"e"}`
		},
	}
	at := func(clock string) time.Time {
		read, err := time.Parse(time.RFC3339, "2025-01-10T"+clock+"Z")
		require.NoError(t, err)
		return read
	}
	for name, read := range map[string][2]time.Time{
		"between them":                        {at("09:00:05.150"), at("09:00:05.850")},
		"ahead of both":                       {at("09:00:04.100"), at("09:00:04.900")},
		"ahead of both, which came together":  {at("09:00:04"), at("09:00:04")},
		"behind the second, with one reading": {at("09:00:05.500"), at("09:00:05.500")},
		"a minute behind":                     {at("08:59:05.950"), at("08:59:06")},
		"more than a minute behind":           {at("08:50:05"), at("08:50:06")},
	} {
		for form, message := range forms {
			var c *conversation.Conversation
			for i, m := range []string{message("2025-01-10T09:00:05.100Z", "true"), message("2025-01-10T09:00:05.900Z", "false")} {
				d, err := genesys.DecodeDelivered([]byte(m), read[i])
				require.NoError(t, err)
				c = conversation.Merge(c, d.Conversations[0])
			}
			_, s := c.Session("s")
			require.False(t, s.Held, "%s, the clock %s", form, name)
		}
	}
}

// TestATimestampFarAheadIsNotBelieved: nothing that is read later could overturn it.
func TestATimestampFarAheadIsNotBelieved(t *testing.T) {
	message := func(timestamp, held string) string {
		return `{"topicName":"v2.users.u.conversations","timestamp":"` + timestamp + `","eventBody":{"id":"c","participants":[{"id":"p","purpose":"customer",
			"calls":[{"id":"s","state":"connected","held":` + held + `}]}]}}`
	}
	var c *conversation.Conversation
	read := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	for _, m := range []struct {
		text string
		read time.Time
	}{
		{message("2035-01-10T09:00:00Z", "true"), read},
		{message("2025-01-10T09:01:05Z", "false"), read.Add(65 * time.Second)},
	} {
		d, err := genesys.DecodeDelivered([]byte(m.text), m.read)
		require.NoError(t, err)
		c = conversation.Merge(c, d.Conversations[0])
	}
	_, s := c.Session("s")
	require.False(t, s.Held)
}

// TestAProvisionalWrapUpIsNone: the agent still writes.
func TestAProvisionalWrapUpIsNone(t *testing.T) {
	c := conversation.Merge(nil, one(t, `{"id":"c","startTime":"2025-01-10T09:00:00Z","participants":[{"id":"p","purpose":"agent","userId":"u","wrapupRequired":true,
		"calls":[{"id":"s","state":"terminated","connectedTime":"2025-01-10T09:00:00Z","disconnectedTime":"2025-01-10T09:05:00Z","disconnectType":"client",
		"afterCallWork":{},"wrapup":{"code":"draft","notes":"so far","provisional":true}}]}]}`))
	_, s := c.Session("s")
	require.Empty(t, s.WrapUpCode)
	require.Equal(t, conversation.StatusAfterCallWork, c.Status)
}

func TestAVoicemailSaysWhoseItIs(t *testing.T) {
	for _, event := range []string{"voicemail.start", "voicemail.end"} {
		c := one(t, `{"topicName":"v2.detail.events.conversation.c.`+event+`","eventBody":{"eventTime":1736499700000,"conversationId":"c",
			"participantId":"p","sessionId":"s","mediaType":"VOICE","userId":"u","queueId":"q"}}`)
		require.Equal(t, "u", c.Participant("p").UserID, event)
		require.Equal(t, "q", c.Participant("p").QueueID, event)
	}
}

func TestAnEmptyIDInAListOfARecordIsNone(t *testing.T) {
	for _, none := range []string{`null`, `""`, `{}`} {
		c := one(t, `{"conversationId":"c","conversationStart":"2025-01-10T09:00:00Z","participants":[],
			"divisionIds":[`+none+`,"d"],"knowledgeBaseIds":[`+none+`,"k"],"consultationConversationIds":[`+none+`,"o"]}`)
		require.Equal(t, []string{"d"}, c.DivisionIDs, none)
		require.Equal(t, []string{"k"}, c.KnowledgeBaseIDs, none)
		require.Equal(t, []string{"o"}, c.ConsultationConversations, none)
	}
}
