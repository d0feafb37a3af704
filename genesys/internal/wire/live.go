package wire

import (
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Conversation is a conversation of the live API: the body of a user or queue
// conversation topic, of a media topic, or of GET /api/v2/conversations/{id}
// and its media variants (protocol 3.6, 3.7, 6.2).
type Conversation struct {
	ID                 string
	StartTime          Time
	EndTime            Time
	Address            string
	ExternalTag        string
	RecordingState     string
	UtilizationLabelID string
	MaxParticipants    Int
	Divisions          []DivisionMembership
	RecentTransfers    Elements[Transfer]
	Participants       Participants
	SelfURI            string
}

func (c *Conversation) read(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "id":
			return r.text(&c.ID)
		case "startTime":
			return c.StartTime.read(r)
		case "endTime":
			return c.EndTime.read(r)
		case "address":
			return r.text(&c.Address)
		case "externalTag":
			return r.text(&c.ExternalTag)
		case "recordingState":
			return r.text(&c.RecordingState)
		case "utilizationLabelId":
			return r.text(&c.UtilizationLabelID)
		case "maxParticipants":
			return c.MaxParticipants.read(r)
		case "divisions":
			return readList(r, &c.Divisions, (*DivisionMembership).read, (*DivisionMembership).reset)
		case "recentTransfers":
			return r.other(&c.RecentTransfers)
		case "participants":
			return c.Participants.read(r)
		case "selfUri":
			return r.text(&c.SelfURI)
		}
		return r.skip()
	})
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (c *Conversation) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return reading(dec, utf8.Valid(dec.UnreadBuffer()), c.read)
}

// Ref is a reference to another object.
type Ref struct {
	ID string `json:"id"`
}

// DivisionMembership names a division of a conversation.
type DivisionMembership struct {
	Division Ref `json:"division"`
}

func (d *DivisionMembership) read(r *reader) error {
	return r.object(func(name []byte) error {
		if string(name) == "division" {
			return r.id(&d.Division.ID)
		}
		return r.skip()
	})
}

func (d *DivisionMembership) reset() { *d = DivisionMembership{} }

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
	ID            string
	Purpose       string
	Name          string
	StartTime     Time
	ConnectedTime Time
	EndTime       Time

	UserID    string
	QueueID   string
	QueueName string
	GroupID   string
	TeamID    string

	ExternalContactID      string
	ExternalOrganizationID string

	Address string
	ANI     string
	DNIS    string
	Locale  string

	ConsultParticipantID   string
	MonitoredParticipantID string
	CoachedParticipantID   string
	BargedParticipantID    string
	// ScreenMonitoredParticipantID is whose screen is watched; Watches says that
	// a member not known here names somebody who is watched.
	ScreenMonitoredParticipantID string
	Watches                      bool

	WrapupRequired          bool
	WrapupPrompt            string
	WrapupSkipped           bool
	Wrapup                  Wrapup
	StartAcwTime            Time
	EndAcwTime              Time
	FlaggedReason           string
	Attributes              Attributes
	ConversationRoutingData RoutingData

	Calls             Communications
	Callbacks         Communications
	Chats             Communications
	Cobrowsesessions  Communications
	Emails            Communications
	Messages          Communications
	InternalMessages  Communications
	Screenshares      Communications
	SocialExpressions Communications
	Videos            Communications
	ScreenMonitorings Communications

	// Evaluations are in the REST conversation only.
	Evaluations Elements[Evaluation]

	// The flattened leg of the media variants.
	State                 string
	Direction             string
	DisconnectType        string
	Held                  bool
	Muted                 bool
	Recording             bool
	StartHoldTime         Time
	ParkTime              Time
	ResumeTime            Time
	Provider              string
	Peer                  string
	User                  Ref
	Queue                 Ref
	Team                  Ref
	Group                 Ref
	Script                Ref
	ExternalContact       Ref
	ExternalOrganization  Ref
	Subject               string
	RoomID                string
	Type                  string
	CallbackNumbers       Texts
	CallbackUserName      string
	CallbackScheduledTime Time
	SkipEnabled           bool
	TimeoutSeconds        Int
	OutboundPreview       DialerPreview
	JourneyContext        JourneyContext
	CobrowseSessionID     string
	SocialMediaID         string
	ErrorInfo             ErrorInfo
}

func (p *Participant) read(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "id":
			return r.text(&p.ID)
		case "purpose":
			return r.text(&p.Purpose)
		case "name":
			return r.text(&p.Name)
		case "startTime":
			return p.StartTime.read(r)
		case "connectedTime":
			return p.ConnectedTime.read(r)
		case "endTime":
			return p.EndTime.read(r)
		case "userId":
			return r.text(&p.UserID)
		case "queueId":
			return r.text(&p.QueueID)
		case "queueName":
			return r.text(&p.QueueName)
		case "groupId":
			return r.text(&p.GroupID)
		case "teamId":
			return r.text(&p.TeamID)
		case "externalContactId":
			return r.text(&p.ExternalContactID)
		case "externalOrganizationId":
			return r.text(&p.ExternalOrganizationID)
		case "address":
			return r.text(&p.Address)
		case "ani":
			return r.text(&p.ANI)
		case "dnis":
			return r.text(&p.DNIS)
		case "locale":
			return r.text(&p.Locale)
		case "consultParticipantId":
			return r.text(&p.ConsultParticipantID)
		case "monitoredParticipantId":
			return r.text(&p.MonitoredParticipantID)
		case "coachedParticipantId":
			return r.text(&p.CoachedParticipantID)
		case "bargedParticipantId":
			return r.text(&p.BargedParticipantID)
		case "wrapupRequired":
			return r.bool(&p.WrapupRequired)
		case "wrapupPrompt":
			return r.text(&p.WrapupPrompt)
		case "wrapupSkipped":
			return r.bool(&p.WrapupSkipped)
		case "wrapup":
			return p.Wrapup.read(r)
		case "startAcwTime":
			return p.StartAcwTime.read(r)
		case "endAcwTime":
			return p.EndAcwTime.read(r)
		case "flaggedReason":
			return r.text(&p.FlaggedReason)
		case "attributes":
			return p.Attributes.read(r)
		case "conversationRoutingData":
			return p.ConversationRoutingData.read(r)
		case "calls":
			return p.Calls.read(r)
		case "callbacks":
			return p.Callbacks.read(r)
		case "chats":
			return p.Chats.read(r)
		case "cobrowsesessions":
			return p.Cobrowsesessions.read(r)
		case "emails":
			return p.Emails.read(r)
		case "messages":
			return p.Messages.read(r)
		case "internalMessages":
			return p.InternalMessages.read(r)
		case "screenshares":
			return p.Screenshares.read(r)
		case "socialExpressions":
			return p.SocialExpressions.read(r)
		case "videos":
			return p.Videos.read(r)
		case "evaluations":
			return r.other(&p.Evaluations)
		case "state":
			return r.text(&p.State)
		case "direction":
			return r.text(&p.Direction)
		case "disconnectType":
			return r.text(&p.DisconnectType)
		case "held":
			return r.bool(&p.Held)
		case "muted":
			return r.bool(&p.Muted)
		case "recording":
			return r.bool(&p.Recording)
		case "startHoldTime":
			return p.StartHoldTime.read(r)
		case "parkTime":
			return p.ParkTime.read(r)
		case "resumeTime":
			return p.ResumeTime.read(r)
		case "provider":
			return r.text(&p.Provider)
		case "peer":
			return r.text(&p.Peer)
		case "user":
			return r.other(&p.User)
		case "queue":
			return r.other(&p.Queue)
		case "team":
			return r.other(&p.Team)
		case "group":
			return r.other(&p.Group)
		case "script":
			return r.other(&p.Script)
		case "externalContact":
			return r.other(&p.ExternalContact)
		case "externalOrganization":
			return r.other(&p.ExternalOrganization)
		case "subject":
			return r.text(&p.Subject)
		case "roomId":
			return r.text(&p.RoomID)
		case "type":
			return r.text(&p.Type)
		case "callbackNumbers":
			return p.CallbackNumbers.read(r)
		case "callbackUserName":
			return r.text(&p.CallbackUserName)
		case "callbackScheduledTime":
			return p.CallbackScheduledTime.read(r)
		case "skipEnabled":
			return r.bool(&p.SkipEnabled)
		case "timeoutSeconds":
			return p.TimeoutSeconds.read(r)
		case "outboundPreview":
			return r.other(&p.OutboundPreview)
		case "journeyContext":
			return r.other(&p.JourneyContext)
		case "cobrowseSessionId":
			return r.text(&p.CobrowseSessionID)
		case "socialMediaId":
			return r.text(&p.SocialMediaID)
		case "screenMonitoredParticipantId":
			return r.text(&p.ScreenMonitoredParticipantID)
		case "screenMonitorings":
			return p.ScreenMonitorings.read(r)
		case "errorInfo":
			return p.ErrorInfo.read(r)
		}
		return r.unknown(name, &p.Watches)
	})
}

// Communication is a leg of any medium (calls[], emails[], messages[] …). In the
// flat media variant messages[] are the messages of the leg, without an id of a
// leg.
type Communication struct {
	ID             string
	State          string
	Direction      string
	DisconnectType string
	Provider       string

	ScreenMonitoredUserID string
	Watches               bool // a member not known here names somebody who is watched

	PeerID   string
	ScriptID string
	RoomID   string
	Subject  string
	Type     string // of messages: the platform

	StartAlertingTime Time
	ConnectedTime     Time
	DisconnectedTime  Time

	Held          bool
	Muted         bool
	Recording     bool
	StartHoldTime Time
	ParkTime      Time
	ResumeTime    Time

	Self        Address
	Other       Address
	ToAddress   Address
	FromAddress Address

	ErrorInfo ErrorInfo

	Wrapup                Wrapup
	AfterCallWork         AfterCallWork
	AfterCallWorkRequired bool

	CallbackNumbers       Texts
	CallbackUserName      string
	CallbackScheduledTime Time
	SkipEnabled           bool
	TimeoutSeconds        Int
	DialerPreview         DialerPreview

	AgentAssistantID string
	JourneyContext   JourneyContext
	Segments         Elements[LiveSegment] // REST only
}

func (c *Communication) read(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "id":
			return r.text(&c.ID)
		case "state":
			return r.text(&c.State)
		case "direction":
			return r.text(&c.Direction)
		case "disconnectType":
			return r.text(&c.DisconnectType)
		case "provider":
			return r.text(&c.Provider)
		case "peerId":
			return r.text(&c.PeerID)
		case "scriptId":
			return r.text(&c.ScriptID)
		case "roomId":
			return r.text(&c.RoomID)
		case "subject":
			return r.text(&c.Subject)
		case "type":
			return r.text(&c.Type)
		case "startAlertingTime":
			return c.StartAlertingTime.read(r)
		case "connectedTime":
			return c.ConnectedTime.read(r)
		case "disconnectedTime":
			return c.DisconnectedTime.read(r)
		case "held":
			return r.bool(&c.Held)
		case "muted":
			return r.bool(&c.Muted)
		case "recording":
			return r.bool(&c.Recording)
		case "startHoldTime":
			return c.StartHoldTime.read(r)
		case "parkTime":
			return c.ParkTime.read(r)
		case "resumeTime":
			return c.ResumeTime.read(r)
		case "self":
			return c.Self.read(r)
		case "other":
			return c.Other.read(r)
		case "toAddress":
			return c.ToAddress.read(r)
		case "fromAddress":
			return c.FromAddress.read(r)
		case "errorInfo":
			return c.ErrorInfo.read(r)
		case "wrapup":
			return c.Wrapup.read(r)
		case "afterCallWork":
			return c.AfterCallWork.read(r)
		case "afterCallWorkRequired":
			return r.bool(&c.AfterCallWorkRequired)
		case "callbackNumbers":
			return c.CallbackNumbers.read(r)
		case "callbackUserName":
			return r.text(&c.CallbackUserName)
		case "callbackScheduledTime":
			return c.CallbackScheduledTime.read(r)
		case "skipEnabled":
			return r.bool(&c.SkipEnabled)
		case "timeoutSeconds":
			return c.TimeoutSeconds.read(r)
		case "dialerPreview":
			return r.other(&c.DialerPreview)
		case "journeyContext":
			return r.other(&c.JourneyContext)
		case "agentAssistantId":
			return r.text(&c.AgentAssistantID)
		case "segments":
			return r.other(&c.Segments)
		case "screenMonitoredUserId":
			return r.text(&c.ScreenMonitoredUserID)
		}
		return r.unknown(name, &c.Watches)
	})
}

// ErrorInfo says why a leg failed.
type ErrorInfo struct {
	Code string
}

func (e *ErrorInfo) read(r *reader) error {
	return r.object(func(name []byte) error {
		if string(name) == "code" {
			return r.text(&e.Code)
		}
		return r.skip()
	})
}

// RoutingData is what routing was asked for.
type RoutingData struct {
	Queue    string // the ids
	Language string
	Skills   []string
	Priority Int
}

func (d *RoutingData) read(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "queue":
			return r.id(&d.Queue)
		case "language":
			return r.id(&d.Language)
		case "priority":
			return d.Priority.read(r)
		case "skills":
			if r.PeekKind() != '[' {
				return none(r, "a list")
			}
			return r.list(func() error {
				d.Skills = append(d.Skills, "")
				last := len(d.Skills) - 1
				err := r.id(&d.Skills[last])
				if d.Skills[last] == "" {
					d.Skills = d.Skills[:last]
				}
				return err
			})
		}
		return r.skip()
	})
}

// id reads the id of a reference to another object.
func (r *reader) id(into *string) error {
	return r.object(func(name []byte) error {
		if string(name) == "id" {
			return r.text(into)
		}
		return r.skip()
	})
}

// Address is one side of a leg.
type Address struct {
	AddressNormalized string
	AddressRaw        string
}

func (a *Address) read(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "addressNormalized":
			return r.text(&a.AddressNormalized)
		case "addressRaw":
			return r.text(&a.AddressRaw)
		}
		return r.skip()
	})
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
	Code            string
	Name            string
	Notes           string
	Tags            Texts
	DurationSeconds Int
	EndTime         Time
	Provisional     bool // it is kept while the after-call work goes on
}

func (w *Wrapup) read(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "code":
			return r.text(&w.Code)
		case "name":
			return r.text(&w.Name)
		case "notes":
			return r.text(&w.Notes)
		case "tags":
			return w.Tags.read(r)
		case "durationSeconds":
			return w.DurationSeconds.read(r)
		case "endTime":
			return w.EndTime.read(r)
		case "provisional":
			return r.bool(&w.Provisional)
		}
		return r.skip()
	})
}

// AfterCallWork is the state of a leg's after-call work.
type AfterCallWork struct {
	State     string
	StartTime Time
	EndTime   Time
}

func (w *AfterCallWork) read(r *reader) error {
	return r.object(func(name []byte) error {
		switch string(name) {
		case "state":
			return r.text(&w.State)
		case "startTime":
			return w.StartTime.read(r)
		case "endTime":
			return w.EndTime.read(r)
		}
		return r.skip()
	})
}

// LiveSegment is a segment as REST conversations cut them.
type LiveSegment struct {
	StartTime      Time   `json:"startTime"`
	EndTime        Time   `json:"endTime"`
	Type           string `json:"type"`
	DisconnectType string `json:"disconnectType"`
}

// DialerPreview is the campaign of a callback that is looked at before it is dialed.
type DialerPreview struct {
	ContactID     string `json:"contactId"`
	ContactListID string `json:"contactListId"`
	CampaignID    string `json:"campaignId"`
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
