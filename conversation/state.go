package conversation

import "strings"

// SessionState is the state of a leg in the live API. A leg only moves
// forward: waiting, alerting, connected, disconnected.
type SessionState string

// The states of a leg. Voice legs that were connected end as terminated, all
// others as disconnected; both mean the leg is over.
const (
	StateNone         SessionState = "none"
	StateScheduled    SessionState = "scheduled" // a callback waits for its time
	StateOffering     SessionState = "offering"
	StateContacting   SessionState = "contacting"
	StateDialing      SessionState = "dialing"
	StateAlerting     SessionState = "alerting"
	StateUploading    SessionState = "uploading"
	StateConverting   SessionState = "converting"
	StateTransmitting SessionState = "transmitting"
	StateConnected    SessionState = "connected"
	StateDisconnected SessionState = "disconnected"
	StateTerminated   SessionState = "terminated"
)

// StateParked is what the live API reports while an agent has parked an e-mail
// or a message. A parked leg is still connected: decoders state
// [StateConnected] and [Session.Parked] instead.
const StateParked SessionState = "parked"

// ParseSessionState normalises the spelling of any channel.
func ParseSessionState(s string) SessionState { return SessionState(strings.ToLower(s)) }

// phase is how far along its life a leg in this state is.
type phase uint8

const (
	phaseUnknown phase = iota
	phaseWaiting
	phaseAlerting
	phaseConnected
	phaseOver
)

func (s SessionState) phase() phase {
	switch s {
	case "", StateNone:
		return phaseUnknown
	case StateScheduled:
		return phaseWaiting
	case StateConnected, StateParked:
		return phaseConnected
	case StateDisconnected, StateTerminated:
		return phaseOver
	}
	return phaseAlerting
}

// Status is the calculated status of a conversation. The value Ended is DCM's,
// the others are this project's.
type Status string

// The statuses.
const (
	StatusNew           Status = "New"           // begun, nobody has it yet; a callback that is not due
	StatusInFlow        Status = "InFlow"        // in an IVR, a bot or another flow
	StatusQueued        Status = "Queued"        // waits in a queue
	StatusAlerting      Status = "Alerting"      // rings at an agent
	StatusActive        Status = "Active"        // an agent or user is connected
	StatusOnHold        Status = "OnHold"        // an agent is connected and the customer is on hold
	StatusAfterCallWork Status = "AfterCallWork" // no agent is connected any more, nothing waits or rings, and wrap-up is pending; the customer's leg may be open
	StatusEnded         Status = "Ended"
)
