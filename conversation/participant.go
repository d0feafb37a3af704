package conversation

import "time"

// Participant is a party in a role. The live API makes a new participant for
// each alert, even of the same agent, while analytics may gather the sessions
// of one agent in one participant (protocol 7.1): the same person is told by
// the user id, the same leg by the session id.
type Participant struct {
	ID      string  `json:"participantId"`
	Purpose Purpose `json:"purpose,omitzero"`
	UserID  string  `json:"userId,omitzero"` // agents and users only
	// Name is the customer's, the queue's or the flow's; an agent's may be missing.
	Name    string `json:"participantName,omitzero"`
	QueueID string `json:"queueId,omitzero"` // the queue through which the participant came
	// QueueName is what REST calls the queue. Topics do not name queues: after the
	// queue has changed it is empty until the API is asked again.
	QueueName string `json:"queueName,omitzero"`
	GroupID   string `json:"groupId,omitzero"`
	TeamID    string `json:"teamId,omitzero"`

	ExternalContactID      string `json:"externalContactId,omitzero"`
	ExternalOrganizationID string `json:"externalOrganizationId,omitzero"`

	// Address is the participant's own address. Only the live API and its topics
	// have it; see [Conversation.Customer].
	Address string `json:"address,omitzero"`
	ANI     string `json:"ani,omitzero"`
	DNIS    string `json:"dnis,omitzero"`
	Locale  string `json:"locale,omitzero"`

	// Start is when the participant joined: an agent's alert, not the answer.
	Start         time.Time `json:"startTime,omitzero"`
	ConnectedTime time.Time `json:"connectedTime,omitzero"`
	// End is when the participant was completely done, after-call work included.
	End time.Time `json:"endTime,omitzero"`

	ConsultParticipantID   string `json:"consultParticipantId,omitzero"` // the other side of a consult; kept after it
	MonitoredParticipantID string `json:"monitoredParticipantId,omitzero"`
	CoachedParticipantID   string `json:"coachedParticipantId,omitzero"`
	BargedParticipantID    string `json:"bargedParticipantId,omitzero"`
	// ScreenMonitoredParticipantID is whose screen is watched.
	ScreenMonitoredParticipantID string `json:"screenMonitoredParticipantId,omitzero"`
	// Supervises says that the participant only watches, by any sign.
	Supervises     bool   `json:"supervises,omitzero"`
	WrapUpRequired bool   `json:"wrapupRequired,omitzero"` // stays true after the wrap-up is done
	WrapUpPrompt   string `json:"wrapupPrompt,omitzero"`
	FlaggedReason  string `json:"flaggedReason,omitzero"`

	// Attributes are Genesys's participant data.
	Attributes map[string]string `json:"attributes,omitzero"`

	// Sessions are in the order in which they began.
	Sessions []*Session `json:"sessions"`

	stamps         stamps
	attributes     attributeStamps // the stamps of Attributes
	otherQueueName *attributedText // the name of a queue that is not QueueID
	// shadows are the media topics' words on legs that Sessions names properly.
	shadows List[*Session]
}

var queueName = &belonging[Participant]{
	text:   func(p *Participant) *string { return &p.QueueName },
	id:     func(p *Participant) *string { return &p.QueueID },
	hidden: func(p *Participant) **attributedText { return &p.otherQueueName },
}

var participantTexts = []*belonging[Participant]{queueName}

var participantFields = newSchema(func(p *Participant) *stamps { return &p.stamps }, derivedOfParticipant,
	instant("startTime", first, func(p *Participant) *time.Time { return &p.Start }),
	instant("endTime", last, func(p *Participant) *time.Time { return &p.End }),
	byOrder("purpose", ranked, func(p *Participant) *Purpose { return &p.Purpose }, purposeOrder),
	text("userId", ranked, func(p *Participant) *string { return &p.UserID }),
	text("participantName", settled, func(p *Participant) *string { return &p.Name }),
	identifying(text("queueId", settled, func(p *Participant) *string { return &p.QueueID }), queueName),
	textOf("queueName", settled, queueName),
	text("groupId", settled, func(p *Participant) *string { return &p.GroupID }),
	text("teamId", settled, func(p *Participant) *string { return &p.TeamID }),
	asFlag(text("externalContactId", newest, func(p *Participant) *string { return &p.ExternalContactID })),
	asFlag(text("externalOrganizationId", newest, func(p *Participant) *string { return &p.ExternalOrganizationID })),
	text("address", settled, func(p *Participant) *string { return &p.Address }),
	text("ani", settled, func(p *Participant) *string { return &p.ANI }),
	text("dnis", settled, func(p *Participant) *string { return &p.DNIS }),
	text("locale", settled, func(p *Participant) *string { return &p.Locale }),
	instant("connectedTime", first, func(p *Participant) *time.Time { return &p.ConnectedTime }),
	text("consultParticipantId", settled, func(p *Participant) *string { return &p.ConsultParticipantID }),
	text("monitoredParticipantId", settled, func(p *Participant) *string { return &p.MonitoredParticipantID }),
	text("coachedParticipantId", settled, func(p *Participant) *string { return &p.CoachedParticipantID }),
	text("bargedParticipantId", settled, func(p *Participant) *string { return &p.BargedParticipantID }),
	flag("wrapupRequired", forward, func(p *Participant) *bool { return &p.WrapUpRequired }),
	text("wrapupPrompt", settled, func(p *Participant) *string { return &p.WrapUpPrompt }),
	asFlag(text("flaggedReason", newest, func(p *Participant) *string { return &p.FlaggedReason })),
	text("screenMonitoredParticipantId", settled, func(p *Participant) *string { return &p.ScreenMonitoredParticipantID }),
	flag("supervises", forward, func(p *Participant) *bool { return &p.Supervises }),
)

// The places in participantFields of fields that the code asks for.
const (
	fieldParticipantStart = iota
	fieldParticipantEnd
)

// Person is the key of the person or system behind the participant: the user
// id on the agents' side, where several participants can be one person, else
// the participant id.
func (p *Participant) Person() string {
	if p.Purpose.Side() == AgentSide && p.UserID != "" {
		return p.UserID
	}
	return p.ID
}
