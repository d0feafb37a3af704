package setup_test

import (
	"path"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// module is a folder of Terraform files.
type module struct {
	blocks   []*hclsyntax.Block
	declared map[string]bool // "var.a", "local.a", "data.type.name", "type.name"
}

// modules parses all Terraform files with HashiCorp's parser.
func modules(t *testing.T, all map[string]string) map[string]*module {
	t.Helper()
	found := map[string]*module{}
	for name, content := range all {
		if path.Ext(name) != ".tf" {
			continue
		}
		f, diagnostics := hclsyntax.ParseConfig([]byte(content), name, hcl.InitialPos)
		require.False(t, diagnostics.HasErrors(), "%s", diagnostics)
		m := found[path.Dir(name)]
		if m == nil {
			m = &module{declared: map[string]bool{}}
			found[path.Dir(name)] = m
		}
		for _, b := range f.Body.(*hclsyntax.Body).Blocks {
			m.declare(t, b)
			m.blocks = append(m.blocks, b)
		}
	}
	return found
}

func (m *module) declare(t *testing.T, b *hclsyntax.Block) {
	t.Helper()
	add := func(parts ...string) {
		name := strings.Join(parts, ".")
		require.False(t, m.declared[name], "%s is declared twice", name)
		m.declared[name] = true
	}
	switch b.Type {
	case "variable":
		add("var", b.Labels[0])
	case "data":
		add("data", b.Labels[0], b.Labels[1])
	case "resource":
		add(b.Labels[0], b.Labels[1])
	case "output":
		add("output", b.Labels[0])
	case "locals":
		for name := range b.Body.Attributes {
			add("local", name)
		}
	case "terraform", "provider":
	default:
		t.Fatalf("block %s", b.Type)
	}
}

// block returns the block with that type and labels.
func (m *module) block(t *testing.T, labels ...string) *hclsyntax.Body {
	t.Helper()
	for _, b := range m.blocks {
		if strings.Join(append([]string{b.Type}, b.Labels...), " ") == strings.Join(labels, " ") {
			return b.Body
		}
	}
	require.Fail(t, "no block", "%v", labels)
	return nil
}

// expressions calls f for each attribute, at any depth.
func expressions(b *hclsyntax.Body, f func(*hclsyntax.Attribute)) {
	for _, a := range b.Attributes {
		f(a)
	}
	for _, inner := range b.Blocks {
		expressions(inner.Body, f)
	}
}

// value evaluates an attribute as Terraform does; folder is where its file is.
func (m *module) value(t *testing.T, all map[string]string, folder string, e hclsyntax.Expression) cty.Value {
	t.Helper()
	ctx := &hcl.EvalContext{
		Functions: map[string]function.Function{
			"jsonencode": stdlib.JSONEncodeFunc,
			"jsondecode": stdlib.JSONDecodeFunc,
			"file": function.New(&function.Spec{
				Params: []function.Parameter{{Name: "path", Type: cty.String}},
				Type:   function.StaticReturnType(cty.String),
				Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
					content, has := all[path.Clean(args[0].AsString())]
					require.True(t, has, "%s reads %s", folder, args[0].AsString())
					return cty.StringVal(content), nil
				},
			}),
		},
		Variables: map[string]cty.Value{"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(folder)})},
	}
	locals := map[string]cty.Value{}
	for _, b := range m.blocks {
		if b.Type != "locals" {
			continue
		}
		for name, a := range b.Body.Attributes {
			if v, diagnostics := a.Expr.Value(ctx); !diagnostics.HasErrors() {
				locals[name] = v // others need what only the platform knows
			}
		}
	}
	ctx.Variables["local"] = cty.ObjectVal(locals)
	v, diagnostics := e.Value(ctx)
	require.False(t, diagnostics.HasErrors(), "%s", diagnostics)
	return v
}

func TestTerraformFilesParseAndAreFormatted(t *testing.T) {
	for name, c := range examples() {
		all := files(t, c)
		modules(t, all)
		for file, content := range all {
			if path.Ext(file) == ".tf" {
				require.Equal(t, string(hclwrite.Format([]byte(content))), content, "%s %s", name, file)
			}
		}
	}
}

func TestEveryReferenceInTerraformIsDeclared(t *testing.T) {
	checked := 0
	for name, c := range examples() {
		for folder, m := range modules(t, files(t, c)) {
			for _, b := range m.blocks {
				expressions(b.Body, func(a *hclsyntax.Attribute) {
					for _, traversal := range a.Expr.Variables() {
						checked++
						var parts []string
						for _, step := range traversal {
							switch s := step.(type) {
							case hcl.TraverseRoot:
								parts = append(parts, s.Name)
							case hcl.TraverseAttr:
								parts = append(parts, s.Name)
							}
						}
						if parts[0] == "each" || parts[0] == "path" || a.Name == "type" && b.Type == "variable" {
							continue
						}
						length := 2
						if parts[0] == "data" {
							length = 3
						}
						require.True(t, m.declared[strings.Join(parts[:min(length, len(parts))], ".")], "%s %s: %s", name, folder, strings.Join(parts, "."))
					}
				})
			}
		}
	}
	require.Greater(t, checked, 100)
}

// TestTerraformSetsTheSameDataActionAsTheImport evaluates what Terraform sends:
// ${ means something to Velocity and to HCL.
func TestTerraformSetsTheSameDataActionAsTheImport(t *testing.T) {
	all := files(t, everything())
	a := readAction(t, all)
	m := modules(t, all)["genesys"]
	action := m.block(t, "resource", "genesyscloud_integration_action", "report")
	get := func(b *hclsyntax.Body, name string) cty.Value {
		return m.value(t, all, "genesys", b.Attributes[name].Expr)
	}
	inner := map[string]*hclsyntax.Body{}
	for _, b := range action.Blocks {
		inner[b.Type] = b.Body
	}
	require.Equal(t, a.Name, get(action, "name").AsString())
	require.Equal(t, a.Config.Request.RequestTemplate, get(inner["config_request"], "request_template").AsString())
	require.Equal(t, a.Config.Request.RequestURLTemplate, get(inner["config_request"], "request_url_template").AsString())
	require.Equal(t, a.Config.Request.Headers["Authorization"], get(inner["config_request"], "headers").AsValueMap()["Authorization"].AsString())
	require.Equal(t, a.Config.Response.SuccessTemplate, get(inner["config_response"], "success_template").AsString())
	require.Contains(t, get(action, "contract_input").AsString(), `"required":["source","topic","conversationId"]`)
	require.Contains(t, get(action, "contract_output").AsString(), `"caseId"`)
	timeout, _ := get(action, "config_timeout_seconds").AsBigFloat().Int64()
	require.EqualValues(t, 5, timeout)
}

func TestEachTriggerOfTerraformHasItsFiles(t *testing.T) {
	all := files(t, everything())
	m := modules(t, all)["genesys"]
	for _, b := range m.blocks {
		if each := b.Body.Attributes["triggers"]; b.Type == "locals" && each != nil {
			listed := m.value(t, all, "genesys", each.Expr).AsValueMap()
			require.Len(t, listed, len(everything().DataAction.Triggers))
			for slug, v := range listed {
				require.Contains(t, all, "genesys/flows/"+slug+".yaml")
				require.Contains(t, everything().DataAction.Triggers, v.AsValueMap()["topicName"].AsString())
			}
			return
		}
	}
	require.Fail(t, "no local triggers")
}

// TestTheEventBusOutlivesAccidents: without a bus the events are dropped, and a
// bus that somebody associated by hand can only be imported.
func TestTheEventBusOutlivesAccidents(t *testing.T) {
	all := files(t, everything())
	m := modules(t, all)["aws"]
	bus := m.block(t, "resource", "aws_cloudwatch_event_bus", "genesys")
	require.True(t, m.value(t, all, "aws", bus.Blocks[0].Body.Attributes["prevent_destroy"].Expr).True())
	require.Contains(t, all["aws/main.tf"], "terraform import aws_cloudwatch_event_bus.genesys aws.partner/genesys.com/cloud/")
	for _, name := range []string{"Bus", "Undelivered", "Events", "Poison"} {
		resource := parseYAML(t, all["aws/cloudformation.yaml"]).at("Resources", name)
		require.Equal(t, "RetainExceptOnCreate", resource.at("DeletionPolicy").text(), name)
		require.Equal(t, "Retain", resource.at("UpdateReplacePolicy").text(), name)
	}
}

// TestTheBusIsThatOfOneIntegration: several integrations of an organisation can have names
// that begin alike, and a data source that finds more than one fails.
func TestTheBusIsThatOfOneIntegration(t *testing.T) {
	all := files(t, everything())
	m := modules(t, all)["aws"]
	require.False(t, m.declared["data.aws_cloudwatch_event_source.genesys"])
	bus := m.block(t, "resource", "aws_cloudwatch_event_bus", "genesys")
	for _, name := range []string{"name", "event_source_name"} {
		traversals := bus.Attributes[name].Expr.Variables()
		require.Len(t, traversals, 1)
		require.Equal(t, "local", traversals[0].RootName())
	}
}
