package setup

import (
	"slices"
	"strings"
	"text/template"

	"github.com/dcmkit/convtrack/genesys"
)

// plan is a configuration worked out: what the templates write.
type plan struct {
	Name     string
	AWSName  string // begins the names in AWS: "dcm"
	Division string
	Region   genesys.Region
	// ProviderRegion is the region's name for the Terraform provider; empty when
	// it is not known.
	ProviderRegion string
	OrganizationID string
	Permissions    []Permission

	BaseURL, UpdatesURL, IngestURL, AppURL string

	Integration string // of the data action; also the action's category
	ActionName  string
	ActionFile  string
	Action      *DataAction
	Triggers    []topicPlan
	Unlisted    []string // triggers that are not in the help centre's list

	Events   *EventBridge
	Prefixes []string // of the detail-types
	// Undocumented are topics for which no public text says that EventBridge
	// carries them.
	Undocumented []string

	App *ClientApp

	templates *template.Template
}

// topicPlan is a topic whose events start a workflow.
type topicPlan struct {
	Topic   string
	Slug    string
	Members []string // of the event, that the workflow passes on
}

const actionFile = "dcm-report-update.custom.json"

func newPlan(c Config) *plan {
	c = c.withDefaults()
	base := strings.TrimSuffix(c.BaseURL, "/")
	p := &plan{
		Name: c.Name, AWSName: strings.ToLower(strings.ReplaceAll(c.Name, " ", "-")), Division: c.Division,
		Region: c.Region, ProviderRegion: strings.ReplaceAll(c.Region.Name, "_", "-"), OrganizationID: c.OrganizationID,
		Permissions: Permissions(c),
		BaseURL:     base, UpdatesURL: base + UpdatesPath, IngestURL: base + EventBridgePath, AppURL: base + ClientAppPath,
		Integration: c.Name + " data actions", ActionName: c.Name + " - Report conversation update", ActionFile: actionFile,
		Action: c.DataAction, Events: c.EventBridge, App: c.ClientApp,
		templates: parseTemplates(),
	}
	if p.Action != nil {
		for _, topic := range p.Action.Triggers {
			p.Triggers = append(p.Triggers, topicPlan{Topic: topic, Slug: slug(topic), Members: eventMembers(topic)})
		}
		p.Unlisted = without(p.Action.Triggers, triggerTopics())
	}
	if p.Events != nil {
		p.Prefixes = prefixes(p.Events.Topics)
		p.Undocumented = without(p.Events.Topics, DetailEvents())
	}
	return p
}

func without(topics, known []string) []string {
	return slices.DeleteFunc(slices.Clone(topics), func(t string) bool { return slices.Contains(known, t) })
}

// AppsURL is the origin of the agent's desktop.
func (p *plan) AppsURL() string { return "https://apps." + p.Region.Domain }

// Secrets are the names of the secrets that are asked for when the files are
// applied.
func (p *plan) Secrets() []string {
	var names []string
	if p.Action != nil {
		names = append(names, "dcm_token")
	}
	if p.Events != nil && p.Events.HTTPS {
		names = append(names, "dcm_ingest_token")
	}
	return names
}
