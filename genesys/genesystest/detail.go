package genesystest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// DetailEvent is one v2.detail.events.conversation event.
type DetailEvent struct {
	At    time.Duration
	Event string // "user.end"
	Body  Object
}

// DetailEvents returns the story's detail events in the order in which they
// happened (protocol 3.5).
func (s *Story) DetailEvents() []DetailEvent {
	var events []DetailEvent
	for _, l := range s.Legs {
		if !l.Dialer {
			events = append(events, s.legEvents(l)...)
		}
	}
	for _, a := range s.Attributes {
		events = append(events, DetailEvent{a.At, "attributes", Object{"eventTime": s.millis(a.At), "conversationId": s.ID,
			"participantId": a.Participant, "attributes": s.attributesTold(a)}})
	}
	slices.SortStableFunc(events, func(a, b DetailEvent) int { return int(a.At - b.At) })
	return events
}

// detailTimes are the times of the detail events.
func (s *Story) detailTimes() []time.Duration {
	var times []time.Duration
	for _, e := range s.DetailEvents() {
		times = append(times, e.At)
	}
	return times
}

func (s *Story) legEvents(l *Leg) []DetailEvent {
	role := detailRole(l.Purpose)
	if role == "" || l.Purpose == "external" && s.otherwise.takes(ExternalsUntold) {
		return nil
	}
	var events []DetailEvent
	add := func(at time.Duration, event string, more Object) {
		body := Object{"eventTime": s.millis(at), "conversationId": s.ID, "participantId": l.Participant, "sessionId": l.Session,
			"mediaType": strings.ToUpper(l.Media), "provider": l.Provider, "direction": strings.ToUpper(l.Direction)}
		if l.Media == "message" {
			body["messageType"] = strings.ToUpper(l.Message)
		}
		if !strings.HasPrefix(event, "acw") && event != "wrapup" {
			body["divisionId"] = s.Division
		}
		if l.Queue != "" {
			body["queueId"] = l.Queue
		}
		switch role {
		case "user":
			if event != "wrapup" {
				body["userId"] = l.User
			}
		case "flow":
			body["flowType"], body["flowId"], body["flowVersion"] = l.Flow, "fl-1", "12.0"
		case "customer":
			delete(body, "queueId")
			set(body, "externalContactId", l.Contact)
		}
		s.setAddresses(body, l)
		if l.Due != Never {
			body["callbackScheduledTime"] = s.millis(l.Due)
		}
		for k, v := range more {
			body[k] = v
		}
		events = append(events, DetailEvent{at, event, body})
	}
	add(l.Start, role+".start", nil)
	if l.Campaign != "" && role == "customer" {
		add(l.Start, "outbound", Object{"outboundCampaignId": l.Campaign, "outboundContactListId": "cl-1", "outboundContactId": "ct-1"})
	}
	for _, r := range l.Restarts {
		add(r.From, role+".end", Object{"disconnectType": "OTHER"})
		add(r.To, role+".start", nil)
	}
	for _, o := range l.Outcomes {
		add(o.To+s.outcomeLag, role+".outcome", s.outcomeDetails(o))
	}
	if l.End != Never {
		add(l.End, role+".end", s.endDetails(l, role))
	}
	if l.WrapEnd != Never && (l.WrapCode != "" || !s.otherwise.takes(WrapUpsWithoutCodeUntold)) {
		w := Object{"wrapupDurationMs": (l.WrapEnd - l.WrapStart).Milliseconds()}
		set(w, "wrapupCode", l.WrapCode)
		add(l.WrapEnd, "acw", w)
		if l.WrapCode != "" {
			add(l.WrapEnd+10*time.Millisecond, "wrapup", w)
		}
	}
	return events
}

func detailRole(purpose string) string {
	switch purpose {
	case "customer", "external":
		return "customer"
	case "ivr", "workflow", "botflow":
		return "flow"
	case "acd":
		return "acd"
	case "agent", "user":
		return "user"
	case "voicemail":
		return "voicemail"
	}
	return ""
}

// attributesTold are those that the event of a change holds.
func (s *Story) attributesTold(a Attribute) map[string]string {
	if s.otherwise.takes(AllAttributes) {
		return s.attributesOf(a.Participant, a.At)
	}
	return a.Values
}

func (s *Story) endDetails(l *Leg, role string) Object {
	o := Object{}
	if l.Disconnect != "" {
		o["disconnectType"] = detailSpelling(l.Disconnect)
		if l.Consulted && s.otherwise.takes(ConsultsEndAsConsults) {
			o["disconnectType"] = "CONSULT_TRANSFER"
		}
	}
	connected := int64(0)
	if l.Connected != Never {
		connected = (l.End - l.Connected).Milliseconds()
	}
	switch role {
	case "customer":
		o["interactingDurationMs"] = connected
	case "flow":
		o["connectedDurationMs"] = connected
		set(o, "exitReason", l.Exit)
		set(o, "transferType", l.Target)
	case "acd":
		o["connectedDurationMs"] = connected
		set(o, "acdOutcome", l.Outcome)
		set(o, "answeredUserId", l.Answered)
	case "user":
		before := l.End - l.Start
		if l.Connected != Never {
			before = l.Connected - l.Start
		}
		held := time.Duration(0)
		for _, h := range l.Holds {
			held += h.To - h.From
		}
		o["alertingDurationMs"], o["contactingDurationMs"] = before.Milliseconds(), 0
		if l.before() == "contacting" {
			o["alertingDurationMs"], o["contactingDurationMs"] = 0, before.Milliseconds()
		}
		o["dialingDurationMs"], o["callbackDurationMs"], o["heldDurationMs"] = 0, 0, held.Milliseconds()
		o["interactingDurationMs"] = connected
		if s.otherwise.takes(HeldApart) {
			o["interactingDurationMs"] = connected - held.Milliseconds()
		}
	case "voicemail":
		o["voicemailDurationMs"] = connected
	}
	return o
}

func detailSpelling(disconnect string) string {
	switch disconnect {
	case "dndEndpoint":
		return "DND_ENDPOINT"
	case "dndTransfer":
		return "DND_TRANSFER"
	}
	var b strings.Builder
	for _, r := range disconnect {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// Details returns the story as WebSocket frames of its detail events.
func (s *Story) Details() [][]byte {
	var frames [][]byte
	for _, e := range s.DetailEvents() {
		frames = append(frames, Frame(s.topic(e), e.Body))
	}
	return frames
}

func (s *Story) topic(e DetailEvent) string {
	return "v2.detail.events.conversation." + s.ID + "." + e.Event
}

// Envelopes returns the story's detail events as EventBridge delivers them
// (protocol 4.2).
func (s *Story) Envelopes() [][]byte {
	var envelopes [][]byte
	for i, e := range s.DetailEvents() {
		envelopes = append(envelopes, encode(s.Envelope(i, e)))
	}
	return envelopes
}

// Envelope wraps a detail event for EventBridge; n makes its id.
func (s *Story) Envelope(n int, e DetailEvent) Object {
	return s.envelope(n, s.topic(e), "v2.detail.events.conversation.{id}."+e.Event, e.At, e.Body)
}

// SnapshotEnvelopes returns the story's snapshots as EventBridge delivers those
// of a user's conversations.
func (s *Story) SnapshotEnvelopes() [][]byte {
	var envelopes [][]byte
	for i, t := range s.Moments() {
		envelopes = append(envelopes, encode(s.snapshotEnvelope(i, "v2.users."+s.listener()+".conversations", t)))
	}
	return envelopes
}

func (s *Story) snapshotEnvelope(n int, topic string, t time.Duration) Object {
	detailType := "v2.routing.queues.{id}.conversations"
	if strings.HasPrefix(topic, "v2.users.") {
		detailType = "v2.users.{id}.conversations"
	}
	return s.envelope(1_000_000+n, topic, detailType, t, s.Snapshot(t))
}

func (s *Story) envelope(n int, topic, detailType string, at time.Duration, body any) Object {
	const takes = 400 * milli // to make it
	stamp := at
	if s.otherwise.takes(EnvelopesWhenMade) {
		stamp += takes
	}
	return Object{"version": "0", "id": fmt.Sprintf("0f4f0b6c-6f6e-4a8e-9a3e-%012d", n),
		"detail-type": detailType,
		"source":      "aws.partner/genesys.com/cloud/99999999-aaaa-4bbb-8ccc-000000000001/tracker-test",
		"account":     "123456789012", "time": s.at(stamp).Format("2006-01-02T15:04:05Z"), "region": "eu-central-1", "resources": []any{},
		"detail": Object{"topicName": topic, "version": "2", "timestamp": s.iso(at + takes), "eventBody": body,
			"metadata": Object{"CorrelationId": "f5f0c9a2-8f4d-4a39-8a61-64c4a8d8be1a"}}}
}

// QueueMessages returns the story as the bodies of SQS messages, every second
// one with SNS in between.
func (s *Story) QueueMessages() [][]byte {
	var messages [][]byte
	for i, e := range s.Envelopes() {
		body := string(e)
		if i%2 == 1 {
			body = string(encode(Object{"Type": "Notification", "MessageId": fmt.Sprint("m-", i), "TopicArn": "arn:aws:sns:eu-central-1:123456789012:t", "Message": body}))
		}
		messages = append(messages, encode(Object{"MessageId": fmt.Sprint("q-", i), "ReceiptHandle": "r", "Body": body}))
	}
	return messages
}
