package genesystest

import (
	"regexp"
	"slices"
	"strings"
)

// topicTemplate is a topic that can be subscribed (protocol 3.1).
type topicTemplate struct {
	id          string // with {id} for ids
	description string
	bridge      bool // EventBridge carries it too
}

var mediaSuffixes = []string{"calls", "callbacks", "chats", "cobrowseSessions", "emails", "messages", "screenshares", "socialexpressions", "videos"}

var detailSuffixes = []string{"acd.start", "acd.end", "acw", "attributes", "contact", "customer.start", "customer.end", "flow.start", "flow.end",
	"flow.outcome", "outbound", "user.start", "user.end", "voicemail.start", "voicemail.end", "wrapup"}

// topicCatalogue returns all topics that can be subscribed. Only the topics
// about conversations and evaluations ever bring anything.
func topicCatalogue() []topicTemplate {
	var all []topicTemplate
	for _, owner := range []string{"v2.users.{id}", "v2.routing.queues.{id}"} {
		all = append(all, topicTemplate{owner + ".conversations", "Conversations, as full snapshots", false})
		for _, m := range mediaSuffixes {
			all = append(all, topicTemplate{owner + ".conversations." + m, "Conversations of one medium, as full snapshots", false})
		}
	}
	for _, d := range detailSuffixes {
		all = append(all, topicTemplate{"v2.detail.events.conversation.{id}." + d, "Detail events of one conversation", true})
	}
	all = append(all,
		topicTemplate{"v2.analytics.conversation.{id}.metrics", "Metrics of one conversation", true},
		topicTemplate{"v2.quality.evaluations", "Evaluations of the whole organization", false})
	for _, silent := range []string{"v2.users.{id}.presence", "v2.users.{id}.routingStatus", "v2.users.{id}.activity", "v2.users.{id}.station",
		"v2.users.{id}.outofoffice", "v2.users.{id}.conversationsummary", "v2.routing.queues.{id}.users", "v2.conversations.{id}.transcription",
		"v2.analytics.queues.{id}.observations", "v2.analytics.users.{id}.aggregates", "v2.analytics.flow.{id}.aggregates",
		"v2.analytics.conversations.details.jobs.availability", "v2.flows.instances.flow.{id}", "v2.operations.events.{id}"} {
		all = append(all, topicTemplate{silent, "Not simulated: it can be subscribed and brings nothing", false})
	}
	return all
}

// topicPattern matches every topic of the catalogue.
func topicPattern() *regexp.Regexp {
	var alternatives []string
	for _, t := range topicCatalogue() {
		alternatives = append(alternatives, strings.ReplaceAll(regexp.QuoteMeta(t.id), `\{id\}`, `[^.?&{}\s]+`))
	}
	return regexp.MustCompile(`^(?:` + strings.Join(alternatives, "|") + `)$`)
}

// parts returns the individual topics of a topic: more than one when it is
// combined (protocol 2.3).
func parts(topic string) []string {
	prefix, suffixes, combined := strings.Cut(topic, "?")
	if !combined {
		return []string{topic}
	}
	var all []string
	for suffix := range strings.SplitSeq(suffixes, "&") {
		all = append(all, prefix+"."+suffix)
	}
	return all
}

// forbids reports whether a permission for the individual topic is missing.
func (c config) forbids(topic string) bool {
	return slices.ContainsFunc(c.forbidden, func(f string) bool {
		prefix, wild := strings.CutSuffix(f, "*")
		return topic == f || wild && strings.HasPrefix(topic, prefix)
	})
}

// availableTopics answers GET /api/v2/notifications/availabletopics.
func (s *Server) availableTopics(c *call) answer {
	expand := list(c.URL.Query(), "expand")
	entities := []Object{}
	for _, t := range topicCatalogue() {
		o := Object{"id": t.id}
		for _, e := range expand {
			switch e {
			case "description":
				o[e] = t.description
			case "visibility":
				o[e] = "Public"
			case "enforced":
				o[e] = true
			case "transports":
				o[e] = []string{"Websocket"}
				if t.bridge {
					o[e] = []string{"Websocket", "EventBridge", "ProcessAutomation"}
				}
			case "requiresPermissions":
				o[e] = []string{}
			case "permissionDetails":
				o[e] = []any{}
			case "topicParameters":
				o[e] = []string{}
				if strings.Contains(t.id, "{id}") {
					o[e] = []string{"id"}
				}
			}
		}
		entities = append(entities, o)
	}
	return ok(Object{"entities": entities})
}
