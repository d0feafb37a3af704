package setup_test

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/setup"
)

const canary = "cAnArY0123456789abcdefcAnArY0123456789abcdef"

// TestNoSecretOfAConfigurationGetsIntoAFile: the one field in which people put
// secrets is the URL. Each form of it is refused, without being quoted.
func TestNoSecretOfAConfigurationGetsIntoAFile(t *testing.T) {
	for _, url := range []string{
		"https://user:" + canary + "@dcm.example.com", "https://" + canary + "@dcm.example.com", "https://dcm.example.com?token=" + canary,
		"https://dcm.example.com/?" + canary, "https://dcm.example.com#" + canary, "https://dcm.example.com/a?x=1&key=" + canary + "#f",
		"http://dcm.example.com/" + canary, "https://dcm.example.com/%63" + canary, "https://" + canary, canary,
	} {
		c := everything()
		c.BaseURL = url
		list, err := setup.Files(c)
		require.Nil(t, list, url)
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), canary)
		require.Contains(t, err.Error(), "BaseURL")
	}
}

// TestTheConfigurationHasNoPlaceForASecret looks at the names of all fields.
func TestTheConfigurationHasNoPlaceForASecret(t *testing.T) {
	secret := regexp.MustCompile(`(?i)secret|token|password|credential|key`)
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		for i := 0; typ.Kind() == reflect.Struct && i < typ.NumField(); i++ {
			require.NotRegexp(t, secret, typ.Field(i).Name)
			look(typ.Field(i).Type)
		}
	}
	look(reflect.TypeFor[setup.Config]())
}

// TestSecretsAreAskedForWhenFilesAreApplied: without a default, without an echo,
// and long enough.
func TestSecretsAreAskedForWhenFilesAreApplied(t *testing.T) {
	all := files(t, everything())
	asked := 0
	for _, m := range modules(t, all) {
		for _, b := range m.blocks {
			if b.Type != "variable" || !strings.Contains(b.Labels[0], "token") {
				continue
			}
			asked++
			require.Contains(t, b.Body.Attributes, "sensitive")
			require.NotContains(t, b.Body.Attributes, "default")
			require.Equal(t, "validation", b.Body.Blocks[0].Type)
		}
	}
	require.Equal(t, 2, asked)
	token := parseYAML(t, all["aws/cloudformation.yaml"]).at("Parameters", "IngestToken")
	require.Equal(t, "true", token.at("NoEcho").text())
	require.Equal(t, "43", token.at("MinLength").text())
	require.Nil(t, token.at("Default").Node)
	for path, content := range all {
		require.NotContains(t, content, "expose_client_secret", path)
		require.NotRegexp(t, `(?i)bearer [a-z0-9]{8}`, content, path)
	}
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	for field, cases := range map[string][]func(*setup.Config){
		"Name": {
			func(c *setup.Config) { c.Name = "DCM\n" }, func(c *setup.Config) { c.Name = `D"CM` }, func(c *setup.Config) { c.Name = "{{x}}" },
			func(c *setup.Config) { c.Name = "${x}" }, func(c *setup.Config) { c.Name = " DCM" }, func(c *setup.Config) { c.Name = strings.Repeat("D", 33) },
			func(c *setup.Config) { c.Name = "../up" },
		},
		"Division":       {func(c *setup.Config) { c.Division = "a\nb" }, func(c *setup.Config) { c.Division = "{{x}}" }},
		"Region":         {func(c *setup.Config) { c.Region.Domain = "" }},
		"OrganizationID": {func(c *setup.Config) { c.OrganizationID = "mine" }},
		"BaseURL": {
			func(c *setup.Config) { c.BaseURL = "" }, func(c *setup.Config) { c.BaseURL = "http://dcm.example.com" }, func(c *setup.Config) { c.BaseURL = "dcm.example.com" },
			func(c *setup.Config) { c.BaseURL = "https://localhost" }, func(c *setup.Config) { c.BaseURL = "https://127.0.0.1" }, func(c *setup.Config) { c.BaseURL = "https://[::1]" },
			func(c *setup.Config) { c.BaseURL = "https://dcm.example.com/${x}" }, func(c *setup.Config) { c.BaseURL = "https://dcm.example.com/#" },
			func(c *setup.Config) { c.BaseURL = "https://dcm.example.com/?" }, func(c *setup.Config) { c.BaseURL = "https://dcm.example.com//a" },
			func(c *setup.Config) { c.BaseURL = "https://intranet" }, func(c *setup.Config) { c.BaseURL = "https://dcm.example.com:port" },
		},
		"DataAction.TimeoutSeconds":  {func(c *setup.Config) { c.DataAction.TimeoutSeconds = 11 }, func(c *setup.Config) { c.DataAction.TimeoutSeconds = -1 }},
		"DataAction.EventTTLSeconds": {func(c *setup.Config) { c.DataAction.EventTTLSeconds = 9 }},
		"DataAction.Triggers": {
			func(c *setup.Config) {
				c.DataAction.Triggers = []string{"v2.detail.events.conversation.{id}.attributes"}
			},
			func(c *setup.Config) { c.DataAction.Triggers = []string{"v2.users.{id}.activity"} },
			func(c *setup.Config) { c.DataAction.Triggers = []string{"v2.detail.events.conversation.1234.user.end"} },
			func(c *setup.Config) { c.DataAction.Triggers = []string{"v2.detail.events.conversation.{id}.../../up"} },
			func(c *setup.Config) {
				c.DataAction.Triggers = append(setup.DefaultTriggers(), setup.DefaultTriggers()...)
			},
			func(c *setup.Config) {
				c.DataAction.Triggers = []string{"v2.detail.events.conversation.{id}.a.b", "v2.detail.events.conversation.{id}.a.{id}.b"}
			},
		},
		"EventBridge":           {func(c *setup.Config) { c.EventBridge.Queue, c.EventBridge.HTTPS = false, false }},
		"EventBridge.AccountID": {func(c *setup.Config) { c.EventBridge.AccountID = "1234" }},
		"EventBridge.Region":    {func(c *setup.Config) { c.EventBridge.Region = "eu_central_1" }},
		"EventBridge.Suffix":    {func(c *setup.Config) { c.EventBridge.Suffix = "a/b" }, func(c *setup.Config) { c.EventBridge.Suffix = strings.Repeat("a", 65) }},
		"EventBridge.Topics":    {func(c *setup.Config) { c.EventBridge.Topics = []string{} }, func(c *setup.Config) { c.EventBridge.Topics = []string{"*"} }},
		"ClientApp":             {func(c *setup.Config) { c.ClientApp.Widget, c.ClientApp.Standalone = false, false }},
		"ClientApp.Groups":      {func(c *setup.Config) { c.ClientApp.Groups = []string{"Agents"} }},
		"ClientApp.CommunicationTypes": {
			func(c *setup.Config) { c.ClientApp.CommunicationTypes = []string{"message"} }, func(c *setup.Config) { c.ClientApp.CommunicationTypes = []string{} },
		},
		"ClientApp.EmbeddedIn": {
			func(c *setup.Config) { c.ClientApp.EmbeddedIn = []string{"https://crm.example.com/"} }, func(c *setup.Config) { c.ClientApp.EmbeddedIn = []string{"*"} },
			func(c *setup.Config) { c.ClientApp.EmbeddedIn = []string{"http://crm.example.com"} },
		},
	} {
		for i, spoil := range cases {
			c := everything()
			spoil(&c)
			_, err := setup.Files(c)
			require.Error(t, err, "%s %d", field, i)
			require.Equal(t, err, c.Validate())
			var of *setup.FieldError
			require.True(t, errors.As(err, &of))
			require.Equal(t, field, of.Field, "%d: %v", i, err)
			require.NotEmpty(t, of.Problem)
		}
	}
	require.NoError(t, everything().Validate())
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	err := setup.Config{EventBridge: &setup.EventBridge{}, ClientApp: &setup.ClientApp{}}.Validate()
	for _, field := range []string{"Region:", "BaseURL:", "EventBridge:", "EventBridge.AccountID:", "EventBridge.Region:", "ClientApp:"} {
		require.ErrorContains(t, err, "setup: "+field)
	}
}
