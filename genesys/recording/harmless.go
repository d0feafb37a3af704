package recording

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

func set(names ...string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, n := range names {
		s[n] = true
	}
	return s
}
