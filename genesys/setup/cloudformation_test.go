package setup_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// node is a parsed YAML document: at walks it by key.
type node struct{ *yaml.Node }

func parseYAML(t *testing.T, content string) node {
	t.Helper()
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(content), &document))
	var any map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(content), &any), "a key twice")
	return node{document.Content[0]}
}

func (n node) at(keys ...string) node {
	for _, key := range keys {
		next := node{}
		if n.Node != nil && n.Kind == yaml.MappingNode {
			for i := 0; i < len(n.Content); i += 2 {
				if n.Content[i].Value == key {
					next = node{n.Content[i+1]}
				}
			}
		}
		n = next
	}
	return n
}

func (n node) keys() []string {
	var all []string
	for i := 0; n.Node != nil && i < len(n.Content); i += 2 {
		all = append(all, n.Content[i].Value)
	}
	return all
}

func (n node) text() string {
	if n.Node == nil {
		return ""
	}
	return n.Value
}

// walk calls f for the node and all below it.
func (n node) walk(f func(node)) {
	f(n)
	for _, c := range n.Content {
		node{c}.walk(f)
	}
}

var (
	getAttForm = regexp.MustCompile(`^(\w+)\.(\w+)$`)
	subForm    = regexp.MustCompile(`\$\{([^}]*)\}`)
)

// attributes are what GetAtt may ask of the types that are used.
var attributes = map[string][]string{
	"AWS::Events::EventBus":       {"Arn"},
	"AWS::Events::Rule":           {"Arn"},
	"AWS::Events::Connection":     {"Arn"},
	"AWS::Events::ApiDestination": {"Arn"},
	"AWS::SQS::Queue":             {"Arn", "QueueName"},
	"AWS::IAM::Role":              {"Arn"},
	"AWS::SQS::QueuePolicy":       nil,
	"AWS::IAM::ManagedPolicy":     nil,
	"AWS::CloudWatch::Alarm":      nil,
}

// TestEveryReferenceOfTheStackResolves checks Ref, GetAtt and Sub, and that each
// parameter and queue is used.
func TestEveryReferenceOfTheStackResolves(t *testing.T) {
	for name, c := range examples() {
		content, has := files(t, c)["aws/cloudformation.yaml"]
		require.Equal(t, c.EventBridge != nil, has)
		if !has {
			continue
		}
		stack := parseYAML(t, content)
		types := map[string]string{}
		for _, resource := range stack.at("Resources").keys() {
			types[resource] = stack.at("Resources", resource, "Type").text()
			require.Contains(t, attributes, types[resource])
		}
		parameters := map[string]bool{}
		for _, p := range stack.at("Parameters").keys() {
			parameters[p] = false
		}
		used := func(name string) {
			if _, is := parameters[name]; is {
				parameters[name] = true
				return
			}
			if name == "AWS::NoValue" {
				return
			}
			require.Contains(t, types, name)
		}
		stack.walk(func(n node) {
			switch n.Tag {
			case "!Ref":
				used(n.Value)
			case "!GetAtt":
				parts := getAttForm.FindStringSubmatch(n.Value)
				require.NotNil(t, parts, n.Value)
				require.Contains(t, attributes[types[parts[1]]], parts[2], n.Value)
			case "!Sub":
				for _, parts := range subForm.FindAllStringSubmatch(n.Value, -1) {
					used(parts[1])
				}
			case "!If":
				require.Contains(t, stack.at("Conditions").keys(), n.Content[0].Value)
			case "!Not", "!Equals": // what they compare is walked, too
			case "!!str", "!!map", "!!seq", "!!int", "!!bool":
				require.NotRegexp(t, subForm, n.Value, "a reference that is text")
			default:
				require.Fail(t, "unknown tag", n.Tag)
			}
		})
		for p, is := range parameters {
			require.True(t, is, "%s: parameter %s is not used", name, p)
		}
	}
}

func TestTheStackGivesAsLittleAsItCan(t *testing.T) {
	all := files(t, everything())
	stack := parseYAML(t, all["aws/cloudformation.yaml"]).at("Resources")
	policies := 0
	for _, name := range stack.keys() {
		r := stack.at(name)
		r.walk(func(n node) {
			if action := n.at("Action"); action.Node != nil {
				policies++
				action.walk(func(a node) { require.NotContains(t, a.Value, "*", name) })
				if n.at("Principal").Node == nil { // not a policy of the resource itself
					require.Equal(t, "!GetAtt", n.at("Resource").Tag, name)
				}
				if n.at("Action").text() == "sqs:SendMessage" {
					require.Equal(t, "Rule.Arn", n.at("Condition", "ArnEquals", "aws:SourceArn").text(), "only the rule may send")
				}
			}
		})
	}
	require.Equal(t, 6, policies)
	for path, content := range all {
		require.NotRegexp(t, `"(sqs|events|sts|iam):\*"`, content, path)
	}
}

// TestTheQueueIsOneThatTheBackendCanReadSafely: the visibility is the price of a
// hard stop, the receives before the dead-letter queue must not be used up by
// restarts, and both ways to lose a message end in a queue of their own.
func TestTheQueueIsOneThatTheBackendCanReadSafely(t *testing.T) {
	all := files(t, everything())
	stack := parseYAML(t, all["aws/cloudformation.yaml"]).at("Resources")
	queue := stack.at("Events", "Properties")
	require.Equal(t, "60", queue.at("VisibilityTimeout").text())
	require.Equal(t, "16", queue.at("RedrivePolicy", "maxReceiveCount").text())
	require.Equal(t, "Poison.Arn", queue.at("RedrivePolicy", "deadLetterTargetArn").text())
	require.Equal(t, "20", queue.at("ReceiveMessageWaitTimeSeconds").text())
	targets := stack.at("Rule", "Properties", "Targets")
	require.Len(t, targets.Content, 2)
	for _, target := range targets.Content {
		n := node{target}
		require.Equal(t, "Undelivered.Arn", n.at("DeadLetterConfig", "Arn").text())
		require.Nil(t, n.at("InputPath").Node, "the body is the whole envelope")
		require.Nil(t, n.at("InputTransformer").Node, "the body is the whole envelope")
	}
	m := modules(t, all)["aws"]
	for _, name := range []string{"events", "poison", "undelivered"} {
		b := m.block(t, "resource", "aws_sqs_queue", name)
		require.Nil(t, b.Attributes["fifo_queue"])
		retention, _ := m.value(t, all, "aws", b.Attributes["message_retention_seconds"].Expr).AsBigFloat().Int64()
		require.EqualValues(t, 14*24*3600, retention)
	}
	visibility, _ := m.value(t, all, "aws", m.block(t, "resource", "aws_sqs_queue", "events").Attributes["visibility_timeout_seconds"].Expr).AsBigFloat().Int64()
	require.EqualValues(t, 60, visibility)
}

// TestAStackThatCannotBeCreatedLeavesNothingBehind: what a first try leaves keeps
// the next one from creating it, most of all the bus, whose name is given.
func TestAStackThatCannotBeCreatedLeavesNothingBehind(t *testing.T) {
	for name, c := range examples() {
		if c.EventBridge == nil {
			continue
		}
		stack := parseYAML(t, files(t, c)["aws/cloudformation.yaml"]).at("Resources")
		for _, resource := range stack.keys() {
			require.NotEqual(t, "Retain", stack.at(resource, "DeletionPolicy").text(), "%s: %s stays when its creation is rolled back", name, resource)
		}
	}
}

// TestTheBackendAndDoctorMayDoWhatTheyDoWithTheQueues: both read from the queue; doctor
// looks at what is in the dead-letter queue, and takes nothing from it.
func TestTheBackendAndDoctorMayDoWhatTheyDoWithTheQueues(t *testing.T) {
	all := files(t, everything())
	want := map[string][]string{
		"Events": {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
		"Poison": {"sqs:GetQueueAttributes"},
	}
	got := map[string][]string{}
	statements := parseYAML(t, all["aws/cloudformation.yaml"]).at("Resources", "ConsumerPolicy", "Properties", "PolicyDocument", "Statement")
	for _, s := range statements.Content {
		queue := strings.TrimSuffix(node{s}.at("Resource").text(), ".Arn")
		for _, action := range (node{s}).at("Action").Content {
			got[queue] = append(got[queue], action.Value)
		}
	}
	require.Equal(t, want, got)

	m := modules(t, all)["aws"]
	got = map[string][]string{}
	for _, s := range m.block(t, "data", "aws_iam_policy_document", "consumer").Blocks {
		resource := s.Body.Attributes["resources"].Expr.Variables()[0]
		queue := resource[1].(hcl.TraverseAttr).Name //nolint:forcetypeassert // aws_sqs_queue.NAME.arn
		for _, action := range m.value(t, all, "aws", s.Body.Attributes["actions"].Expr).AsValueSlice() {
			got[strings.ToUpper(queue[:1])+queue[1:]] = append(got[strings.ToUpper(queue[:1])+queue[1:]], action.AsString())
		}
	}
	require.Equal(t, want, got)
}

// TestAnAlarmRingsForEachEventThatIsLeftBehind: after 14 days it is gone.
func TestAnAlarmRingsForEachEventThatIsLeftBehind(t *testing.T) {
	for name, c := range examples() {
		if c.EventBridge == nil {
			continue
		}
		want := []string{"Undelivered"}
		if c.EventBridge.Queue {
			want = append(want, "Poison")
		}
		all := files(t, c)
		stack := parseYAML(t, all["aws/cloudformation.yaml"]).at("Resources")
		m := modules(t, all)["aws"]
		for _, queue := range want {
			is := stack.at(queue+"Alarm", "Properties")
			require.Equal(t, "ApproximateNumberOfMessagesVisible", is.at("MetricName").text(), name)
			require.Equal(t, queue+".QueueName", is.at("Dimensions").Content[0].Content[3].Value)
			require.Equal(t, "0", is.at("Threshold").text())
			b := m.block(t, "resource", "aws_cloudwatch_metric_alarm", strings.ToLower(queue))
			require.Equal(t, "ApproximateNumberOfMessagesVisible", m.value(t, all, "aws", b.Attributes["metric_name"].Expr).AsString())
			require.Equal(t, strings.ToLower(queue), b.Attributes["dimensions"].Expr.Variables()[0][1].(hcl.TraverseAttr).Name) //nolint:forcetypeassert // aws_sqs_queue.NAME.name
		}
	}
}

// TestTheConnectionShowsAnAPIKey: the handler answers 403 to a wrong API key,
// and 401 to a wrong bearer token, which would stop all deliveries.
func TestTheConnectionShowsAnAPIKey(t *testing.T) {
	all := files(t, everything())
	parameters := parseYAML(t, all["aws/cloudformation.yaml"]).at("Resources", "Connection", "Properties", "AuthParameters", "ApiKeyAuthParameters")
	require.Equal(t, "X-Api-Key", parameters.at("ApiKeyName").text())
	require.Equal(t, "!Ref", parameters.at("ApiKeyValue").Tag)
	m := modules(t, all)["aws"]
	connection := m.block(t, "resource", "aws_cloudwatch_event_connection", "backend")
	key := connection.Blocks[0].Body.Blocks[0].Body.Attributes["key"]
	require.Equal(t, "X-Api-Key", m.value(t, all, "aws", key.Expr).AsString())
}

func TestTheRuleTakesWhatTheIntegrationSends(t *testing.T) {
	c := examples()["https"]
	stack := parseYAML(t, files(t, c)["aws/cloudformation.yaml"]).at("Resources", "Rule", "Properties", "EventPattern")
	var prefixes []string
	for _, p := range stack.at("detail-type").Content {
		prefixes = append(prefixes, node{p}.at("prefix").text())
	}
	require.Equal(t, []string{"v2.detail.events.conversation.", "v2.quality.evaluations", "v2.users."}, prefixes)
	require.Len(t, stack.at("source").Content, 1)
	require.Equal(t, "aws.partner/genesys.com/cloud/${GenesysOrganizationId}/dcm.test_1", stack.at("source").Content[0].Value, "whole: a prefix mixes up several integrations")
}
