package inspector

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/events"
)

// mask stands for personal data that somebody has no right to see.
const mask = "•••"

// viewer is somebody who looks.
type viewer struct{ Access }

// personal returns a text that is personal, as far as it may be seen.
func (v viewer) personal(text string) string {
	if text == "" || v.Personal {
		return text
	}
	return mask
}

// harmless are the fields whose texts name nobody: ids that Genesys gives, kinds,
// states and codes. Every other text is masked: a field that is new is personal
// until somebody says otherwise. Times, numbers and flags are never masked.
var harmless = fieldsOf(`
	conversationId calculatedStatus originatingDirection conversationInitiator initiatedBy recordingState utilizationLabelId
	divisionIds knowledgeBaseIds associatedConversationId consultationConversationIds
	participantId purpose userId queueId queueName groupId teamId consultParticipantId monitoredParticipantId coachedParticipantId
	bargedParticipantId screenMonitoredParticipantId wrapupPrompt flaggedReason locale
	sessionId mediaType messageType direction provider state disconnectType errorCode peerId scriptId roomId edgeId screenMonitoredUserId
	afterCallWorkState wrapUpCode wrapUpName flowId flowName flowType flowVersion flowEntryType flowEntryReason flowExitReason flowTransferType
	flowStartingLanguage flowEndingLanguage flowOutcomeId flowOutcomeValue milestoneId flowInType flowOutType acdOutcome answeredUserId usedRouting requestedRoutings
	requestedRoutingSkillIds requestedRoutingUserIds requestedLanguageId selectedAgentId activeSkillIds removedSkillIds agentAssistantId utilizationLabel
	alertedSessionIds outboundCampaignId outboundContactListId dispositionName journeyActionId codecs liveParticipantId
	segmentType sourceConversationId sourceSessionId destinationConversationId destinationSessionId
	id transferType initiatorUserId destinationUserId
	surveyId surveyStatus surveyType surveyFormId surveyFormContextId surveyFormName surveyErrorReason
	evaluationId evaluationStatus evaluatorId assigneeId formId formName contextId calibrationId evaluationContextId
	rule reason kind object fields mediaTypes`)

func fieldsOf(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

// document returns the data of an event, in which what may not be seen is masked.
// Of a Common Event the fields are known; of an event of the host's own nothing is
// known to be harmless, so it keeps its shape alone.
func (v viewer) document(a convtrack.Announcement) json.RawMessage {
	if len(a.Logged.Data) == 0 || v.Personal {
		return a.Logged.Data
	}
	d := json.NewDecoder(bytes.NewReader(a.Logged.Data))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return json.RawMessage(`"` + mask + `"`)
	}
	if events.TypesOf(events.Type(a.Logged.Type)) == 0 {
		value = shape(value, keysOf(a.Event))
	} else {
		value = masked("", value)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage(`"` + mask + `"`)
	}
	return data
}

// masked masks the texts of a JSON value that is under a name, of conversations and
// of Common Events.
func masked(name string, value any) any {
	switch is := value.(type) {
	case map[string]any:
		for key, inner := range is {
			is[key] = masked(key, inner)
		}
	case []any:
		for i, inner := range is {
			is[i] = masked(name, inner)
		}
	case string:
		_, err := time.Parse(time.RFC3339Nano, is)
		switch {
		case err == nil || is == "":
		case !harmless[name]:
			return mask
		case name == "fields" && strings.HasPrefix(is, attributesOf):
			return attributesOf + mask // whatever the host or a flow calls it
		}
	}
	return value
}
