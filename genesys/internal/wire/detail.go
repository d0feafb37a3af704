package wire

// DetailEvent is the body of any v2.detail.events.conversation.{id}… event:
// the union of their fields (protocol 3.4). The topic says which one it is.
type DetailEvent struct {
	EventTime      Time   `json:"eventTime"`
	ConversationID string `json:"conversationId"`
	ParticipantID  string `json:"participantId"`
	SessionID      string `json:"sessionId"`

	MediaType   string `json:"mediaType"`
	MessageType string `json:"messageType"`
	Provider    string `json:"provider"`
	Direction   string `json:"direction"`
	DivisionID  string `json:"divisionId"`
	UserID      string `json:"userId"`
	QueueID     string `json:"queueId"`

	ANI         string `json:"ani"`
	DNIS        string `json:"dnis"`
	AddressTo   string `json:"addressTo"`
	AddressFrom string `json:"addressFrom"`
	Subject     string `json:"subject"`

	CallbackUserName      string `json:"callbackUserName"`
	CallbackNumbers       Texts  `json:"callbackNumbers"`
	CallbackScheduledTime Time   `json:"callbackScheduledTime"`

	ExternalContactID                   string `json:"externalContactId"`
	ExternalOrganizationID              string `json:"externalOrganizationId"`
	ConversationExternalContactIDs      Texts  `json:"conversationExternalContactIds"`
	ConversationExternalOrganizationIDs Texts  `json:"conversationExternalOrganizationIds"`

	JourneyContext   JourneyContext `json:"journeyContext"`
	UtilizationLabel string         `json:"utilizationLabel"`

	DisconnectType        string `json:"disconnectType"`
	AlertingDurationMs    Int    `json:"alertingDurationMs"`
	ContactingDurationMs  Int    `json:"contactingDurationMs"`
	DialingDurationMs     Int    `json:"dialingDurationMs"`
	InteractingDurationMs Int    `json:"interactingDurationMs"`
	HeldDurationMs        Int    `json:"heldDurationMs"`
	CallbackDurationMs    Int    `json:"callbackDurationMs"`
	ConnectedDurationMs   Int    `json:"connectedDurationMs"`
	VoicemailDurationMs   Int    `json:"voicemailDurationMs"`

	FlowID               string                  `json:"flowId"`
	FlowType             string                  `json:"flowType"`
	FlowVersion          string                  `json:"flowVersion"`
	FlowOutcomeID        string                  `json:"flowOutcomeId"`
	FlowOutcomeValue     string                  `json:"flowOutcomeValue"`
	FlowOutcomeStartTime Time                    `json:"flowOutcomeStartTime"`
	FlowOutcomeEndTime   Time                    `json:"flowOutcomeEndTime"`
	FlowMilestones       Elements[FlowMilestone] `json:"flowMilestones"`
	ExitReason           string                  `json:"exitReason"`
	TransferType         string                  `json:"transferType"`

	ACDOutcome               string `json:"acdOutcome"`
	AnsweredUserID           string `json:"answeredUserId"`
	RequestedRoutings        Texts  `json:"requestedRoutings"`
	UsedRouting              string `json:"usedRouting"`
	RequestedRoutingSkillIDs Texts  `json:"requestedRoutingSkillIds"`
	RequestedLanguageID      string `json:"requestedLanguageId"`
	RequestedRoutingUserIDs  Texts  `json:"requestedRoutingUserIds"`
	RoutingPriority          Int    `json:"routingPriority"`

	WrapupCode       string `json:"wrapupCode"`
	WrapupNotes      string `json:"wrapupNotes"`
	WrapupDurationMs Int    `json:"wrapupDurationMs"`

	Attributes     Attributes `json:"attributes"`
	Communications Elements[struct {
		ID        string `json:"id"`
		MediaType string `json:"mediaType"`
	}] `json:"communications"`

	OutboundCampaignID    string `json:"outboundCampaignId"`
	OutboundContactListID string `json:"outboundContactListId"`
	OutboundContactID     string `json:"outboundContactId"`

	Others Unknown `json:",embed"`
}

// MetricRecord is the body of v2.analytics.conversation.{id}.metrics.
type MetricRecord struct {
	ConversationID string `json:"conversationId"`
	SessionID      string `json:"sessionId"`
	MediaType      string `json:"mediaType"`
	MessageType    string `json:"messageType"`
	Direction      string `json:"direction"`
	Metric         string `json:"metric"`
	MetricDate     Time   `json:"metricDate"`
	Value          Int    `json:"value"`

	ActiveSkillIDs    Texts  `json:"activeSkillIds"`
	RemovedSkillIDs   Texts  `json:"removedSkillIds"`
	RoutingRing       Int    `json:"routingRing"`
	AgentBullseyeRing Int    `json:"agentBullseyeRing"`
	AgentAssistantID  string `json:"agentAssistantId"`
}
