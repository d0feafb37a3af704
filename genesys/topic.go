package genesys

import (
	"strings"

	"github.com/dcmkit/convtrack/conversation"
)

// topicKind is what the body of a topic is.
type topicKind uint8

const (
	topicOther topicKind = iota // any other, known or not: its body's shape decides
	topicConversation
	topicMedia
	topicDetail
	topicNewDetail // a detail event of a conversation that is not known here
	topicMetrics
	topicEvaluation
	topicHeartbeat
	topicSystem
	topicCombined
)

// topic is a parsed topic name.
type topic struct {
	kind   topicKind
	media  conversation.MediaType // topicMedia
	event  string                 // topicDetail: "user.end"
	id     string                 // topicDetail, topicMetrics: the conversation's
	system SystemType             // topicSystem
}

// mediaTopics are the last words of the topics that show one medium, and of
// the paths of the REST reads that do.
var mediaTopics = map[string]conversation.MediaType{
	"calls":             conversation.MediaVoice,
	"callbacks":         conversation.MediaCallback,
	"chats":             conversation.MediaChat,
	"cobrowsesessions":  conversation.MediaCobrowse,
	"emails":            conversation.MediaEmail,
	"messages":          conversation.MediaMessage,
	"screenshares":      conversation.MediaScreenshare,
	"socialexpressions": conversation.MediaSocial,
	"videos":            conversation.MediaVideo,
	"screenmonitorings": conversation.MediaScreenMonitoring,
}

// parseTopic parses a topic name (protocol 3.1). Ids are found from both ends,
// as they need not be GUIDs.
func parseTopic(name string) topic {
	if strings.Contains(name, "?") {
		return topic{kind: topicCombined}
	}
	if rest, ok := strings.CutPrefix(name, "v2.detail.events.conversation."); ok {
		for _, event := range detailTopics {
			if id, ok := strings.CutSuffix(rest, "."+event); ok {
				return topic{kind: topicDetail, event: event, id: id}
			}
		}
		return topic{kind: topicNewDetail}
	}
	if rest, ok := cutEither(name, "v2.users.", "v2.routing.queues."); ok {
		if strings.HasSuffix(rest, ".conversations") {
			return topic{kind: topicConversation}
		}
		if i := strings.LastIndex(rest, ".conversations."); i >= 0 {
			if media, ok := mediaTopics[strings.ToLower(rest[i+len(".conversations."):])]; ok {
				return topic{kind: topicMedia, media: media}
			}
		}
		return topic{} // presence, routing status, recordings, statistics, a new medium …
	}
	if rest, ok := strings.CutPrefix(name, "v2.analytics.conversation."); ok {
		if id, ok := strings.CutSuffix(rest, ".metrics"); ok {
			return topic{kind: topicMetrics, id: id}
		}
		return topic{}
	}
	if rest, ok := strings.CutPrefix(name, "v2.system."); ok {
		return topic{kind: topicSystem, system: systemType(rest)}
	}
	switch name {
	case "channel.metadata":
		return topic{kind: topicHeartbeat}
	case "v2.quality.evaluations":
		return topic{kind: topicEvaluation}
	case "v2.subscription.updated":
		return topic{kind: topicSystem, system: SystemSubscriptionChanged}
	}
	return topic{}
}

func cutEither(s string, prefixes ...string) (string, bool) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest, true
		}
	}
	return s, false
}

func systemType(rest string) SystemType {
	for _, t := range []SystemType{SystemSocketClosing, SystemNoLongerSubscribed, SystemSubscriptionChanged, SystemTokenRevoked} {
		if rest == string(t) || strings.HasPrefix(rest, string(t)+".") {
			return t
		}
	}
	return SystemOther
}

// detailTopics are the last words of the detail events.
var detailTopics = []string{
	"acd.start", "acd.end", "acw", "attributes", "contact", "customer.start", "customer.end",
	"flow.start", "flow.end", "flow.outcome", "outbound", "user.start", "user.end",
	"voicemail.start", "voicemail.end", "wrapup",
}
