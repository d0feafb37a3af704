package setup_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/dcmkit/convtrack/genesys/setup"
)

// eventMembers are all members that events of conversations have.
var eventMembers = strings.Fields(`eventTime conversationId participantId sessionId mediaType provider direction ani dnis addressTo addressFrom
	callbackUserName callbackNumbers callbackScheduledTime subject messageType conversationExternalContactIds conversationExternalOrganizationIds
	utilizationLabel externalContactId externalOrganizationId journeyContext divisionId disconnectType interactingDurationMs queueId routingPriority
	requestedRoutingSkillIds skillExpressionApplied acdOutcome answeredUserId requestedRoutings usedRouting connectedDurationMs flowType userId
	heldDurationMs alertingDurationMs contactingDurationMs dialingDurationMs callbackDurationMs wrapupCode wrapupNotes wrapupDurationMs flowId
	flowVersion exitReason transferType flowOutcomeId flowMilestones outboundCampaignId outboundContactListId outboundContactId voicemailDurationMs
	attributes communications id agent evaluator evaluationFormId formName scoringSet status previousStatus releaseDate assignedDate changedDate
	eventType divisionIds rescore conversationDate calibration version priority`)

var flowVariable = regexp.MustCompile(`\b(?:Flow|State|Task)\.(\w+)`)

// lint returns what is wrong with a flow: what others met in flows that failed
// without a word, blocked callers or flooded a backend.
func lint(flow node, a dataAction) []string {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	declared := map[string]bool{"HoldPrompt": true} // of a flow in a queue
	flow.walk(func(n node) {
		for _, key := range n.keys() {
			v := n.at(key)
			if !strings.HasSuffix(key, "Variable") || v.at("name").Node == nil {
				continue
			}
			_, name, _ := strings.Cut(v.at("name").text(), ".")
			declared[name] = true
			input := v.at("isInput").text() == "true"
			switch {
			case !input && slices.Contains(eventMembers, name):
				problem("%s has the name of a member and is no input", name)
			case !input && !strings.HasPrefix(name, "dcm"):
				problem("%s can become the name of a member", name)
			case input && key != "stringVariable":
				problem("%s is no string", name)
			case input && name != "conversationId" && name != "participantId" && name != "eventTime":
				problem("%s may hold more than ids and times", name)
			}
		}
	})
	calls := 0
	flow.walk(func(n node) {
		if exp := n.at("exp"); exp.Node != nil {
			for _, found := range flowVariable.FindAllStringSubmatch(exp.Value, -1) {
				if !declared[found[1]] {
					problem("%s is not declared", found[1])
				}
			}
		}
		if count := n.at("loop", "loopCount", "lit"); count.Node != nil && count.Value > "3" {
			problem("%s tries", count.Value)
		}
		call := n.at("callData")
		if call.Node == nil {
			return
		}
		calls++
		inputs := maps.Keys(a.Contract.Input.InputSchema.Properties)
		outputs := maps.Keys(a.Contract.Output.SuccessSchema.Properties)
		action := call.at("category")
		action = action.at(append(action.keys(), "none")[0], "dataAction", a.Name)
		if !slices.Equal(slices.Sorted(inputs), slices.Sorted(slices.Values(action.at("inputs").keys()))) {
			problem("the inputs are not those of the contract")
		}
		if !slices.Equal(slices.Sorted(outputs), slices.Sorted(slices.Values(action.at("successOutputs").keys()))) {
			problem("the outputs are not those of the contract")
		}
		for _, required := range a.Contract.Input.InputSchema.Required {
			if input := action.at("inputs", required); input.at("lit").text() == "" && input.at("exp").text() == "" {
				problem("%s has no value", required)
			}
		}
		if call.at("timeout", "lit", "minutes").text() != "1" {
			problem("a timeout in a form that was not seen")
		}
		for branch, next := range map[string]string{"success": "loopExit", "failure": "wait", "timeout": "wait"} {
			branches := call.at("outputs")
			if branches.Node == nil {
				continue // all empty: the flow goes on
			}
			actions := branches.at(branch, "actions")
			if actions.Node == nil || len(actions.Content) != 1 || (node{actions.Content[0]}).keys()[0] != next {
				problem("after %s comes no %s", branch, next)
			}
		}
	})
	if calls != 1 {
		problem("%d calls", calls)
	}
	return problems
}

// flows are all Archy files of all examples.
func flows(t *testing.T, f func(name string, c setup.Config, all map[string]string, content string)) {
	t.Helper()
	count := 0
	for example, c := range examples() {
		all := files(t, c)
		for name, content := range all {
			if strings.HasPrefix(name, "genesys/") && path.Ext(name) == ".yaml" {
				count++
				f(example+" "+name, c, all, content)
			}
		}
	}
	require.Equal(t, len(setup.DefaultTriggers())+1+1+3, count)
}

func TestFlowsFollowTheRulesOfArchitect(t *testing.T) {
	flows(t, func(name string, c setup.Config, all map[string]string, content string) {
		a := readAction(t, all)
		flow := parseYAML(t, content)
		require.Empty(t, lint(flow, a), name)
		kind := flow.keys()
		require.Len(t, kind, 1, name)
		body := flow.at(kind[0])
		prefix, division := c.Name, c.Division
		if prefix == "" {
			prefix, division = "DCM", "Home"
		}
		require.True(t, strings.HasPrefix(body.at("name").text(), prefix+" "), name)
		require.Equal(t, division, body.at("division").text(), name)
		if start := body.at("startUpRef"); start.Node != nil {
			ref := regexp.MustCompile(`\[(.+)\]$`).FindStringSubmatch(start.Value)[1]
			require.Contains(t, content, "refId: "+ref+"\n", name)
		}
	})
}

// TestTheLintFindsWhatFails spoils a flow in each way.
func TestTheLintFindsWhatFails(t *testing.T) {
	all := files(t, everything())
	a, workflow := readAction(t, all), all["genesys/flows/quality-evaluations.yaml"]
	require.Empty(t, lint(parseYAML(t, workflow), a))
	for wrong, replace := range map[string][2]string{
		"a local variable that an event sets": {"name: State.dcmAttempt", "name: State.priority"},
		"a local variable without a prefix":   {"name: State.dcmAttempt", "name: State.attempt"},
		"a member that is no input":           {"isInput: true", "isInput: false"},
		"a member that is long":               {"Flow.eventTime", "Flow.wrapupNotes"},
		"a member that is a number":           {"- stringVariable", "- integerVariable"},
		"the whole event":                     {"Flow.conversationId", "Flow.jsonData"},
		"a variable that is not there":        {`exp: "Flow.conversationId"`, `exp: "Flow.conversationID"`},
		"many tries":                          {"lit: 3", "lit: 5"},
		"a failure that is not tried again":   {"failure:", "failed:"},
		"a timeout that is not tried again":   {"timeout:\n                            actions", "late:\n                            actions"},
		"a success that is tried again":       {"loopExit", "wait"},
		"an input that is missing":            {"note:\n                                    noValue: true", ""},
		"an output that the contract has not": {"caseId:", "case:"},
		"a conversation that is not said":     {`exp: "Flow.conversationId"`, "noValue: true"},
		"a timeout in seconds":                {"minutes: 1", "seconds: 10"},
		"an action of another name":           {"DCM - Report", "DCM -- Report"},
		"a flow without a call":               {"callData", "callOther"},
	} {
		require.Contains(t, workflow, replace[0], wrong)
		spoiled := strings.ReplaceAll(workflow, replace[0], replace[1])
		require.NotEmpty(t, lint(parseYAML(t, spoiled), a), wrong)
	}
}

// TestStepsNeverChangeWhereACallGoes: a flow of a caller goes on in the same way
// whether the backend answers or not.
func TestStepsNeverChangeWhereACallGoes(t *testing.T) {
	all := files(t, everything())
	for _, name := range []string{"inbound-call", "in-queue-call", "inbound-message"} {
		parseYAML(t, all["genesys/steps/"+name+".yaml"]).walk(func(n node) {
			if call := n.at("callData"); call.Node != nil {
				require.Nil(t, call.at("outputs").Node, name)
				require.Equal(t, name != "inbound-message", call.at("processingPrompt").Node != nil, "only flows of calls have a prompt")
			}
			require.Nil(t, n.at("loop").Node, name)
		})
	}
}

// TestEachTriggerStartsTheWorkflowOfItsTopic: an event does not name its topic.
func TestEachTriggerStartsTheWorkflowOfItsTopic(t *testing.T) {
	c := everything()
	all := files(t, c)
	topics := map[string]bool{}
	for name, content := range all {
		if !strings.HasPrefix(name, "genesys/triggers/") {
			continue
		}
		var trigger struct {
			Name, Description, TopicName string
			Target                       struct {
				ID, Type               string
				WorkflowTargetSettings struct{ DataFormat string }
			}
			MatchCriteria   []any
			EventTTLSeconds int
			DelayBySeconds  *int
			Enabled         bool
		}
		dec := json.NewDecoder(strings.NewReader(content))
		dec.DisallowUnknownFields()
		require.NoError(t, dec.Decode(&trigger))
		topics[trigger.TopicName] = true
		require.Equal(t, "Workflow", trigger.Target.Type)
		require.Equal(t, "TopLevelPrimitives", trigger.Target.WorkflowTargetSettings.DataFormat)
		require.NotNil(t, trigger.MatchCriteria)
		require.Empty(t, trigger.MatchCriteria, "a criterion on an attribute fires at each change of any")
		require.Nil(t, trigger.DelayBySeconds)
		require.Equal(t, 3600, trigger.EventTTLSeconds)
		require.True(t, trigger.Enabled)
		workflow := parseYAML(t, all["genesys/flows/"+strings.TrimSuffix(path.Base(name), ".json")+".yaml"])
		require.Equal(t, trigger.Name, workflow.at("workflow", "name").text())
		said := 0
		workflow.walk(func(n node) {
			if topic := n.at("inputs", "topic", "lit"); topic.Node != nil && topic.Kind == yaml.ScalarNode {
				said++
				require.Equal(t, trigger.TopicName, topic.Value)
			}
		})
		require.Equal(t, 1, said)
	}
	require.Equal(t, slices.Sorted(slices.Values(c.DataAction.Triggers)), slices.Sorted(maps.Keys(topics)))
}
