package inspector

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
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

// document returns JSON in which what may not be seen is masked.
func (v viewer) document(data []byte) json.RawMessage {
	if len(data) == 0 || v.Personal {
		return data
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return json.RawMessage(`"` + mask + `"`)
	}
	masked, err := json.Marshal(masked("", value))
	if err != nil {
		return json.RawMessage(`"` + mask + `"`)
	}
	return masked
}

// masked masks the texts of a JSON value that is under a name.
func masked(name string, value any) any {
	switch is := value.(type) {
	case map[string]any:
		for key, inner := range is {
			if name == "attributes" { // whatever the host calls them
				is[key] = mask
			} else {
				is[key] = masked(key, inner)
			}
		}
	case []any:
		for i, inner := range is {
			is[i] = masked(name, inner)
		}
	case string:
		if _, err := time.Parse(time.RFC3339Nano, is); err != nil && is != "" && !harmless[name] {
			return mask
		}
	}
	return value
}
