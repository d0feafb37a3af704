package conversation

import "time"

// Conversation is one Genesys Cloud conversation, whole or partial. It is
// immutable once it has been merged.
type Conversation struct {
	ID string `json:"conversationId"`

	// Status is calculated from everything else; see the constants.
	Status Status `json:"calculatedStatus,omitzero"`

	// Start is when Genesys created the conversation, not when an agent began.
	// It is the earliest time heard of, and never after the start of a leg:
	// analytics may report it some milliseconds after the first segment.
	Start time.Time `json:"conversationStart,omitzero"`
	// End is the end of the last segment of any participant, wrap-up included
	// (protocol 6.8), not the hang-up. It is set while Status is Ended.
	End time.Time `json:"conversationEnd,omitzero"`
	// RecordedEnd is the end as an analytics or REST record states it. A leg
	// that began later re-opens the conversation; then End is zero again.
	RecordedEnd time.Time `json:"-"`
	// ConferenceStart is when the conversation became a conference.
	ConferenceStart time.Time `json:"conferenceStart,omitzero"`

	OriginatingDirection Direction   `json:"originatingDirection,omitzero"`
	Initiator            Purpose     `json:"conversationInitiator,omitzero"` // not the direction: a real inbound record says agent
	InitiatedBy          InitiatedBy `json:"initiatedBy,omitzero"`           // empty means GENESYS; only the host states it

	// InitialScreenPopTarget is DCM's: EXTERNALPARTY, CASE or TASK.
	InitialScreenPopTarget string `json:"initialScreenPopTarget,omitzero"`

	// Address is the organisation's own address as the outside sees it: the
	// number that was dialled in an inbound call, the number that an outbound
	// call shows (SDK v150). Who the customer is, says [Conversation.Customer].
	Address                   string   `json:"address,omitzero"`
	ExternalTag               string   `json:"externalTag,omitzero"`
	UtilizationLabelID        string   `json:"utilizationLabelId,omitzero"`
	RecordingState            string   `json:"recordingState,omitzero"` // none, active, paused
	CustomerParticipation     bool     `json:"customerParticipation,omitzero"`
	SelfServed                bool     `json:"selfServed,omitzero"`
	MaxParticipants           int64    `json:"maxParticipants,omitzero"`
	DivisionIDs               []string `json:"divisionIds,omitzero"` // grows with transfers into other divisions
	ExternalContactIDs        []string `json:"externalContactIds,omitzero"`
	ExternalOrganizationIDs   []string `json:"externalOrganizationIds,omitzero"`
	KnowledgeBaseIDs          []string `json:"knowledgeBaseIds,omitzero"`
	AssociatedConversationID  string   `json:"associatedConversationId,omitzero"`
	ConsultationConversations []string `json:"consultationConversationIds,omitzero"`

	// MinMOS and MinRFactor are the lowest mean opinion score, of 1 (bad) to 5,
	// and the lowest R factor, of 0 (bad) to 100, of all its audio; nil when
	// there is none.
	MinMOS     *float64 `json:"mediaStatsMinConversationMos,omitzero"`
	MinRFactor *float64 `json:"mediaStatsMinConversationRFactor,omitzero"`
	// Resolutions say for each agent's part whether it settled the matter.
	Resolutions List[Resolution] `json:"resolutions,omitzero"`

	// Attributes are the host's own, set by Before hooks; the attributes of
	// Genesys are on the participants.
	Attributes map[string]string `json:"attributes,omitzero"`

	// Participants are in the order in which they joined.
	Participants []*Participant `json:"participants"`
	// Transfers are the transfer commands of the live API. A command is only
	// an attempt.
	Transfers   []*Transfer   `json:"recentTransfers,omitzero"`
	Surveys     []*Survey     `json:"surveys,omitzero"`
	Evaluations []*Evaluation `json:"evaluations,omitzero"`

	// Endings are the ends that were announced, one for each episode of the
	// conversation. The tracker keeps them, so that a new leg after one of
	// them is known to be a reopening. Messages never state them.
	Endings []time.Time `json:"-"`

	// Alerted are the ids of the sessions that have alerted somebody, in order:
	// the state of a session goes on. An agent who is connected without an alert
	// (auto-answer) is not among them. They are kept here because snapshots do not
	// repeat it: then what they say of a session is all there is to know of it.
	Alerted []string `json:"-"`

	// saidStart is what is stated as Start where that shows an earlier leg; nil
	// where it shows what is stated. It is not written to: others share it.
	saidStart  *time.Time
	stamps     stamps
	attributes attributeStamps // the stamps of Attributes
	merged     bool            // in the canonical form that Merge gives
	restated   []restatement   // of the rows in the store, in order

	legs        []Leg
	provisional bool
}

var conversationFields = newSchema(func(c *Conversation) *stamps { return &c.stamps }, derivedOfConversation,
	startOfConversation("conversationStart"),
	instant("recordedEnd", last, func(c *Conversation) *time.Time { return &c.RecordedEnd }),
	instant("conferenceStart", first, func(c *Conversation) *time.Time { return &c.ConferenceStart }),
	text("originatingDirection", ranked, func(c *Conversation) *Direction { return &c.OriginatingDirection }),
	text("conversationInitiator", ranked, func(c *Conversation) *Purpose { return &c.Initiator }),
	text("initiatedBy", ranked, func(c *Conversation) *InitiatedBy { return &c.InitiatedBy }),
	text("initialScreenPopTarget", newest, func(c *Conversation) *string { return &c.InitialScreenPopTarget }),
	text("address", settled, func(c *Conversation) *string { return &c.Address }),
	text("externalTag", newest, func(c *Conversation) *string { return &c.ExternalTag }),
	text("utilizationLabelId", newest, func(c *Conversation) *string { return &c.UtilizationLabelID }),
	text("recordingState", newest, func(c *Conversation) *string { return &c.RecordingState }),
	flag("customerParticipation", forward, func(c *Conversation) *bool { return &c.CustomerParticipation }),
	flag("selfServed", forward, func(c *Conversation) *bool { return &c.SelfServed }),
	number("maxParticipants", forward, func(c *Conversation) *int64 { return &c.MaxParticipants }),
	texts("divisionIds", union, func(c *Conversation) *[]string { return &c.DivisionIDs }),
	texts("externalContactIds", union, func(c *Conversation) *[]string { return &c.ExternalContactIDs }),
	texts("externalOrganizationIds", union, func(c *Conversation) *[]string { return &c.ExternalOrganizationIDs }),
	texts("knowledgeBaseIds", union, func(c *Conversation) *[]string { return &c.KnowledgeBaseIDs }),
	text("associatedConversationId", ranked, func(c *Conversation) *string { return &c.AssociatedConversationID }),
	texts("consultationConversationIds", union, func(c *Conversation) *[]string { return &c.ConsultationConversations }),
	instants("endings", union, func(c *Conversation) *[]time.Time { return &c.Endings }),
	score("mediaStatsMinConversationMos", settled, func(c *Conversation) **float64 { return &c.MinMOS }),
	score("mediaStatsMinConversationRFactor", settled, func(c *Conversation) **float64 { return &c.MinRFactor }),
	keyed("resolutions", settled, func(c *Conversation) *List[Resolution] { return &c.Resolutions }, Resolution.key, Resolution.rest, packedResolution),
	texts("alertedSessionIds", union, func(c *Conversation) *[]string { return &c.Alerted }),
)

// The places in conversationFields of the fields that are derived when nobody
// states them.
const (
	fieldConversationStart    = 0
	fieldOriginatingDirection = 3
)

// Participant returns the participant with the id; nil when there is none.
func (c *Conversation) Participant(id string) *Participant {
	for _, p := range c.Participants {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Session returns the session with the id and its participant; nil when there
// is none.
func (c *Conversation) Session(id string) (*Participant, *Session) {
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			if s.ID == id {
				return p, s
			}
		}
	}
	return nil, nil
}

// MediaTypes returns the media of the conversation's legs, in the order in
// which they appeared.
func (c *Conversation) MediaTypes() []MediaType {
	var media []MediaType
	seen := map[MediaType]bool{}
	for _, p := range c.Participants {
		for _, s := range p.Sessions {
			if s.MediaType != "" && !seen[s.MediaType] {
				seen[s.MediaType] = true
				media = append(media, s.MediaType)
			}
		}
	}
	return media
}
