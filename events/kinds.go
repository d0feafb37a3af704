package events

import "slices"

// kind is one of the types of events.
type kind struct {
	of      Type
	further bool // announced only where a hook takes it
	empty   func() Event
}

// The places in kinds, in the order in which events of one moment happened.
const (
	kindConversationCreated = iota
	kindConversationReopened
	kindParticipantAdded
	kindConversationQueued
	kindAgentAlerted
	kindAgentConnected
	kindAgentUnanswered
	kindAgentTransferred
	kindAgentDisconnected
	kindAgentLeft
	kindAgentWrappedUp
	kindConversationEnded
	kindSurveyCompleted
	kindEvaluationReleased
	kindConversationChanged
)

var kinds = [...]kind{
	kindConversationCreated:  {TypeConversationCreated, false, func() Event { return &ConversationCreated{} }},
	kindConversationReopened: {TypeConversationReopened, false, func() Event { return &ConversationReopened{} }},
	kindParticipantAdded:     {TypeParticipantAdded, false, func() Event { return &ParticipantAdded{} }},
	kindConversationQueued:   {TypeConversationQueued, true, func() Event { return &ConversationQueued{} }},
	kindAgentAlerted:         {TypeAgentAlerted, true, func() Event { return &AgentAlerted{} }},
	kindAgentConnected:       {TypeAgentConnected, false, func() Event { return &AgentConnected{} }},
	kindAgentUnanswered:      {TypeAgentUnanswered, true, func() Event { return &AgentUnanswered{} }},
	kindAgentTransferred:     {TypeAgentTransferred, false, func() Event { return &AgentTransferred{} }},
	kindAgentDisconnected:    {TypeAgentDisconnected, false, func() Event { return &AgentDisconnected{} }},
	kindAgentLeft:            {TypeAgentLeft, true, func() Event { return &AgentLeft{} }},
	kindAgentWrappedUp:       {TypeAgentWrappedUp, true, func() Event { return &AgentWrappedUp{} }},
	kindConversationEnded:    {TypeConversationEnded, false, func() Event { return &ConversationEnded{} }},
	kindSurveyCompleted:      {TypeSurveyCompleted, true, func() Event { return &SurveyCompleted{} }},
	kindEvaluationReleased:   {TypeEvaluationReleased, true, func() Event { return &EvaluationReleased{} }},
	kindConversationChanged:  {TypeConversationChanged, true, func() Event { return &ConversationChanged{} }},
}

// kind returns the place of the type in kinds; -1 when it is none.
func (t Type) kind() int {
	return slices.IndexFunc(kinds[:], func(k kind) bool { return k.of == t })
}

// Types is a set of types of events.
type Types uint32

// AllTypes are all types of events.
const AllTypes = Types(1<<len(kinds) - 1)

// TypesOf returns the set of the types; what is none is left out.
func TypesOf(types ...Type) (set Types) {
	for _, t := range types {
		if k := t.kind(); k >= 0 {
			set |= 1 << k
		}
	}
	return set
}

// Has reports whether the type is in the set.
func (s Types) Has(t Type) bool {
	k := t.kind()
	return k >= 0 && s&(1<<k) != 0
}

// has reports whether the type in that place of kinds is in the set.
func (s Types) has(kind int) bool { return s&(1<<kind) != 0 }

// Further reports whether events of the type are announced only where a hook
// takes them, or the host has defined them.
func (t Type) Further() bool {
	k := t.kind()
	return k < 0 || kinds[k].further
}

// rank is where events of the type stand among those of one moment; those that
// the host defines come last.
func (t Type) rank() int {
	if k := t.kind(); k >= 0 {
		return k
	}
	return len(kinds)
}
