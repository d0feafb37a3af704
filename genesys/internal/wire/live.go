package wire

// Conversation is a conversation of the live API: the body of a user or queue
// conversation topic, of a media topic, or of GET /api/v2/conversations/{id}
// and its media variants (protocol 3.6, 3.7, 6.2).
type Conversation struct {
	ID                 string               `json:"id"`
	StartTime          Time                 `json:"startTime"`
	EndTime            Time                 `json:"endTime"`
	Address            string               `json:"address"`
	ExternalTag        string               `json:"externalTag"`
	RecordingState     string               `json:"recordingState"`
	UtilizationLabelID string               `json:"utilizationLabelId"`
	MaxParticipants    Int                  `json:"maxParticipants"`
	Divisions          []DivisionMembership `json:"divisions"`
	RecentTransfers    []Transfer           `json:"recentTransfers"`
	Participants       Participants         `json:"participants"`
	SelfURI            string               `json:"selfUri"`
}

// Ref is a reference to another object.
type Ref struct {
	ID string `json:"id"`
}

// DivisionMembership names a division of a conversation.
type DivisionMembership struct {
	Division Ref `json:"division"`
}

// Transfer is a transfer command.
type Transfer struct {
	ID           string `json:"id"`
	State        string `json:"state"`
	DateIssued   Time   `json:"dateIssued"`
	TransferType string `json:"transferType"`
	Initiator    struct {
		UserID string `json:"userId"`
	} `json:"initiator"`
	Destination struct {
		UserID  string `json:"userId"`
		Address string `json:"address"`
	} `json:"destination"`
}

// Participant is a participant of the live API, with its legs in lists or, in
// the media variants, with one leg flattened into it.
type Participant struct {
	ID            string `json:"id"`
	Purpose       string `json:"purpose"`
	Name          string `json:"name"`
	StartTime     Time   `json:"startTime"`
	ConnectedTime Time   `json:"connectedTime"`
	EndTime       Time   `json:"endTime"`

	UserID    string `json:"userId"`
	QueueID   string `json:"queueId"`
	QueueName string `json:"queueName"`
	GroupID   string `json:"groupId"`
	TeamID    string `json:"teamId"`

	ExternalContactID      string `json:"externalContactId"`
	ExternalOrganizationID string `json:"externalOrganizationId"`

	Address string `json:"address"`
	ANI     string `json:"ani"`
	DNIS    string `json:"dnis"`
	Locale  string `json:"locale"`

	ConsultParticipantID   string `json:"consultParticipantId"`
	MonitoredParticipantID string `json:"monitoredParticipantId"`
	CoachedParticipantID   string `json:"coachedParticipantId"`
	BargedParticipantID    string `json:"bargedParticipantId"`

	WrapupRequired bool       `json:"wrapupRequired"`
	WrapupPrompt   string     `json:"wrapupPrompt"`
	WrapupSkipped  bool       `json:"wrapupSkipped"`
	Wrapup         Wrapup     `json:"wrapup"`
	StartAcwTime   Time       `json:"startAcwTime"`
	EndAcwTime     Time       `json:"endAcwTime"`
	FlaggedReason  string     `json:"flaggedReason"`
	Attributes     Attributes `json:"attributes"`

	Calls             Communications `json:"calls"`
	Callbacks         Communications `json:"callbacks"`
	Chats             Communications `json:"chats"`
	Cobrowsesessions  Communications `json:"cobrowsesessions"`
	Emails            Communications `json:"emails"`
	Messages          Communications `json:"messages"`
	InternalMessages  Communications `json:"internalMessages"`
	Screenshares      Communications `json:"screenshares"`
	SocialExpressions Communications `json:"socialExpressions"`
	Videos            Communications `json:"videos"`

	// Evaluations are in the REST conversation only.
	Evaluations []Evaluation `json:"evaluations"`

	// The flattened leg of the media variants.
	State                 string `json:"state"`
	Direction             string `json:"direction"`
	DisconnectType        string `json:"disconnectType"`
	Held                  bool   `json:"held"`
	Muted                 bool   `json:"muted"`
	Recording             bool   `json:"recording"`
	StartHoldTime         Time   `json:"startHoldTime"`
	ParkTime              Time   `json:"parkTime"`
	ResumeTime            Time   `json:"resumeTime"`
	Provider              string `json:"provider"`
	Peer                  string `json:"peer"`
	User                  Ref    `json:"user"`
	Queue                 Ref    `json:"queue"`
	Team                  Ref    `json:"team"`
	Group                 Ref    `json:"group"`
	Script                Ref    `json:"script"`
	ExternalContact       Ref    `json:"externalContact"`
	ExternalOrganization  Ref    `json:"externalOrganization"`
	Subject               string `json:"subject"`
	RoomID                string `json:"roomId"`
	Type                  string `json:"type"`
	CallbackNumbers       Texts  `json:"callbackNumbers"`
	CallbackUserName      string `json:"callbackUserName"`
	CallbackScheduledTime Time   `json:"callbackScheduledTime"`
	SkipEnabled           bool   `json:"skipEnabled"`
	TimeoutSeconds        Int    `json:"timeoutSeconds"`
}

// Communication is a leg of any medium (calls[], emails[], messages[] …). In the
// flat media variant messages[] are the messages of the leg, without an id of a
// leg.
type Communication struct {
	ID             string `json:"id"`
	State          string `json:"state"`
	Direction      string `json:"direction"`
	DisconnectType string `json:"disconnectType"`
	Provider       string `json:"provider"`
	PeerID         string `json:"peerId"`
	ScriptID       string `json:"scriptId"`
	RoomID         string `json:"roomId"`
	Subject        string `json:"subject"`
	Type           string `json:"type"` // of messages: the platform

	StartAlertingTime Time `json:"startAlertingTime"`
	ConnectedTime     Time `json:"connectedTime"`
	DisconnectedTime  Time `json:"disconnectedTime"`

	Held          bool `json:"held"`
	Muted         bool `json:"muted"`
	Recording     bool `json:"recording"`
	StartHoldTime Time `json:"startHoldTime"`
	ParkTime      Time `json:"parkTime"`
	ResumeTime    Time `json:"resumeTime"`

	Self        Address `json:"self"`
	Other       Address `json:"other"`
	ToAddress   Address `json:"toAddress"`
	FromAddress Address `json:"fromAddress"`

	ErrorInfo struct {
		Code string `json:"code"`
	} `json:"errorInfo"`

	Wrapup                Wrapup        `json:"wrapup"`
	AfterCallWork         AfterCallWork `json:"afterCallWork"`
	AfterCallWorkRequired bool          `json:"afterCallWorkRequired"`

	CallbackNumbers       Texts  `json:"callbackNumbers"`
	CallbackUserName      string `json:"callbackUserName"`
	CallbackScheduledTime Time   `json:"callbackScheduledTime"`
	SkipEnabled           bool   `json:"skipEnabled"`
	TimeoutSeconds        Int    `json:"timeoutSeconds"`
	DialerPreview         struct {
		ContactID     string `json:"contactId"`
		ContactListID string `json:"contactListId"`
		CampaignID    string `json:"campaignId"`
	} `json:"dialerPreview"`

	JourneyContext JourneyContext `json:"journeyContext"`
	Segments       []LiveSegment  `json:"segments"` // REST only
}

// Address is one side of a leg.
type Address struct {
	AddressNormalized string `json:"addressNormalized"`
	AddressRaw        string `json:"addressRaw"`
}

// Text returns the address in its best form.
func (a Address) Text() string {
	if a.AddressNormalized != "" {
		return a.AddressNormalized
	}
	return a.AddressRaw
}

// Wrapup is the wrap-up of a leg or participant.
type Wrapup struct {
	Code            string `json:"code"`
	Name            string `json:"name"`
	Notes           string `json:"notes"`
	Tags            Texts  `json:"tags"`
	DurationSeconds Int    `json:"durationSeconds"`
	EndTime         Time   `json:"endTime"`
}

// AfterCallWork is the state of a leg's after-call work.
type AfterCallWork struct {
	State     string `json:"state"`
	StartTime Time   `json:"startTime"`
	EndTime   Time   `json:"endTime"`
}

// LiveSegment is a segment as REST conversations cut them.
type LiveSegment struct {
	StartTime      Time   `json:"startTime"`
	EndTime        Time   `json:"endTime"`
	Type           string `json:"type"`
	DisconnectType string `json:"disconnectType"`
}

// JourneyContext is the web visit that a leg belongs to, in the spelling of
// the live API and of detail events.
type JourneyContext struct {
	Customer struct {
		ID     string `json:"id"`
		IDType string `json:"idType"`
	} `json:"customer"`
	CustomerSession struct {
		ID string `json:"id"`
	} `json:"customerSession"`
	TriggeringAction struct {
		ID string `json:"id"`
	} `json:"triggeringAction"`
	SessionID string `json:"sessionId"`
	ActionID  string `json:"actionId"`
}
