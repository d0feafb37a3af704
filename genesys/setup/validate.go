package setup

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A FieldError is a field of a [Config] that cannot be used.
type FieldError struct {
	Field   string // "EventBridge.AccountID"
	Problem string // what is wrong and what to do; the value is not quoted
}

func (e *FieldError) Error() string { return "setup: " + e.Field + ": " + e.Problem }

var (
	nameForm      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*([ -][A-Za-z0-9]+)*$`)
	divisionForm  = regexp.MustCompile(`^[^\p{C}]+$`)
	guidForm      = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	accountForm   = regexp.MustCompile(`^[0-9]{12}$`)
	awsRegionForm = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]$`)
	suffixForm    = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	pathForm      = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*/?$`)
	topicForm     = regexp.MustCompile(`^v2(\.[A-Za-z_]+|\.\{id\})+$`)
)

// communicationTypes are those that were seen in the filter of a widget.
func communicationTypes() []string { return []string{"call", "chat", "email", "webmessaging", "open"} }

// Validate reports every field that cannot be used, as one error that joins a
// [*FieldError] for each.
func (c Config) Validate() error {
	c = c.withDefaults()
	var v validation
	v.check(nameForm.MatchString(c.Name) && len(c.Name) <= 32, "Name", "use at most 32 letters and digits, in words with a space or a hyphen between them")
	v.check(divisionForm.MatchString(c.Division) && len(c.Division) <= 256 && !strings.Contains(c.Division, "{{"), "Division", "use the name of a division, on one line, without {{")
	v.check(c.Region.Domain != "", "Region", "say where the organisation lives (genesys.ParseRegion)")
	v.check(c.OrganizationID == "" || guidForm.MatchString(c.OrganizationID), "OrganizationID", "use the id that GET /api/v2/organizations/me shows, or leave it empty")
	v.baseURL(c.BaseURL)
	if c.DataAction != nil {
		v.dataAction(*c.DataAction)
	}
	if c.EventBridge != nil {
		v.eventBridge(*c.EventBridge)
	}
	if c.ClientApp != nil {
		v.clientApp(*c.ClientApp)
	}
	return errors.Join(v...)
}

type validation []error

func (v *validation) check(holds bool, field, problem string) {
	if !holds {
		*v = append(*v, &FieldError{Field: field, Problem: problem})
	}
}

// baseURL checks that Genesys can call the URL and that it holds no secret: it
// is written into files.
func (v *validation) baseURL(s string) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		v.check(false, "BaseURL", "use an https URL with a host; Genesys and AWS call nothing else")
		return
	}
	v.check(u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.Contains(s, "#"), "BaseURL", "leave out user, password, query and fragment; secrets are given when the files are applied")
	v.check(publicHost(u.Hostname()), "BaseURL", "use a host name that is public: the certificate must be of a public CA")
	v.check(pathForm.MatchString(u.EscapedPath()), "BaseURL", "use only letters, digits and . _ ~ - in its path")
}

var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$`)

func publicHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && hostForm.MatchString(host) && !strings.HasSuffix(host, ".localhost")
}

func (v *validation) dataAction(a DataAction) {
	v.check(a.TimeoutSeconds >= 1 && a.TimeoutSeconds <= 10, "DataAction.TimeoutSeconds", "use 1 to 10: a longer wait can starve the other flows of the organisation")
	v.check(a.EventTTLSeconds >= 10, "DataAction.EventTTLSeconds", "use at least 10")
	v.topics("DataAction.Triggers", a.Triggers)
	files := map[string]bool{}
	for _, topic := range a.Triggers {
		v.check(!files[slug(topic)], "DataAction.Triggers", "two topics give one file; leave out one")
		files[slug(topic)] = true
		v.check(!strings.HasSuffix(topic, ".attributes"), "DataAction.Triggers",
			"leave out attributes: it starts a workflow at each change of any attribute, and there are limits on starts; EventBridge carries it")
		v.check(eventMembers(topic) != nil, "DataAction.Triggers", fmt.Sprintf("%q is not known to name a conversation; use detail events of conversations or v2.quality.evaluations", topic))
	}
}

func (v *validation) eventBridge(e EventBridge) {
	v.check(accountForm.MatchString(e.AccountID), "EventBridge.AccountID", "use the twelve digits of the AWS account")
	v.check(awsRegionForm.MatchString(e.Region), "EventBridge.Region", `use the name of an AWS region, such as "eu-central-1"`)
	v.check(suffixForm.MatchString(e.Suffix), "EventBridge.Suffix", "use at most 64 of A–Z a–z 0–9 . - _")
	v.check(e.Queue || e.HTTPS, "EventBridge", "say where the events go: Queue, HTTPS or both")
	v.check(len(e.Topics) > 0, "EventBridge.Topics", "name a topic, or leave it nil for all detail events")
	v.topics("EventBridge.Topics", e.Topics)
}

func (v *validation) topics(field string, topics []string) {
	seen := map[string]bool{}
	for _, topic := range topics {
		v.check(topicForm.MatchString(topic), field, "use the template of a topic, with a literal {id} in place of each id, as in v2.detail.events.conversation.{id}.user.end")
		v.check(!seen[topic], field, "name each topic once")
		seen[topic] = true
	}
}

func (v *validation) clientApp(a ClientApp) {
	v.check(a.Widget || a.Standalone, "ClientApp", "say where the page is shown: Widget, Standalone or both")
	for _, group := range a.Groups {
		v.check(guidForm.MatchString(group), "ClientApp.Groups", "use the ids of groups")
	}
	v.check(len(a.CommunicationTypes) > 0, "ClientApp.CommunicationTypes", "name one, or leave it nil for all")
	for _, t := range a.CommunicationTypes {
		v.check(slices.Contains(communicationTypes(), t), "ClientApp.CommunicationTypes", "use "+strings.Join(communicationTypes(), ", ")+"; no others are known to be accepted (message is refused)")
	}
	for _, origin := range a.EmbeddedIn {
		u, err := url.Parse(origin)
		v.check(err == nil && u.Scheme == "https" && hostForm.MatchString(u.Hostname()) && origin == "https://"+u.Host, "ClientApp.EmbeddedIn", "use origins: https, a host, perhaps a port, and nothing more")
	}
}
