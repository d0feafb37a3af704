package architect

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dcmkit/convtrack/genesys/internal/ingress"
)

// Call is what a flow says with the data action. The builder of the flow chooses the
// words, so that none of them is to be believed; Note can be personal data.
type Call struct {
	ConversationID string
	// Source is what called: "trigger", "inbound-call", "in-queue", "api", or
	// another word of the flow's.
	Source string
	// Topic is the name of the topic that started a trigger's workflow, or
	// another word of the flow's.
	Topic         string
	ParticipantID string // empty: the flow does not say
	// EventTime is when what the flow tells of happened, which can be long ago:
	// triggers start late, and flows try again. Zero: the flow does not say, or
	// not in a form that is known.
	EventTime time.Time
	Note      string // the flow's own
}

// heartbeat is the source of calls that tell of no conversation: a scheduled
// workflow shows with them that the way is open.
const heartbeat = "heartbeat"

// readCall reads the body of a call. Its error is a sentence that quotes
// nothing of the body.
func readCall(body []byte) (Call, error) {
	if !utf8.Valid(body) {
		return Call{}, fmt.Errorf("the body is not UTF-8")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return Call{}, fmt.Errorf("the body must be a JSON object; the request template must write texts with $esc.jsonString")
	}
	var c Call
	for _, m := range []struct {
		name string
		into *string
	}{
		{"conversationId", &c.ConversationID}, {"source", &c.Source}, {"topic", &c.Topic},
		{"participantId", &c.ParticipantID}, {"note", &c.Note},
	} {
		text, err := text(members[m.name])
		if err != nil {
			return Call{}, fmt.Errorf("%s must be a text", m.name)
		}
		*m.into = text
	}
	at, err := eventTime(members["eventTime"])
	if err != nil {
		return Call{}, fmt.Errorf("eventTime must be a text or a number")
	}
	c.EventTime = at
	if c.ConversationID == "" && c.Source == heartbeat {
		return c, nil
	}
	return c, c.valid()
}

func (c Call) valid() error {
	switch {
	case c.ConversationID == "":
		return fmt.Errorf("conversationId is missing; the flow must give it to the data action")
	case !ingress.IsID(c.ConversationID):
		return fmt.Errorf("conversationId is not an id")
	case c.ParticipantID != "" && !ingress.IsID(c.ParticipantID):
		return fmt.Errorf("participantId is not an id")
	}
	return nil
}

// text reads a text; empty where a flow has no value.
func text(raw json.RawMessage) (string, error) {
	if raw == nil {
		return "", nil
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", err
	}
	if s == nil || absent(*s) {
		return "", nil
	}
	return *s, nil
}

// absent reports whether a text is what comes in place of a value that a flow
// does not have: nothing, or the text of the template itself, as Velocity
// prints it for a variable without a value.
func absent(s string) bool {
	s = strings.TrimSpace(s)
	for _, template := range []string{"${", "$!{", "$esc.", "$input."} {
		if strings.HasPrefix(s, template) {
			return true
		}
	}
	return s == "" || s == "null" || s == "NOT_SET"
}

// timeLayouts are how a flow may write a time. Which one ToString makes of
// a date and time in Architect is not published.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"}

// eventTime reads a time: ISO 8601 (UTC where it names no zone), or the
// milliseconds of detail events, as a number or as a text that was made of one.
// What is none of these is no time: a call is not refused for it, as a flow
// cannot do anything about it.
func eventTime(raw json.RawMessage) (time.Time, error) {
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return milliseconds(string(raw)), nil
	}
	s, err := text(raw)
	if err != nil || s == "" {
		return time.Time{}, err
	}
	s = strings.TrimSpace(s)
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t), nil
		}
	}
	return milliseconds(s), nil
}

func milliseconds(s string) time.Time {
	ms, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(ms) || math.Abs(ms) > 1e15 {
		return time.Time{}
	}
	return plausible(time.UnixMilli(int64(ms)))
}

// plausible returns no time for one in which Genesys Cloud did not exist, or
// that a store may not keep.
func plausible(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 2000 || t.Year() > 2200 {
		return time.Time{}
	}
	return t
}
