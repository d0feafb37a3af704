package inspector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// picture is the page of one conversation.
type picture struct {
	line
	Events []announced  `json:"events"`
	Failed []failedItem `json:"failed"`
	Facts  []object     `json:"facts"`

	Chart *chart    `json:"-"`
	Now   time.Time `json:"-"`
}

// moves: the bars of what goes on grow.
func (p picture) moves() time.Duration {
	if p.Status != conversation.StatusEnded {
		return 5 * time.Second
	}
	return 0
}

// announced is an event, why it was announced, and what became of it.
type announced struct {
	Seq    int64           `json:"seq"`
	Time   time.Time       `json:"time,omitzero"`
	Type   string          `json:"type"`
	ID     string          `json:"id"`
	Rule   string          `json:"rule"`
	Why    string          `json:"why,omitzero"`
	Data   json.RawMessage `json:"data"`
	Vetoed bool            `json:"vetoed,omitzero"`
	// Deliveries are those that are not done, and those that were skipped.
	Deliveries []delivery `json:"deliveries,omitzero"`

	Details []detail `json:"-"`
}

type delivery struct {
	Hook     string              `json:"hook"`
	State    store.DeliveryState `json:"state"`
	Attempts int                 `json:"attempts,omitzero"`
	Error    string              `json:"error,omitzero"`
	Stack    string              `json:"stack,omitzero"`
}

// detail is a field of an event's data.
type detail struct{ Name, Text string }

func (h *Handler) showConversation(ctx context.Context, see viewer, params url.Values) (shown, error) {
	id := params.Get("id")
	if id == "" {
		return nil, badRequest("The parameter id is missing: the id of a conversation.")
	}
	c, err := h.tracker.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	timeline, err := h.tracker.Timeline(ctx, id)
	if err != nil {
		return nil, err
	}
	failed, err := h.tracker.FailedPage(ctx, store.FailedQuery{ConversationID: id, Limit: pageSize})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	p := picture{line: see.line(c), Events: []announced{}, Failed: []failedItem{}, Facts: see.facts(c), Chart: newChart(see, c, now), Now: now}
	for _, a := range timeline {
		p.Events = append(p.Events, see.announced(a))
	}
	for _, item := range failed.Items {
		p.Failed = append(p.Failed, see.failedItem(item))
	}
	p.Chart.mark(p.Events)
	return p, nil
}

func (v viewer) announced(a convtrack.Announcement) announced {
	e := announced{
		Seq: a.Logged.Seq, Time: a.Logged.Time, Type: a.Logged.Type, ID: a.Logged.ID, Rule: a.Logged.Rule, Why: why[events.Rule(a.Logged.Rule)],
		Data: v.document(a), Vetoed: a.Logged.Vetoed,
	}
	for _, d := range a.Logged.Deliveries {
		e.Deliveries = append(e.Deliveries, delivery{d.Hook, d.State, d.Attempts, v.personal(d.Error), v.personal(d.Stack)})
	}
	e.Details = details(e.Data)
	return e
}

// details are the fields of an object, in words.
func details(data json.RawMessage) (all []detail) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&fields) != nil {
		return nil
	}
	delete(fields, "rule")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = appendDetails(all, name, fields[name])
	}
	return all
}

// appendDetails appends a value; what is within it stands behind a dot.
func appendDetails(all []detail, name string, value any) []detail {
	switch is := value.(type) {
	case nil:
	case map[string]any:
		for _, inner := range slices.Sorted(maps.Keys(is)) {
			all = appendDetails(all, name+"."+inner, is[inner])
		}
	case []any:
		for i, inner := range is {
			numbered := name
			if len(is) > 1 {
				numbered += " " + strconv.Itoa(i+1)
			}
			all = appendDetails(all, numbered, inner)
		}
	default:
		if text := fmt.Sprint(is); text != "" {
			all = append(all, detail{name, text})
		}
	}
	return all
}

// mark puts the events on the axis that happened while it lasts.
func (d *chart) mark(all []announced) {
	for _, e := range all {
		if !e.Time.IsZero() && !e.Time.Before(d.Begin) && !e.Time.After(d.End) {
			d.Marks = append(d.Marks, mark{d.place(e.Time), e.Seq, e.Type, e.Time})
		}
	}
}

// why says in words what the rules of Common Events rest on.
var why = map[events.Rule]string{
	events.RuleFirstHeard:      "Something was said about a conversation that was not stored yet.",
	events.RuleNewParticipant:  "The participant was not known before.",
	events.RuleNewPerson:       "The user was not known in this conversation before.",
	events.RuleAnswered:        "A leg of the agent was answered: it has a connected time, an interact segment or an interacting duration.",
	events.RuleBlindTransfer:   "The agent's leg ended with a transfer.",
	events.RuleConsultTransfer: "The agent completed a consult: the leg ended with a consult transfer, or the other agent joined while it was open.",
	events.RuleHungUp:          "The agent's leg was ended by the agent's own application or telephone.",
	events.RuleRecordedEnd:     "A record of Genesys says that the conversation ended.",
	events.RuleAllLegsOver:     "Every leg is over, and no after-call work is owed.",
	events.RuleLegAfterEnd:     "A leg began after the end that had been announced.",
	events.RuleQueued:          "A leg of a queue is there.",
	events.RuleAlerted:         "A leg of the agents' side was seen alerting.",
	events.RuleUnanswered:      "A leg that alerted is over and was never connected.",
	events.RuleLeft:            "All legs of a stretch of the agent are over.",
	events.RuleWrappedUp:       "A leg of the agent has a wrap-up code.",
	events.RuleSurveyCompleted: "The survey's status is Finished.",
	events.RuleReleased:        "The evaluation is said to be released.",
	events.RuleVersion:         "A version was stored that shows something else than the one before.",
	events.RuleDefined:         "A definition of the host's own found it.",
}
