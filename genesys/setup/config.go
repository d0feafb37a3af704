package setup

import "github.com/dcmkit/convtrack/genesys"

// Config says what Genesys Cloud is to be set up for. What is nil is off.
type Config struct {
	// Name begins the names of everything that is created, so that an
	// administrator knows whose it is. Default "DCM".
	Name string
	// Region is where the organisation of Genesys Cloud lives.
	Region genesys.Region
	// BaseURL is where Genesys, AWS and the agents' browsers reach the backend:
	// https, a host, perhaps a path.
	BaseURL string
	// Division is the name of the division in which flows are created. Default
	// "Home".
	Division string
	// OrganizationID is the id of the organisation, which the name of the event
	// bus contains. Empty: it is asked for when the AWS files are applied.
	OrganizationID string
	// Quality gives the backend the right to read evaluations and surveys.
	Quality bool
	// Users gives the backend the right to list users, whom it then can follow beside
	// the queues.
	Users bool
	// LaunchFlows gives the backend the right to run workflows.
	LaunchFlows bool

	DataAction  *DataAction
	EventBridge *EventBridge
	ClientApp   *ClientApp
}

// DataAction lets flows and triggers tell the backend that something happened
// to a conversation.
type DataAction struct {
	// TimeoutSeconds is how long Genesys waits for the backend, 1 to 10. The
	// executions of all actions of the organisation share one limit, 50 at a
	// time by default, so a longer wait can starve the flows of others. Default
	// 5.
	TimeoutSeconds int
	// Triggers are the topics, with their literal {id}, of which each event
	// starts a workflow that reports it. DefaultTriggers is a choice.
	Triggers []string
	// EventTTLSeconds is how old an event may be when its workflow is started,
	// at least 10. Default 3600.
	EventTTLSeconds int
	// Heartbeat writes a workflow that tells the backend every time it runs that
	// the way is open: started by a scheduled trigger, its absence shows that
	// something on the way is broken.
	Heartbeat bool
	// Steps writes flows for calls, queues and messages, whose step is copied
	// into the flows that are there.
	Steps bool
}

// EventBridge sends events to AWS, and from there to a queue, to the backend
// over HTTPS, or both.
type EventBridge struct {
	AccountID string // of AWS, twelve digits
	Region    string // of AWS, "eu-central-1"
	// Suffix ends the name of the event source, at most 64 of A–Z a–z 0–9 . - _.
	// It is unique in the account and region. Default "dcm".
	Suffix string
	// Topics are what is sent, with their literal {id}. Default DetailEvents.
	Topics []string
	Queue  bool // to an SQS queue
	HTTPS  bool // to the backend, through an API destination
}

// ClientApp shows the backend's page in the agent's desktop.
type ClientApp struct {
	Widget     bool // beside each interaction
	Standalone bool // as an app of its own
	// Groups are the ids of the groups whose members see the app. It is no
	// authorisation. Empty: it is set by hand later.
	Groups []string
	// CommunicationTypes are the interactions that have the widget. Default all
	// that are known to be accepted: call, chat, email, webmessaging, open.
	CommunicationTypes []string
	// EmbeddedIn are the origins of applications, such as a CRM, in which the
	// agent's desktop itself is embedded: "https://crm.example.com".
	EmbeddedIn []string
}

// The paths below BaseURL at which the backend listens.
const (
	UpdatesPath     = "/genesys/v1/updates"     // data action
	EventBridgePath = "/genesys/v1/eventbridge" // API destination
	ClientAppPath   = "/genesys/app/"           // page of the client app
)

func (c Config) withDefaults() Config {
	c.Name = or(c.Name, "DCM")
	c.Division = or(c.Division, "Home")
	if c.DataAction != nil {
		a := *c.DataAction
		a.TimeoutSeconds = or(a.TimeoutSeconds, 5)
		a.EventTTLSeconds = or(a.EventTTLSeconds, 3600)
		c.DataAction = &a
	}
	if c.EventBridge != nil {
		e := *c.EventBridge
		e.Suffix = or(e.Suffix, "dcm")
		if e.Topics == nil {
			e.Topics = DetailEvents()
		}
		c.EventBridge = &e
	}
	if c.ClientApp != nil {
		a := *c.ClientApp
		if a.CommunicationTypes == nil {
			a.CommunicationTypes = communicationTypes()
		}
		c.ClientApp = &a
	}
	return c
}

func or[T comparable](value, instead T) T {
	var zero T
	if value == zero {
		return instead
	}
	return value
}
