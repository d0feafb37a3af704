package setup

import "strings"

// integration is what the configuration of an integration consists of
// (PUT /api/v2/integrations/{id}/config/current), beside its type.
type integration struct {
	Type       string         `json:"integrationType"`
	Name       string         `json:"name"`
	Properties map[string]any `json:"properties"`
	Advanced   map[string]any `json:"advanced"`
}

func eventBridgeIntegration(p *plan) integration {
	return integration{
		Type: "amazon-eventbridge-source",
		Name: p.Name + " EventBridge",
		Properties: map[string]any{
			"awsAccountId":      p.Events.AccountID,
			"awsAccountRegion":  p.Events.Region,
			"eventSourceSuffix": p.Events.Suffix,
			"eventFilter":       p.Events.Topics,
		},
		Advanced: map[string]any{},
	}
}

// The page needs scripts, an origin of its own without which neither the backend
// nor Genesys answers it, a window for logins that refuse to be framed, and the
// forms of the login there; nothing else.
const sandbox = "allow-forms,allow-popups,allow-same-origin,allow-scripts"

func widgetIntegration(p *plan) integration {
	return integration{
		Type: "embedded-client-app-interaction-widget",
		Name: p.Name,
		Properties: map[string]any{
			"url":                     appURL(p, "gcConversationId", "gcHostOrigin", "gcTargetEnv", "gcLangTag"),
			"sandbox":                 sandbox,
			"permissions":             "",
			"groups":                  groups(p),
			"communicationTypeFilter": strings.Join(p.App.CommunicationTypes, ","),
			"queueIdFilterList":       []string{},
		},
		Advanced: lifecycle(),
	}
}

func standaloneIntegration(p *plan) integration {
	return integration{
		Type: "embedded-client-app",
		Name: p.Name + " conversations",
		Properties: map[string]any{
			"url":         appURL(p, "gcHostOrigin", "gcTargetEnv", "gcLangTag"),
			"displayType": "standalone",
			"sandbox":     sandbox,
			"permissions": "",
			"groups":      groups(p),
		},
		Advanced: lifecycle(),
	}
}

// appURL is the page with the placeholders that Genesys replaces.
func appURL(p *plan, placeholders ...string) string {
	var query []string
	for _, name := range placeholders {
		query = append(query, name+"={{"+name+"}}")
	}
	return p.AppURL + "?" + strings.Join(query, "&")
}

func groups(p *plan) []string { return append([]string{}, p.App.Groups...) }

// lifecycle switches on the hooks that the page listens to; without them its
// listeners never run.
func lifecycle() map[string]any {
	return map[string]any{"lifecycle": map[string]any{
		"ephemeral": false,
		"hooks":     map[string]any{"bootstrap": true, "focus": true, "stop": true},
	}}
}
