package recording

import "github.com/dcmkit/convtrack/conversation"

// harmless are the fields whose texts are words of Genesys or of this library: no
// text of a person is in them. Everything that is not here, or a field of a later
// version, is replaced.
var harmless = set("calculatedStatus", "originatingDirection", "conversationInitiator", "initiatedBy", "recordingState", "purpose", "mediaType",
	"messageType", "direction", "state", "disconnectType", "segmentType", "acdOutcome", "usedRouting", "requestedRoutings", "afterCallWorkState",
	"flowType", "flowEntryType", "flowTransferType", "flowInType", "flowOutType", "flowOutcomeValue", "flowStartingLanguage", "flowEndingLanguage",
	"evaluationStatus", "surveyStatus", "surveyType", "transferType", "wrapupPrompt")

// addresses are the fields that hold the addresses of people and of the
// organisation: numbers, mailboxes, and the ids that platforms for messages give.
var addresses = set("address", "addressFrom", "addressOther", "addressSelf", "addressTo", "ani", "dnis", "sessionDnis", "remote", "destinationAddress",
	"destinationAddresses", "cc", "bcc", "callbackNumbers", "flowTransferTargetAddress")

// meaning are the attributes to which Genesys gives a meaning, each with the value
// that has it.
var meaning = map[string]string{"consultInitiator": "true"}

// ofLegs are the fields with ids of legs: what a media topic says of a leg is named by
// the participant and the medium, one of media.
var (
	ofLegs = set("sessionId", "alertedSessionIds")
	media  = set(conversation.MediaCallback, conversation.MediaChat, conversation.MediaCobrowse, conversation.MediaEmail, conversation.MediaInternalMessage,
		conversation.MediaMessage, conversation.MediaScreenMonitoring, conversation.MediaScreenshare, conversation.MediaSocial, conversation.MediaVideo, conversation.MediaVoice)
)

func set[S ~string](names ...S) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[string(n)] = true
	}
	return s
}
