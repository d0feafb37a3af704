package events

import (
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Type names a kind of Common Event.
type Type string

// The Common Events that every tracker announces.
const (
	TypeConversationCreated  Type = "conversation.created"
	TypeParticipantAdded     Type = "participant.added"
	TypeAgentConnected       Type = "agent.connected"
	TypeAgentTransferred     Type = "agent.transferred"
	TypeAgentDisconnected    Type = "agent.disconnected"
	TypeConversationEnded    Type = "conversation.ended"
	TypeConversationReopened Type = "conversation.reopened"
)

// The Common Events that a tracker announces where a hook takes them, from the
// registration of the hook on: what had happened by then is not told later.
const (
	TypeConversationQueued Type = "conversation.queued"
	TypeAgentAlerted       Type = "agent.alerted"
	TypeAgentUnanswered    Type = "agent.unanswered"
	TypeAgentLeft          Type = "agent.left"
	TypeAgentWrappedUp     Type = "agent.wrappedUp"
	TypeSurveyCompleted    Type = "survey.completed"
	TypeEvaluationReleased Type = "evaluation.released"

	// It belongs to a version of the conversation, and is for hooks that ask for it
	// by its type: a hook on Event does not take it.
	TypeConversationChanged Type = "conversation.changed"
)

// ConversationCreated fires when the conversation's record is first stored. In
// a Before hook, [Veto] keeps the conversation from being tracked at all, and
// [NotYet] puts the decision off.
type ConversationCreated struct {
	Header
	Direction   conversation.Direction   `json:"originatingDirection,omitzero"`
	MediaTypes  []conversation.MediaType `json:"mediaTypes"`
	InitiatedBy conversation.InitiatedBy `json:"initiatedBy"`

	// MustDecide says that a Before hook is asked for the last time: [NotYet]
	// counts as consent. In an After hook it means nothing.
	MustDecide bool `json:"-"`
}

func (e *ConversationCreated) copied() Event { return copyOf(e) }

// ParticipantAdded fires when a participant of any purpose is first known. A
// person of the agents' side is announced once, however many participants and
// sessions a channel makes of the visits.
type ParticipantAdded struct {
	Header
	ParticipantID string                 `json:"participantId"`
	Purpose       conversation.Purpose   `json:"purpose,omitzero"`
	UserID        string                 `json:"userId,omitzero"`
	Name          string                 `json:"participantName,omitzero"`
	QueueID       string                 `json:"queueId,omitzero"`
	MediaType     conversation.MediaType `json:"mediaType,omitzero"`
}

func (e *ParticipantAdded) copied() Event { return copyOf(e) }

func (e *ParticipantAdded) subject() (participantID, sessionID string) { return e.ParticipantID, "" }

// AgentConnected fires when a leg of the agents' side is answered while its
// person has no other connected leg: Genesys assigned the conversation to an
// agent. Supervisors who listen in, coach or barge are not assigned anything. Who is
// consulted, or joins a conference, is connected beside the agent who asked;
// [AgentLeft] says when one of them leaves, and how many stay, and [AgentAfter] who
// has the conversation then.
type AgentConnected struct {
	Header
	ParticipantID string                 `json:"participantId"`
	SessionID     string                 `json:"sessionId"`
	Purpose       conversation.Purpose   `json:"purpose,omitzero"`
	UserID        string                 `json:"userId,omitzero"`
	QueueID       string                 `json:"queueId,omitzero"`
	MediaType     conversation.MediaType `json:"mediaType,omitzero"`
}

func (e *AgentConnected) copied() Event { return copyOf(e) }

func (e *AgentConnected) subject() (participantID, sessionID string) {
	return e.ParticipantID, e.SessionID
}

// AgentTransferred fires when the last connected leg of an agent's stretch
// ends by the agent's own transfer. The most specific word on how a leg ended
// counts, whenever it comes; where it says only later than the plain word that the
// end was none of the agent's acts (a merge into a conference, a forwarding rule),
// the announcement stays. The same holds for AgentDisconnected.
type AgentTransferred struct {
	Header
	From         AgentLeg       `json:"from"`
	To           TransferTarget `json:"to"`
	TransferType TransferType   `json:"transferType"`
}

func (e *AgentTransferred) copied() Event { return copyOf(e) }

func (e *AgentTransferred) subject() (participantID, sessionID string) {
	return e.From.ParticipantID, e.From.SessionID
}

// AgentLeg is the leg that an agent left.
type AgentLeg struct {
	ParticipantID string `json:"participantId"`
	SessionID     string `json:"sessionId"`
	UserID        string `json:"userId,omitzero"`
}

// TransferTarget is where a transfer went.
type TransferTarget struct {
	Kind    TargetKind `json:"kind"`
	UserID  string     `json:"userId,omitzero"`
	QueueID string     `json:"queueId,omitzero"`
	Address string     `json:"address,omitzero"`
}

// TargetKind is what a transfer went to.
type TargetKind string

// The kinds of targets. Unknown is the word of an event whose target no
// message has shown: a flow, or something that never came.
const (
	TargetAgent   TargetKind = "agent"
	TargetQueue   TargetKind = "queue"
	TargetAddress TargetKind = "address"
	TargetUnknown TargetKind = "unknown"
)

// TransferType is how the agent transferred.
type TransferType string

// The types of transfers.
const (
	TransferBlind   TransferType = "blind"
	TransferConsult TransferType = "consult"
)

// AgentDisconnected fires when the last connected leg of an agent's stretch is
// ended by the agent's own act. The conversation may go on.
type AgentDisconnected struct {
	Header
	ParticipantID   string                      `json:"participantId"`
	SessionID       string                      `json:"sessionId"`
	UserID          string                      `json:"userId,omitzero"`
	DisconnectType  conversation.DisconnectType `json:"disconnectType"`
	RemainingAgents int                         `json:"remainingAgents"` // others of the agents' side still connected
}

func (e *AgentDisconnected) copied() Event { return copyOf(e) }

func (e *AgentDisconnected) subject() (participantID, sessionID string) {
	return e.ParticipantID, e.SessionID
}

// ConversationEnded fires when the conversation's status becomes Ended. An
// ended conversation can come back; then its next end is an event of its own.
type ConversationEnded struct {
	Header
	ConversationStart time.Time                `json:"conversationStart,omitzero"`
	ConversationEnd   time.Time                `json:"conversationEnd,omitzero"`
	AgentTimes        []conversation.AgentTime `json:"agentTimes"`
}

func (e *ConversationEnded) copied() Event { return copyOf(e) }

// ConversationReopened fires when an ended conversation gets a new leg: a
// message within 72 hours, a reply to an e-mail weeks later.
type ConversationReopened struct {
	Header
	ParticipantID string                 `json:"participantId"`
	SessionID     string                 `json:"sessionId"`
	Purpose       conversation.Purpose   `json:"purpose,omitzero"`
	MediaType     conversation.MediaType `json:"mediaType,omitzero"`
}

func (e *ConversationReopened) copied() Event { return copyOf(e) }

func (e *ConversationReopened) subject() (participantID, sessionID string) {
	return e.ParticipantID, e.SessionID
}
