package setup_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/setup"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everything switches all on.
func everything() setup.Config {
	return setup.Config{
		Region:         genesys.Region{Name: "eu_central_1", Domain: "mypurecloud.de"},
		BaseURL:        "https://dcm.example.com",
		OrganizationID: "0f0e0d0c-0000-4000-8000-000000000001",
		Quality:        true,
		Users:          true,
		LaunchFlows:    true,
		DataAction:     &setup.DataAction{Triggers: setup.DefaultTriggers(), Heartbeat: true, Steps: true},
		EventBridge:    &setup.EventBridge{AccountID: "123456789012", Region: "eu-central-1", Queue: true, HTTPS: true},
		ClientApp: &setup.ClientApp{Widget: true, Standalone: true,
			Groups: []string{"11111111-2222-4333-8444-555555555555"}, EmbeddedIn: []string{"https://crm.example.com"}},
	}
}

// nothing follows conversations and switches nothing else on, in a region whose
// name is not known.
func nothing() setup.Config {
	return setup.Config{Region: genesys.Region{Domain: "new1.pure.cloud"}, BaseURL: "https://dcm.example.com/tenant-a/"}
}

// examples are the configurations whose files are kept in testdata.
func examples() map[string]setup.Config {
	queue, https, odd, widget := nothing(), nothing(), nothing(), nothing()
	queue.EventBridge = &setup.EventBridge{AccountID: "123456789012", Region: "us-east-1", Queue: true}
	https.EventBridge = &setup.EventBridge{AccountID: "123456789012", Region: "us-east-1", HTTPS: true, Suffix: "dcm.test_1",
		Topics: []string{"v2.detail.events.conversation.{id}.customer.end", "v2.quality.evaluations", "v2.users.{id}.conversations"}}
	odd.Name, odd.Division = "Case Desk-2", `Größe "A" ${x} %{y} \ #1: 'b'`
	odd.DataAction = &setup.DataAction{Triggers: []string{"v2.detail.events.conversation.{id}.flow.outcome"}, TimeoutSeconds: 10, EventTTLSeconds: 10}
	widget.ClientApp = &setup.ClientApp{Widget: true, CommunicationTypes: []string{"call"}}
	action, standalone := nothing(), nothing()
	action.DataAction = &setup.DataAction{}
	standalone.ClientApp = &setup.ClientApp{Standalone: true}
	return map[string]setup.Config{"everything": everything(), "nothing": nothing(), "queue": queue, "https": https,
		"odd-names": odd, "widget": widget, "data-action": action, "standalone": standalone}
}

func files(t *testing.T, c setup.Config) map[string]string {
	t.Helper()
	list, err := setup.Files(c)
	require.NoError(t, err)
	all := map[string]string{}
	for _, f := range list {
		all[f.Path] = string(f.Content)
	}
	require.Len(t, all, len(list), "each path once")
	return all
}

// TestFilesAreAsReviewed compares with testdata; -update writes it anew.
func TestFilesAreAsReviewed(t *testing.T) {
	for _, name := range []string{"everything", "https", "odd-names"} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join("testdata", name)
			got := files(t, examples()[name])
			if *update {
				require.NoError(t, os.RemoveAll(root))
				for path, content := range got {
					target := filepath.Join(root, filepath.FromSlash(path))
					require.NoError(t, os.MkdirAll(filepath.Dir(target), 0o755))
					require.NoError(t, os.WriteFile(target, []byte(content), 0o644))
				}
			}
			want := map[string]string{}
			require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
				want[path] = string(content)
				return err
			}))
			require.Equal(t, want, got, "look at the difference; go test ./genesys/setup -update accepts it")
		})
	}
}

func TestTheSameConfigurationGivesTheSameBytes(t *testing.T) {
	for name, c := range examples() {
		first, err := setup.Files(c)
		require.NoError(t, err)
		for range 20 {
			again, err := setup.Files(c)
			require.NoError(t, err)
			require.Equal(t, first, again, name)
		}
	}
}

func TestFileNamesDependOnlyOnWhatIsSwitchedOn(t *testing.T) {
	paths := func(c setup.Config) []string {
		list, err := setup.Files(c)
		require.NoError(t, err)
		var all []string
		for _, f := range list {
			all = append(all, f.Path)
		}
		return all
	}
	c := everything()
	before := paths(c)
	c.Name, c.Division, c.BaseURL, c.OrganizationID = "Other", "Other", "https://other.example.org/x", ""
	c.Region = genesys.Region{Domain: "new1.pure.cloud"}
	c.EventBridge.AccountID, c.EventBridge.Region, c.EventBridge.Suffix = "999999999999", "us-east-1", "other"
	c.ClientApp.Groups, c.ClientApp.EmbeddedIn = nil, nil
	require.Equal(t, before, paths(c))
}

// TestWhatIsOffIsNotMentioned looks for words of each mechanism in the files of
// configurations without it.
func TestWhatIsOffIsNotMentioned(t *testing.T) {
	words := map[string][]string{
		"eventbridge": {"aws", "EventBridge", "events.amazonaws.com"},
		"data action": {"custom-rest-actions", "dcm_token", "callData", "integrations:action"},
		"triggers":    {"processautomation", "archy", "architect:job", "Workflow"},
		"client app":  {"embedded-client-app", "client_app", "sandbox", "| agent |"},
	}
	on := map[string]map[string]bool{
		"nothing":     {},
		"queue":       {"eventbridge": true},
		"https":       {"eventbridge": true},
		"odd-names":   {"data action": true, "triggers": true},
		"data-action": {"data action": true},
		"widget":      {"client app": true},
		"standalone":  {"client app": true},
	}
	for name, mechanisms := range on {
		all := ""
		for path, content := range files(t, examples()[name]) {
			all += path + "\n" + content
		}
		for mechanism, of := range words {
			for _, word := range of {
				if mechanisms[mechanism] {
					continue
				}
				require.NotContains(t, all, word, "%s without %s", name, mechanism)
			}
			if mechanisms[mechanism] {
				require.True(t, strings.Contains(all, of[0]), "%s has %s", name, of[0])
			}
		}
	}
}

// TestAnyConfigurationGivesFilesThatParse draws what the validation lets through,
// with what means something to YAML and HCL.
func TestAnyConfigurationGivesFilesThatParse(t *testing.T) {
	hostile := rapid.OneOf(rapid.SampledFrom([]string{"${x}", "%{if", `"`, `\`, "#", ": ", "'", "- ", "{", "}}", "[[", "!Ref", "*a", "&a", "|", ">", "~", "null", "\u2028", "🙂"}),
		rapid.StringMatching(`[A-Za-z0-9 ]{0,5}`))
	topic := rapid.SampledFrom(append(setup.DetailEvents(), "v2.quality.evaluations", "v2.users.{id}.conversations", "v2.analytics.conversation.{id}.metrics"))
	valid := 0
	rapid.Check(t, func(rt *rapid.T) {
		c := setup.Config{
			Name:     rapid.StringMatching(`[A-Za-z][A-Za-z0-9]{0,6}([ -][A-Za-z0-9]{1,6})?`).Draw(rt, "name"),
			Region:   rapid.SampledFrom(genesys.Regions()).Draw(rt, "region"),
			BaseURL:  "https://" + rapid.StringMatching(`[a-z]{1,8}\.[a-z]{2,6}(:[1-9][0-9]{1,3})?(/[A-Za-z0-9._~-]{1,8}){0,2}/?`).Draw(rt, "url"),
			Division: "D" + strings.Join(rapid.SliceOfN(hostile, 0, 5).Draw(rt, "division"), ""),
			Quality:  rapid.Bool().Draw(rt, "quality"), LaunchFlows: rapid.Bool().Draw(rt, "launch"),
		}
		if rapid.Bool().Draw(rt, "data action") {
			c.DataAction = &setup.DataAction{Steps: rapid.Bool().Draw(rt, "steps"), Heartbeat: rapid.Bool().Draw(rt, "heartbeat"),
				Triggers: rapid.SliceOfNDistinct(topic, 0, 4, rapid.ID).Draw(rt, "triggers")}
		}
		if rapid.Bool().Draw(rt, "eventbridge") {
			c.EventBridge = &setup.EventBridge{AccountID: "123456789012", Region: "eu-west-1", Queue: rapid.Bool().Draw(rt, "queue"), HTTPS: rapid.Bool().Draw(rt, "https"),
				Suffix: rapid.StringMatching(`[A-Za-z0-9._-]{1,64}`).Draw(rt, "suffix"), Topics: rapid.SliceOfNDistinct(topic, 1, 4, rapid.ID).Draw(rt, "topics")}
		}
		if rapid.Bool().Draw(rt, "client app") {
			c.ClientApp = &setup.ClientApp{Widget: rapid.Bool().Draw(rt, "widget"), Standalone: rapid.Bool().Draw(rt, "standalone")}
		}
		if c.Validate() != nil {
			return
		}
		valid++
		all := files(t, c)
		modules(t, all)
		for name, content := range all {
			switch path.Ext(name) {
			case ".json":
				require.True(rt, json.Valid([]byte(content)), name)
			case ".yaml":
				n := parseYAML(t, content)
				if body := n.at(n.keys()[0]); strings.HasPrefix(name, "genesys/") {
					require.Equal(rt, c.Division, body.at("division").text(), name)
				}
			case ".tf":
				require.Equal(rt, string(hclwrite.Format([]byte(content))), content, name)
			}
		}
	})
	require.Positive(t, valid)
}

func TestTextsAreTidy(t *testing.T) {
	for name, c := range examples() {
		for path, content := range files(t, c) {
			require.True(t, strings.HasSuffix(content, "\n") && !strings.HasSuffix(content, "\n\n"), "%s %s ends with one line feed", name, path)
			require.NotContains(t, content, "\n\n\n", "%s %s", name, path)
			require.NotContains(t, content, "[[", "%s %s", name, path)
			require.NotContains(t, content, "<no value>", "%s %s", name, path)
			for i, line := range strings.Split(content, "\n") {
				require.Equal(t, strings.TrimRight(line, " \t"), line, fmt.Sprintf("%s %s:%d", name, path, i+1))
				require.NotContains(t, line, "\t")
			}
		}
	}
}
