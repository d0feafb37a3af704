package setup_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/setup"
)

// clientApp is the configuration of a client app.
type clientApp struct {
	IntegrationType, Name string
	Properties            map[string]any
	Advanced              struct {
		Lifecycle struct {
			Ephemeral bool
			Hooks     map[string]bool
		}
	}
}

func clientApps(t *testing.T) []clientApp {
	t.Helper()
	all := files(t, everything())
	var apps []clientApp
	for _, kind := range []string{"widget", "standalone"} {
		var app clientApp
		dec := json.NewDecoder(strings.NewReader(all["genesys/integrations/client-app-"+kind+".json"]))
		dec.DisallowUnknownFields()
		require.NoError(t, dec.Decode(&app))
		apps = append(apps, app)
	}
	return apps
}

// TestTheSandboxLetsThePageLogIn: without an origin the page is answered by
// nobody, and login pages that refuse to be framed need a window.
func TestTheSandboxLetsThePageLogIn(t *testing.T) {
	for _, app := range clientApps(t) {
		require.Equal(t, "allow-forms,allow-popups,allow-same-origin,allow-scripts", app.Properties["sandbox"])
		require.Equal(t, "", app.Properties["permissions"], "no camera, no microphone")
		require.Equal(t, map[string]bool{"bootstrap": true, "focus": true, "stop": true}, app.Advanced.Lifecycle.Hooks)
	}
}

func TestThePageIsToldWhereItIsByPlaceholders(t *testing.T) {
	apps := clientApps(t)
	for i, want := range [][]string{{"gcConversationId", "gcHostOrigin", "gcLangTag", "gcTargetEnv"}, {"gcHostOrigin", "gcLangTag", "gcTargetEnv"}} {
		u, err := url.Parse(apps[i].Properties["url"].(string))
		require.NoError(t, err)
		require.Equal(t, "https://dcm.example.com/genesys/app/", u.Scheme+"://"+u.Host+u.Path)
		var names []string
		for name, values := range u.Query() {
			names = append(names, name)
			require.Equal(t, []string{"{{" + name + "}}"}, values)
		}
		slices.Sort(names)
		require.Equal(t, want, names)
	}
	require.Equal(t, "embedded-client-app-interaction-widget", apps[0].IntegrationType)
	require.Equal(t, "embedded-client-app", apps[1].IntegrationType)
	require.Equal(t, "standalone", apps[1].Properties["displayType"])
}

// TestTheLoginIsPKCE: implicit grant is being withdrawn, and the redirect URI
// must be the page's own, without a query.
func TestTheLoginIsPKCE(t *testing.T) {
	all := files(t, everything())
	m := modules(t, all)["genesys"]
	client := m.block(t, "resource", "genesyscloud_oauth_client", "client_app")
	require.Equal(t, "CODE", m.value(t, all, "genesys", client.Attributes["authorized_grant_type"].Expr).AsString())
	uris := m.value(t, all, "genesys", client.Attributes["registered_redirect_uris"].Expr).AsValueSlice()
	require.Len(t, uris, 1)
	require.Equal(t, "https://dcm.example.com/genesys/app/", uris[0].AsString())
	for path, content := range all {
		require.NotContains(t, content, `"TOKEN"`, path)
	}
}

func TestTheIntegrationSendsWhatIsChosen(t *testing.T) {
	var integration struct {
		IntegrationType string
		Properties      map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(files(t, examples()["https"])["genesys/integrations/eventbridge.json"]), &integration))
	require.Equal(t, "amazon-eventbridge-source", integration.IntegrationType)
	require.Equal(t, map[string]any{"awsAccountId": "123456789012", "awsAccountRegion": "us-east-1", "eventSourceSuffix": "dcm.test_1",
		"eventFilter": []any{"v2.detail.events.conversation.{id}.customer.end", "v2.quality.evaluations", "v2.users.{id}.conversations"}}, integration.Properties)
	require.Len(t, setup.DetailEvents(), 16)
	for _, topic := range setup.DetailEvents() {
		require.True(t, strings.HasPrefix(topic, "v2.detail.events.conversation.{id}."), "small events; large snapshots can be dropped on the way")
	}
}

// TestThePermissionsAreThoseOfWhatIsOn: the role of the backend, the table and
// what is switched on agree.
func TestThePermissionsAreThoseOfWhatIsOn(t *testing.T) {
	names := func(c setup.Config, who setup.Who) []string {
		var all []string
		for _, p := range setup.Permissions(c) {
			if p.Who == who {
				all = append(all, p.Name)
			}
		}
		return all
	}
	reads := []string{"conversation:communication:view", "analytics:conversationDetail:view", "routing:queue:view"}
	require.Equal(t, reads, names(nothing(), setup.Backend))
	require.Empty(t, names(nothing(), setup.Agent))
	c := nothing()
	c.Quality = true
	require.Equal(t, append(slices.Clone(reads), "quality:evaluation:view", "quality:survey:view"), names(c, setup.Backend))
	c = nothing()
	c.LaunchFlows = true
	require.Equal(t, append(slices.Clone(reads), "architect:flow:launch", "architect:flowExecution:view"), names(c, setup.Backend))
	require.Equal(t, []string{"conversation:communication:view"}, names(examples()["widget"], setup.Agent))

	for name, c := range examples() {
		all := files(t, c)
		var role []string
		for _, b := range modules(t, all)["genesys"].block(t, "resource", "genesyscloud_auth_role", "backend").Blocks {
			part := func(name string) string {
				v := modules(t, all)["genesys"].value(t, all, "genesys", b.Body.Attributes[name].Expr)
				if v.Type().IsTupleType() {
					require.Equal(t, 1, v.LengthInt())
					v = v.AsValueSlice()[0]
				}
				return v.AsString()
			}
			role = append(role, part("domain")+":"+part("entity_name")+":"+part("action_set"))
		}
		require.Equal(t, names(c, setup.Backend), role, name)
		seen := map[string]bool{}
		for _, p := range setup.Permissions(c) {
			row := "| " + string(p.Who) + " | `" + p.Name + "` |"
			require.Contains(t, all["permissions.md"], row, name)
			require.False(t, seen[row], "%s %s twice", name, row)
			seen[row] = true
		}
		require.Equal(t, len(seen)+2, strings.Count(all["permissions.md"], "\n|"), name)
	}
}
