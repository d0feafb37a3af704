package genesystest

import (
	"encoding/json"
	"strings"
	"time"
)

// Trigger is a process-automation trigger: it launches a workflow for every
// event of a topic.
type Trigger struct {
	// Topic is the topic's name with its {id}, as in
	// "v2.detail.events.conversation.{id}.user.start".
	Topic string
	// FlowID is the workflow; its execution gets the event's body, without the
	// name of the topic, as the input Flow.jsonData.
	FlowID string
	// TopLevelPrimitives is the other format of data: the execution gets each
	// member of the body that is a text, a number or a boolean as an input of its
	// own, as in Flow.conversationId, and as a text; objects and lists are left
	// out.
	TopLevelPrimitives bool
	// Match is the trigger's criteria: which bodies launch the workflow; nil: all.
	Match func(body map[string]any) bool
	// Delay is how late the workflow starts.
	Delay time.Duration
}

// AddTrigger lets a trigger fire on the detail events of what happens from now
// on. It does so as EventBridge delivers: with the faults of envelopes it fires
// late, several times or not at all. stop ends it.
func (s *Server) AddTrigger(t Trigger) (stop func()) {
	return s.Envelopes(func(envelope []byte) {
		var event struct {
			Type   string `json:"detail-type"`
			Detail struct {
				Body map[string]any `json:"eventBody"`
			} `json:"detail"`
		}
		if json.Unmarshal(envelope, &event) != nil || !strings.EqualFold(event.Type, t.Topic) || t.Match != nil && !t.Match(event.Detail.Body) {
			return
		}
		s.goes(func() {
			if wait(s.ctx, t.Delay) == nil {
				s.flows.launch(t.FlowID, "", t.inputs(event.Detail.Body))
			}
		})
	})
}

// inputs are those of the workflow.
func (t *Trigger) inputs(body map[string]any) map[string]any {
	if !t.TopLevelPrimitives {
		return map[string]any{"Flow.jsonData": body}
	}
	inputs := map[string]any{}
	for name, value := range body {
		switch value := value.(type) {
		case string:
			inputs["Flow."+name] = value
		case float64, bool:
			inputs["Flow."+name] = string(encode(value))
		}
	}
	return inputs
}
