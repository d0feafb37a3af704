package setup

import "strings"

const (
	detailPrefix     = "v2.detail.events.conversation.{id}."
	evaluationsTopic = "v2.quality.evaluations"
)

// DetailEvents are the topics of all events of conversations that are known
// (notificationMappings.json of the SDK). EventBridge carries the family, says
// Genesys; which single topics an organisation may choose, GET
// /api/v2/notifications/availabletopics?expand=transports tells.
func DetailEvents() []string {
	return topics("acd.end", "acd.start", "acw", "attributes", "contact", "customer.end", "customer.start",
		"flow.end", "flow.outcome", "flow.start", "outbound", "user.end", "user.start", "voicemail.end", "voicemail.start", "wrapup")
}

// DefaultTriggers are the topics whose events change what the backend holds of a
// conversation; all are in the list of topics for triggers that Genesys's help
// centre has.
func DefaultTriggers() []string {
	return append(topics("acd.end", "acw", "customer.end", "customer.start", "user.end", "user.start", "wrapup"), evaluationsTopic)
}

// triggerTopics are all topics of that list that name a conversation. Whether
// others can start a workflow is not known.
func triggerTopics() []string {
	return append(topics("acd.end", "acd.start", "acw", "attributes", "customer.end", "customer.start", "outbound",
		"user.end", "user.start", "voicemail.end", "voicemail.start", "wrapup"), evaluationsTopic)
}

func topics(events ...string) []string {
	var names []string
	for _, event := range events {
		names = append(names, detailPrefix+event)
	}
	return names
}

// eventMembers are the members of an event's body that its workflow passes on:
// only strings, as how Architect takes other values is not known, and only ids
// and times, as a long value can fail a workflow. It is nil for a topic that is
// not known to name a conversation. The time of a detail event is a number; the
// one of an evaluation is text.
func eventMembers(topic string) []string {
	switch {
	case strings.HasPrefix(topic, detailPrefix):
		return []string{"conversationId", "participantId"}
	case topic == evaluationsTopic:
		return []string{"conversationId", "eventTime"}
	}
	return nil
}

// slug is the topic's part in the names of files and flows: "customer-end".
func slug(topic string) string {
	short := strings.TrimPrefix(strings.TrimPrefix(topic, detailPrefix), "v2.")
	return strings.NewReplacer(".{id}", "", ".", "-").Replace(short)
}

// prefixes are what detail-types of the topics begin with, each once. A
// detail-type is the template of its topic in all samples, but that is not said
// of every topic; the filter of the integration decides exactly.
func prefixes(topics []string) []string {
	var all []string
	seen := map[string]bool{}
	for _, topic := range topics {
		prefix, _, _ := strings.Cut(topic, "{id}")
		if !seen[prefix] {
			seen[prefix] = true
			all = append(all, prefix)
		}
	}
	return all
}

// heartbeat is the source, and the topic, of a call that tells of no conversation.
const heartbeat = "heartbeat"
