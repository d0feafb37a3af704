package genesys

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dcmkit/convtrack/conversation"
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
	var p plainBody
	plain := wire.Frame(data, seemsLive(data), p.of) == nil
	if !plain || p.body == nil {
		return false, nil
	}
	return true, r.asOld(data).takePlain(m, &p)
}

// asOld reads a frame that was delivered, and says when it was made, as of then.
func (r reader) asOld(frame []byte) reader {
	if r.delivered {
		r.read = madeAt(textOf(frame, "timestamp"), "", r.read)
	}
	return r
}

// plainBody is the body of a frame that is read in one pass.
type plainBody struct {
	name  string // of the topic
	topic topic
	body  any
}

func (p *plainBody) of(topic string) any {
	p.name, p.topic = topic, parseTopic(topic)
	p.body = p.topic.body()
	return p.body
}

func (r reader) takePlain(m *Message, p *plainBody) error {
	m.Topic = p.name
	defer giveBack(p.body)
	return r.take(m, p.topic, p.body)
}

// seemsLive looks at the beginning of a frame, or of an envelope, where the topic
// usually is.
func seemsLive(data []byte) bool {
	return !bytes.Contains(data[:min(len(data), 200)], []byte(`"v2.detail.events.`))
}

// decodeFrameOdd decodes a frame whose members come in another order or whose
// body the plain structs do not fit.
func (r reader) decodeFrameOdd(m *Message, data []byte, depth int) error {
	var f frame
	if err := wire.Unmarshal(data, &f); err != nil {
		return refused("notification", err)
	}
	if f.TopicName == "" { // then the body is all that there is
		return r.decode(m, f.EventBody, depth+1)
	}
	return r.asOld(data).decodeBody(m, f.TopicName, f.EventBody)
}

// decodeBody decodes the body of a topic.
func (r reader) decodeBody(m *Message, name string, data jsontext.Value) error {
	m.Topic = name
	t := parseTopic(name)
	switch t.kind {
	case topicNewDetail:
		return &DecodeError{What: "detail event", Reason: "its topic is not known here, and only the topic says what it means", Err: ErrUnknownShape}
	case topicCombined:
		return r.decodeCombined(m, data)
	case topicOther:
		return r.decodeOther(m, data)
	}
	body := t.body()
	defer giveBack(body)
	if err := wire.Unmarshal(data, body); err != nil {
		return refused(t.what(), err)
	}
	return r.take(m, t, body)
}

// decodeCombined decodes the body of a combined topic by its shape (2.3), which is
// none of an envelope: frames in frames would have no end.
func (r reader) decodeCombined(m *Message, body jsontext.Value) error {
	names, err := namesOf(body)
	if err != nil {
		return refused("notification of a combined topic", err)
	}
	switch {
	case names.has("id") && names.has("participants"):
		return r.decodeSnapshot(m, body)
	case names.has("conversationId"):
		return r.decodeFacts(m, body, names)
	}
	return nil // presence, routing status and the like
}

// decodeOther decodes the body of a topic that says nothing about
// conversations as far as is known here. There are hundreds, and new ones each
// month, some of which may: what looks like a conversation is one.
func (r reader) decodeOther(m *Message, body jsontext.Value) error {
	names, err := namesOf(body)
	switch {
	case err != nil:
		return refused("notification", err)
	case isMetric(names.has) && names.has("sessionId"):
		return r.decodeMetric(m, body, "")
	case isRecord(names.has):
		return r.decodeOtherRecord(m, body)
	case isEvaluation(names.has):
		return r.decodeEvaluation(m, body)
	case isSurvey(names.has):
		return r.decodeSurvey(m, body)
	case names.has("id") && names.has("participants"):
		return decodeLive(body, func(b *wire.Conversation) error {
			if !slices.ContainsFunc(b.Participants, func(p wire.Participant) bool { return p.ID != "" && p.Purpose != "" }) {
				return nil // participants of something else
			}
			return r.bareTopic(m, b)
		})
	}
	return nil
}

// decodeOtherRecord decodes what has the names of a record, unless its
// participants are those of something else: a summary has some, too.
func (r reader) decodeOtherRecord(m *Message, body jsontext.Value) error {
	var b wire.AnalyticsConversation
	if err := wire.Unmarshal(body, &b); err != nil {
		return refused("analytics conversation", err)
	}
	ofRecord := func(p wire.AnalyticsParticipant) bool { return p.ParticipantID != "" || len(p.Sessions) > 0 }
	if b.ConversationStart.IsZero() && b.ConversationEnd.IsZero() && !slices.ContainsFunc(b.Participants, ofRecord) {
		return nil
	}
	return r.analytics(m, &b)
}

// namesOf returns the names of the members of a body; none for what is no object.
func namesOf(body jsontext.Value) (nameSet, error) {
	if body.Kind() != '{' {
		return nil, nil
	}
	return topLevelNames(body)
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
		if t.kind == topicMedia && !nested(b) {
			return r.mediaSnapshot(m, b, t.media, conversation.SourceMediaTopic)
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

// systemMessage takes what a channel says about itself. Among conversations it
// does not make the message another one.
func systemMessage(m *Message, t topic, b *wire.SystemMessage) error {
	kind := KindHeartbeat
	if t.kind == topicSystem {
		kind = KindSystem
		m.System = &System{Type: t.system, ChannelID: b.ChannelID, Reason: b.Reason, Message: b.Message}
		if t.system == SystemOther && b.SystemTopicType != "" {
			m.System.Type = SystemType(b.SystemTopicType)
		}
	}
	if len(m.Conversations) == 0 && (kind == KindSystem || m.System == nil) {
		m.Kind = kind
	}
	return nil
}
