package setup

import (
	"bytes"
	"strings"
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
	return s.yaml(column)
}

// MessageStep is the step in a flow of messages.
func (p *plan) MessageStep(column int, source, topic string) (string, error) {
	return p.step(source, topic, "Message.ConversationID").yaml(column)
}

// Step is the step in the workflow of a trigger. The event does not name its
// topic, so it is a literal.
func (f flowPlan) Step(column int) (string, error) {
	s := f.step("trigger", f.Trigger.Topic, "Flow.conversationId")
	for i, input := range s.Inputs {
		if f.Trigger.Has(input.Name) {
			s.Inputs[i].Expression = "Flow." + input.Name
		}
	}
	s.CaseID = "Flow.dcmCaseId"
	return s.yaml(column)
}

func (s step) yaml(column int) (string, error) {
	var b bytes.Buffer
	if err := parsed().ExecuteTemplate(&b, "step.yaml", s); err != nil {
		return "", err
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", "\n"+strings.Repeat(" ", column)), nil
}
