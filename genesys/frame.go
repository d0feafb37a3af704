package genesys

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// frame is the envelope of a notification, on a socket or inside EventBridge.
type frame struct {
	TopicName string         `json:"topicName"`
	EventBody jsontext.Value `json:"eventBody"`
}

// decodeFrame decodes a WebSocket frame in one pass. done is false for
// everything else, and for a frame that needs tolerance.
func (r reader) decodeFrame(m *Message, data []byte) (done bool, err error) {
	var name string
	var t topic
	var body any
	plain := wire.Frame(data, seemsLive(data), func(topic string) any {
		name, t = topic, parseTopic(topic)
		body = t.body()
		return body
	}) == nil
	if !plain || body == nil {
		return false, nil
	}
	m.Topic = name
	defer giveBack(body)
	return true, r.take(m, t, body)
}

// seemsLive looks at the beginning of a frame, where its topic usually is.
func seemsLive(data []byte) bool {
	return !bytes.Contains(data[:min(len(data), 100)], []byte(`"v2.detail.events.`))
}

// decodeFrameOdd decodes a frame whose members come in another order or whose
// body the plain structs do not fit.
func (r reader) decodeFrameOdd(m *Message, data []byte) error {
	var f frame
	if err := wire.Unmarshal(data, &f); err != nil {
		return refused("notification", err)
	}
	m.Topic = f.TopicName
	t := parseTopic(f.TopicName)
	switch t.kind {
	case topicUnknown:
		return &DecodeError{What: "notification", Reason: "its topic is not known here", Err: ErrUnknownShape}
	case topicCombined:
		return r.decodeCombined(m, f.EventBody)
	}
	body := t.body()
	defer giveBack(body)
	if err := wire.Unmarshal(f.EventBody, body); err != nil {
		return refused(t.what(), err)
	}
	return r.take(m, t, body)
}

// decodeCombined decodes the body of a combined topic by its shape (2.3).
func (r reader) decodeCombined(m *Message, body jsontext.Value) error {
	names, err := topLevelNames(body)
	if err != nil {
		return refused("notification of a combined topic", err)
	}
	switch {
	case names.has("id") && names.has("participants"):
		return r.decodeSnapshot(m, body)
	case names.has("conversationId"):
		return r.decodeObject(m, body, names, 0)
	}
	return nil // presence, routing status and the like
}

// body returns an empty struct for the topic's body; nil for topics without
// one. It is used until giveBack.
func (t topic) body() any {
	switch t.kind {
	case topicConversation, topicMedia:
		return wire.BorrowConversation()
	case topicDetail:
		return &wire.DetailEvent{}
	case topicMetrics:
		return &wire.MetricRecord{}
	case topicEvaluation:
		return &wire.Evaluation{}
	case topicHeartbeat, topicSystem:
		return &wire.SystemMessage{}
	case topicOther:
		return &jsontext.Value{}
	}
	return nil
}

func giveBack(body any) {
	if b, ok := body.(*wire.Conversation); ok {
		b.GiveBack()
	}
}

// what names the kind of message in errors.
func (t topic) what() string {
	switch t.kind {
	case topicConversation:
		return "conversation topic"
	case topicMedia:
		return string(t.media) + " topic"
	case topicDetail:
		return "detail event " + t.event
	case topicMetrics:
		return "metric topic"
	case topicEvaluation:
		return "evaluation topic"
	}
	return "notification"
}

// take turns the decoded body of a topic into partial conversations.
func (r reader) take(m *Message, t topic, body any) error {
	switch b := body.(type) {
	case *wire.Conversation:
		if t.kind == topicMedia {
			return r.mediaSnapshot(m, b, t.media, true)
		}
		return r.topicSnapshot(m, b)
	case *wire.DetailEvent:
		return r.detailEvent(m, t, b)
	case *wire.MetricRecord:
		return r.metric(m, b, t.id)
	case *wire.Evaluation:
		return r.evaluation(m, b)
	case *wire.SystemMessage:
		return systemMessage(m, t, b)
	}
	return nil
}

func systemMessage(m *Message, t topic, b *wire.SystemMessage) error {
	if t.kind == topicHeartbeat {
		m.Kind = KindHeartbeat
		return nil
	}
	m.Kind = KindSystem
	m.System = &System{Type: t.system, ChannelID: b.ChannelID, Reason: b.Reason, Message: b.Message}
	if t.system == SystemOther && b.SystemTopicType != "" {
		m.System.Type = SystemType(b.SystemTopicType)
	}
	return nil
}
