package setup

import (
	"bytes"
	"slices"
	"strings"
	"text/template"
)

// step is one Call Data Action of a flow.
type step struct {
	Name     string
	Prompt   bool // flows of calls have a prompt for the time of the call
	Category string
	Action   string
	Inputs   []stepInput
	CaseID   string // the variable that the case's id is put into, if any
	Failures []string
}

// stepInput is an input of a data action: a literal, an expression, or neither.
type stepInput struct{ Name, Literal, Expression string }

// failureOutputs are all that a data action has when it fails; exported flows
// list them all.
func failureOutputs() []string {
	return []string{"errorCode", "status", "correlationId", "entityId", "entityName", "userMessage", "userParamsMessage",
		"userParams.key", "userParams.value", "details.errorCode", "details.fieldName", "details.entityId", "details.entityName"}
}

func (p *plan) step(source, topic, conversation string) step {
	return step{
		Name: "Tell " + p.Name, Category: p.Integration, Action: p.ActionName, Failures: failureOutputs(),
		Inputs: []stepInput{
			{Name: "source", Literal: source}, {Name: "topic", Literal: topic}, {Name: "conversationId", Expression: conversation},
			{Name: "participantId"}, {Name: "eventTime"}, {Name: "note"},
		},
	}
}

// CallStep is the step in a flow of calls, from a column on.
func (p *plan) CallStep(column int, source, topic string) (string, error) {
	s := p.step(source, topic, "Call.ConversationID")
	s.Prompt = true
	return s.yaml(p.templates, column)
}

// MessageStep is the step in a flow of messages.
func (p *plan) MessageStep(column int, source, topic string) (string, error) {
	return p.step(source, topic, "Message.ConversationID").yaml(p.templates, column)
}

// Step is the step in a workflow. An event does not name its topic, so it is a
// literal.
func (f flowPlan) Step(column int) (string, error) {
	s := f.step(f.Source, f.Topic, `""`) // a text without anything in it
	for i, input := range s.Inputs {
		if slices.Contains(f.Members, input.Name) {
			s.Inputs[i].Expression = "Flow." + input.Name
		}
	}
	s.CaseID = "Flow.dcmCaseId"
	return s.yaml(f.templates, column)
}

func (s step) yaml(templates *template.Template, column int) (string, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "step.yaml", s); err != nil {
		return "", err
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", "\n"+strings.Repeat(" ", column)), nil
}
