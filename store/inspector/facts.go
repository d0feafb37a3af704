package inspector

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// object is an object of the conversation with everything that is known of it.
type object struct {
	Kind  string `json:"object"`
	ID    string `json:"id"`
	Facts []fact `json:"facts"`
}

// fact is a field, and who has said it.
type fact struct {
	Field string `json:"field"`
	Value string `json:"value"`
	// By is the kind of message that states it, and At as of when; both are empty
	// of what follows from other facts. At is also empty where it does not matter.
	By string    `json:"statedBy,omitzero"`
	At time.Time `json:"statedAt,omitzero"`
}

// facts are all objects of a conversation, in its order.
func (v viewer) facts(c *conversation.Conversation) (all []object) {
	all = append(all, object{"conversation", c.ID, append(facts(v, conversation.ConversationFields(), c),
		v.attributes(c.Attributes, c.AttributeStated)...)})
	for _, p := range c.Participants {
		all = append(all, object{"participant", p.ID, append(facts(v, conversation.ParticipantFields(), p), v.attributes(p.Attributes, p.AttributeStated)...)})
		for _, s := range p.Sessions {
			all = append(all, object{"session", s.ID, facts(v, conversation.SessionFields(), s)})
			for _, g := range s.Segments {
				all = append(all, object{"segment", string(g.Type) + " " + stamped(g.Start), facts(v, conversation.SegmentFields(), g)})
			}
		}
	}
	for _, t := range c.Transfers {
		all = append(all, object{"transfer", t.ID, facts(v, conversation.TransferFields(), t)})
	}
	for _, s := range c.Surveys {
		all = append(all, object{"survey", s.ID, facts(v, conversation.SurveyFields(), s)})
	}
	for _, e := range c.Evaluations {
		all = append(all, object{"evaluation", e.ID, facts(v, conversation.EvaluationFields(), e)})
	}
	return all
}

// facts are the fields of one object that are known.
func facts[E any](v viewer, fields conversation.Fields[E], e *E) (all []fact) {
	for place, f := range fields.List() {
		if f.IsZero(e) {
			continue
		}
		is := fact{Field: f.Name, Value: v.value(f.Name, f.Value(e))}
		if by, at := fields.Stated(e, place); by != 0 {
			is.By, is.At = by.String(), at
		}
		all = append(all, is)
	}
	return all
}

// value writes a field down, as far as it may be seen.
func (v viewer) value(name string, at any) string {
	data, err := json.Marshal(at)
	if err != nil {
		return mask
	}
	if name == "questionGroupScores" && !v.Personal {
		return mask // answers: JSON in a text
	}
	if !v.Personal {
		var value any
		if json.Unmarshal(data, &value) != nil {
			return mask
		}
		if data, err = json.Marshal(masked(name, value)); err != nil {
			return mask
		}
	}
	var text string
	if json.Unmarshal(data, &text) == nil {
		return text
	}
	var texts []string
	if json.Unmarshal(data, &texts) == nil {
		return strings.Join(texts, ", ")
	}
	return string(data)
}

// attributesOf precedes the name of an attribute.
const attributesOf = "attributes."

// attributes are in the order of their names, which are free text, too: whoever may
// not see the values sees how many there are.
func (v viewer) attributes(values map[string]string, stated func(string) (conversation.Source, time.Time)) (all []fact) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		by, at := stated(name)
		is := fact{Field: attributesOf + v.personal(name), Value: v.personal(values[name]), At: at}
		if by != 0 {
			is.By = by.String()
		}
		all = append(all, is)
	}
	return all
}

// stamped is a time as the pages show it: in UTC, with the day.
func stamped(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// clock is the time of the day, in UTC.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// duration is a length of time in two units.
func duration(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}
