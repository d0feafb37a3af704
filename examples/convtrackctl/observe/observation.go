package observe

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/genesys"
)

// Mechanism is a way in which an organisation tells of conversations.
type Mechanism string

// The mechanisms.
const (
	Snapshots    Mechanism = "snapshots"     // topics of users and queues, over the WebSocket
	DetailEvents Mechanism = "detail events" // over the WebSocket, of each conversation that is known
	Queue        Mechanism = "EventBridge"   // through a queue
	Live         Mechanism = "live API"      // GET /api/v2/conversations/{id}
	Records      Mechanism = "records"       // analytics
)

// Mechanisms are all there are, in the order of the report.
func Mechanisms() []Mechanism { return []Mechanism{Snapshots, DetailEvents, Queue, Live, Records} }

// object is a JSON object.
type object map[string]any

// observation is one thing that was said: a notification, a detail event, a record; or a
// call of the API.
type observation struct {
	by           Mechanism
	at           time.Time // when it was heard
	conversation string    // its id
	topic        string    // of a notification
	event        string    // of a detail event, as in "user.end"
	body         object
	envelope     object // of EventBridge; nil: it came in none

	call *call // alone
}

// call is a call of the API.
type call struct {
	request genesys.Request
	refused *genesys.APIError // nil: there was an answer, or none at all
	failed  bool
}

// takeApart returns what a message says, as it is written.
func takeApart(by Mechanism, data []byte, at time.Time) []*observation {
	var top object
	if json.Unmarshal(data, &top) != nil {
		return nil
	}
	if text := top.text("Message"); text != "" && top.text("TopicArn") != "" { // wrapped by SNS
		return takeApart(by, []byte(text), at)
	}
	s := &observation{by: by, at: at, body: top}
	if detail := top.object("detail"); detail != nil && top.text("detail-type") != "" {
		s.envelope, top = top, detail
		if top.object("eventBody") == nil { // a rule has taken it apart
			top = object{"topicName": s.envelope.text("detail-type"), "eventBody": map[string]any(detail)}
		}
	}
	if all := top.objects("conversations"); all != nil {
		var parts []*observation
		for _, c := range all {
			parts = append(parts, &observation{by: by, at: at, body: c, conversation: c.id()})
		}
		return parts
	}
	if body := top.object("eventBody"); body != nil {
		s.topic, s.body = top.text("topicName"), body
		if rest, is := strings.CutPrefix(s.topic, "v2.detail.events.conversation."); is {
			_, s.event, _ = strings.Cut(rest, ".")
		}
	}
	s.conversation = s.body.id()
	return []*observation{s}
}

// id is that of the conversation.
func (o object) id() string {
	if id := o.text("conversationId"); id != "" {
		return id
	}
	return o.text("id")
}

func (o object) text(name string) string { s, _ := o[name].(string); return s }

// number is a number, and whether there is one.
func (o object) number(name string) (float64, bool) { n, is := o[name].(float64); return n, is }

func (o object) object(name string) object {
	m, _ := o[name].(map[string]any)
	return m
}

func (o object) objects(name string) []object {
	list, _ := o[name].([]any)
	var all []object
	for _, x := range list {
		if m, is := x.(map[string]any); is {
			all = append(all, m)
		}
	}
	return all
}

// time is an instant, written as a text or in milliseconds.
func (o object) time(name string) time.Time {
	if ms, is := o.number(name); is {
		return time.UnixMilli(int64(ms))
	}
	t, _ := time.Parse(time.RFC3339, o.text(name))
	return t
}

// legs are the lists of legs of a participant of the live API, by their name.
func (o object) legs(each func(list string, leg object)) {
	for _, list := range []string{"calls", "callbacks", "chats", "emails", "messages", "internalMessages", "cobrowsesessions", "screenshares", "videos", "socialExpressions"} {
		for _, l := range o.objects(list) {
			each(list, l)
		}
	}
}
