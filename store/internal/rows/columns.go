package rows

import "github.com/dcmkit/convtrack/conversation"

// The lists below name the fields that have a column of their own: what
// reports and listings ask for, and what live messages usually state. A field
// that is not named is kept in "more". To give one a column later, add its name
// at the end of a list and let a migration add the column: values that are in
// "more" are read from there as long as the row is not written again.

var conversationMap = mapping[conversation.Conversation]{
	derived: []derived[conversation.Conversation]{
		{Column{Name: "calculated_status", Kind: Text}, func(c *conversation.Conversation) Value { return textValue(string(c.Status)) }},
		{Column{Name: "conversation_end", Kind: Time}, func(c *conversation.Conversation) Value { return timeValue(c.End) }},
		{Column{Name: "customer_address", Kind: Text}, func(c *conversation.Conversation) Value {
			customer, _ := c.Customer()
			return textValue(customer.Address)
		}},
		{Column{Name: "present_user_ids", Kind: Texts}, func(c *conversation.Conversation) Value { return textsValue(c.PresentUsers()) }},
		{Column{Name: "present_queue_ids", Kind: Texts}, func(c *conversation.Conversation) Value { return textsValue(c.PresentQueues()) }},
	},
	attributes:    func(c *conversation.Conversation) *map[string]string { return &c.Attributes },
	provenance:    (*conversation.Conversation).AppendProvenance,
	setProvenance: (*conversation.Conversation).SetProvenance,
}.of(conversation.ConversationFields(), "conversationStart", "recordedEnd", "conferenceStart", "originatingDirection", "conversationInitiator",
	"initiatedBy", "initialScreenPopTarget", "address", "externalTag", "utilizationLabelId", "recordingState", "customerParticipation",
	"selfServed", "maxParticipants", "divisionIds", "externalContactIds", "externalOrganizationIds", "associatedConversationId")

var participantMap = mapping[conversation.Participant]{
	attributes:    func(p *conversation.Participant) *map[string]string { return &p.Attributes },
	provenance:    (*conversation.Participant).AppendProvenance,
	setProvenance: (*conversation.Participant).SetProvenance,
}.of(conversation.ParticipantFields(), "purpose", "userId", "participantName", "startTime", "connectedTime", "endTime", "queueId", "queueName",
	"groupId", "teamId", "externalContactId", "externalOrganizationId", "address", "ani", "dnis", "consultParticipantId", "wrapupRequired",
	"wrapupPrompt")

var sessionMap = mapping[conversation.Session]{
	owners: []Column{
		text("participant_id"),
		// What a media topic says of a leg, which it does not name. It is a leg
		// of its own only while no other session of the participant has the
		// medium.
		{Name: "flattened", Kind: Bool, Required: true},
	},
	provenance:    (*conversation.Session).AppendProvenance,
	setProvenance: (*conversation.Session).SetProvenance,
}.of(conversation.SessionFields(), "mediaType", "messageType", "direction", "provider", "state", "startTime", "connectedTime",
	"disconnectedTime", "disconnectType", "errorCode", "queueId", "peerId", "ani", "dnis", "addressFrom", "addressTo", "addressSelf",
	"addressOther", "subject", "held", "muted", "recording", "wasConnected", "liveParticipantId", "scriptId", "afterCallWorkRequired",
	"afterCallWorkState", "startAcwTime", "endAcwTime", "wrapUpCode", "wrapUpName", "wrapUpNote", "wrapUpDurationMs", "wrapUpEndTime",
	"flowId", "flowName", "flowType", "acdOutcome", "usedRouting", "outboundCampaignId", "alertingDurationMs", "dialingDurationMs",
	"interactingDurationMs", "heldDurationMs", "requestedRoutingSkillIds", "requestedLanguageId", "routingPriority")

var segmentMap = mapping[conversation.Segment]{
	provenance:    (*conversation.Segment).AppendProvenance,
	setProvenance: (*conversation.Segment).SetProvenance,
}.of(conversation.SegmentFields(), "segmentEnd", "disconnectType", "errorCode", "queueId", "conference", "wrapUpCode", "wrapUpNote")

var transferMap = mapping[conversation.Transfer]{
	provenance:    (*conversation.Transfer).AppendProvenance,
	setProvenance: (*conversation.Transfer).SetProvenance,
}.of(conversation.TransferFields(), "state", "transferType", "dateIssued", "initiatorUserId", "destinationUserId", "destinationAddress")

var surveyMap = mapping[conversation.Survey]{
	provenance:    (*conversation.Survey).AppendProvenance,
	setProvenance: (*conversation.Survey).SetProvenance,
}.of(conversation.SurveyFields(), "surveyStatus", "surveyType", "surveyFormId", "surveyFormName", "userId", "queueId", "eventTime",
	"surveyCompletedDate", "surveyPartialResponse", "oSurveyTotalScore", "surveyPromoterScore")

var evaluationMap = mapping[conversation.Evaluation]{
	provenance:    (*conversation.Evaluation).AppendProvenance,
	setProvenance: (*conversation.Evaluation).SetProvenance,
}.of(conversation.EvaluationFields(), "evaluationStatus", "userId", "evaluatorId", "formId", "formName", "queueId", "eventTime",
	"assignedDate", "changedDate", "releaseDate", "released", "rescored", "deleted", "agentHasRead", "oTotalScore", "oTotalCriticalScore")
