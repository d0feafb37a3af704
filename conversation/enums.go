package conversation

import "strings"

// Purpose is the role of a participant, in the spelling of analytics
// (protocol 7.1). The live API adds values, for example "dialer.system".
type Purpose string

// The purposes of analytics conversations.
const (
	PurposeACD             Purpose = "acd"
	PurposeAgent           Purpose = "agent"
	PurposeAPI             Purpose = "api"
	PurposeBotflow         Purpose = "botflow"
	PurposeCampaign        Purpose = "campaign"
	PurposeCustomer        Purpose = "customer"
	PurposeDialer          Purpose = "dialer"
	PurposeExternal        Purpose = "external"
	PurposeFax             Purpose = "fax"
	PurposeGroup           Purpose = "group"
	PurposeInbound         Purpose = "inbound"
	PurposeIVR             Purpose = "ivr"
	PurposeManual          Purpose = "manual"
	PurposeOutbound        Purpose = "outbound"
	PurposeStation         Purpose = "station"
	PurposeUser            Purpose = "user"
	PurposeVoicemail       Purpose = "voicemail"
	PurposeVoiceSurveyFlow Purpose = "voicesurveyflow"
	PurposeWorkflow        Purpose = "workflow"
)

// ParsePurpose normalises the spelling of any channel.
func ParsePurpose(s string) Purpose { return Purpose(strings.ToLower(s)) }

// Side says on which side of the conversation a purpose stands.
type Side uint8

// The sides. OtherSide holds system parties and purposes not known yet.
const (
	OtherSide    Side = iota
	CustomerSide      // customer, external: the outside party
	AgentSide         // agent (ACD work), user (anything else): a person of the organisation
	QueueSide         // acd: one participant per visit to a queue
	FlowSide          // ivr, workflow, botflow, voicesurveyflow, voicemail
)

// Side returns the side that the purpose stands on.
func (p Purpose) Side() Side {
	switch p {
	case PurposeCustomer, PurposeExternal:
		return CustomerSide
	case PurposeAgent, PurposeUser:
		return AgentSide
	case PurposeACD:
		return QueueSide
	case PurposeIVR, PurposeWorkflow, PurposeBotflow, PurposeVoiceSurveyFlow, PurposeVoicemail:
		return FlowSide
	}
	return OtherSide
}

// MediaType is the medium of a session, in the spelling of analytics.
type MediaType string

// The media types.
const (
	MediaCallback         MediaType = "callback"
	MediaChat             MediaType = "chat"
	MediaCobrowse         MediaType = "cobrowse"
	MediaEmail            MediaType = "email"
	MediaInternalMessage  MediaType = "internalmessage"
	MediaMessage          MediaType = "message"
	MediaScreenMonitoring MediaType = "screenmonitoring"
	MediaScreenshare      MediaType = "screenshare"
	MediaSocial           MediaType = "socialexpression"
	MediaVideo            MediaType = "video"
	MediaVoice            MediaType = "voice"
)

// ParseMediaType normalises the spelling of any channel. "unknown" states
// nothing and gives "".
func ParseMediaType(s string) MediaType { return MediaType(known(s)) }

// MessageType is the platform of a message session: sms, whatsapp,
// webmessaging, open …
type MessageType string

// ParseMessageType normalises the spelling of any channel. "unknown" states
// nothing and gives "".
func ParseMessageType(s string) MessageType { return MessageType(known(s)) }

// Direction is inbound or outbound, as seen by the organisation.
type Direction string

// The directions.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// ParseDirection normalises the spelling of any channel. "unknown" states
// nothing and gives "".
func ParseDirection(s string) Direction { return Direction(known(s)) }

func known(s string) string {
	if s = strings.ToLower(s); s == "unknown" {
		return ""
	}
	return s
}

// InitiatedBy says which system began the conversation (a column of DCM).
type InitiatedBy string

// The initiators.
const (
	InitiatedByGenesys InitiatedBy = "GENESYS"
	InitiatedByDCM     InitiatedBy = "DCM" // created by DCM through the API
)

// RoutingMethod is how ACD chose an agent, in the spelling of analytics:
// Standard, Bullseye, Preferred …
type RoutingMethod string

// ParseRoutingMethod normalises the spelling of any channel.
func ParseRoutingMethod(s string) RoutingMethod {
	if s = known(s); s == "" {
		return ""
	}
	return RoutingMethod(strings.ToUpper(s[:1]) + s[1:])
}

// SegmentType is what a session was doing during a segment, in the spelling
// of analytics (protocol 6.4).
type SegmentType string

// The segment types.
const (
	SegmentAlert            SegmentType = "alert"
	SegmentBarging          SegmentType = "barging"
	SegmentCallback         SegmentType = "callback"
	SegmentCoaching         SegmentType = "coaching"
	SegmentContacting       SegmentType = "contacting"
	SegmentConverting       SegmentType = "converting"
	SegmentDelay            SegmentType = "delay"
	SegmentDialing          SegmentType = "dialing"
	SegmentHold             SegmentType = "hold"
	SegmentInteract         SegmentType = "interact"
	SegmentIVR              SegmentType = "ivr"
	SegmentMonitoring       SegmentType = "monitoring"
	SegmentParked           SegmentType = "parked"
	SegmentScheduled        SegmentType = "scheduled"
	SegmentScreenMonitoring SegmentType = "screenmonitoring"
	SegmentSharing          SegmentType = "sharing"
	SegmentSystem           SegmentType = "system"
	SegmentTransmitting     SegmentType = "transmitting"
	SegmentUploading        SegmentType = "uploading"
	SegmentVoicemail        SegmentType = "voicemail"
	SegmentWrapup           SegmentType = "wrapup"
)

// ParseSegmentType normalises the spelling of any channel.
func ParseSegmentType(s string) SegmentType { return SegmentType(strings.ToLower(s)) }

// ACWState is the state of a session's after-call work in the live API.
type ACWState string

// The states of after-call work, in the order in which they can follow.
const (
	ACWUnknown       ACWState = "unknown"
	ACWNotApplicable ACWState = "notApplicable"
	ACWPending       ACWState = "pending"
	ACWSkipped       ACWState = "skipped"
	ACWComplete      ACWState = "complete"
)

// done reports whether after-call work in this state asks for nothing more.
func (s ACWState) done() bool {
	return s == ACWNotApplicable || s == ACWSkipped || s == ACWComplete
}

// ACDOutcome is how a visit to a queue ended, in the spelling of detail events.
type ACDOutcome string

// The outcomes.
const (
	ACDAnswered ACDOutcome = "ANSWERED"
	ACDAbandon  ACDOutcome = "ABANDON"
	ACDFlowOut  ACDOutcome = "FLOW_OUT"
)

// ParseACDOutcome normalises the spelling. "unknown" states nothing.
func ParseACDOutcome(s string) ACDOutcome { return ACDOutcome(strings.ToUpper(known(s))) }

// EvaluationStatus is the state of an evaluation, in the spelling of analytics.
type EvaluationStatus string

// The states of an evaluation.
const (
	EvaluationPending    EvaluationStatus = "Pending"
	EvaluationInProgress EvaluationStatus = "InProgress"
	EvaluationFinished   EvaluationStatus = "Finished"
	EvaluationInReview   EvaluationStatus = "InReview"
	EvaluationRetracted  EvaluationStatus = "Retracted"
)

// ParseEvaluationStatus normalises the spelling: the quality API writes
// INPROGRESS where the topic and analytics write InProgress (protocol 3.3).
func ParseEvaluationStatus(s string) EvaluationStatus {
	for _, known := range []EvaluationStatus{EvaluationPending, EvaluationInProgress,
		EvaluationFinished, EvaluationInReview, EvaluationRetracted} {
		if strings.EqualFold(s, string(known)) {
			return known
		}
	}
	return EvaluationStatus(s)
}

// SurveyStatus is the state of a survey: Pending, Sent, InProgress, Finished,
// OptOut, Error or Expired.
type SurveyStatus string

// The states of a survey.
const (
	SurveyPending    SurveyStatus = "Pending"
	SurveySent       SurveyStatus = "Sent"
	SurveyInProgress SurveyStatus = "InProgress"
	SurveyFinished   SurveyStatus = "Finished"
	SurveyOptOut     SurveyStatus = "OptOut"
	SurveyError      SurveyStatus = "Error"
	SurveyExpired    SurveyStatus = "Expired"
)
