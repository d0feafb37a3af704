package genesystest

import (
	"fmt"
	"slices"
	"time"
)

// Story is a scripted conversation: what really happened. Each channel's
// messages are composed from it, so that they agree with each other as those
// of the platform do.
//
//	s := genesystest.NewStory("c-1")
//	s.Customer("cust", 0)
//	queue := s.Queue("acd", 5*time.Second, "q-1")
//	agent := s.Agent("a", 13*time.Second, "user-a", "q-1").Answer(21 * time.Second)
//	queue.AnsweredBy(agent, 0)
//
// Times are offsets from the story's start.
type Story struct {
	ID        string
	Start     time.Time
	Direction string // inbound, outbound
	Division  string
	Media     string // of new legs: voice, email …
	Message   string // of new legs with medium message: webmessaging …
	Tag       string

	Legs       []*Leg
	Attributes []Attribute
	Transfers  []TransferCommand

	// RecordStart shifts the record's conversationStart: it can lie some
	// milliseconds after the first segment's start.
	RecordStart time.Duration
	// RecordEnd is the record's conversationEnd where it is not the end of the
	// last segment.
	RecordEnd time.Duration
	// GroupAgents puts the sessions of one user into one analytics participant.
	GroupAgents bool
	// NoRecordEnd leaves conversationEnd out of the record.
	NoRecordEnd bool

	Surveys     []*Survey
	Evaluations []*Evaluation

	outcomeLag time.Duration // how much later than its end an outcome is told by an event
	otherwise  otherwise     // of the server that plays it
}

// Object is a JSON object.
type Object = map[string]any

// Leg is one session of one participant.
type Leg struct {
	Participant string
	Session     string
	Purpose     string
	User        string
	Name        string
	Queue       string
	Media       string
	Message     string
	Direction   string
	Flow        string // type of the flow
	Peer        string
	Address     string // of who is on the leg; only customers have one
	Contact     string // the external contact of a customer
	Provider    string

	Start      time.Duration
	Connected  time.Duration // Never: not answered
	End        time.Duration // Never: still on
	Disconnect string        // in the spelling of analytics
	Due        time.Duration // of a scheduled leg

	Holds []Interval
	Parks []Interval

	// After-call work: none when WrapStart is Never.
	WrapStart, WrapEnd time.Duration
	WrapCode           string
	WrapRequired       bool

	Outcome  string // of a queue visit: ANSWERED, ABANDON, FLOW_OUT
	Answered string // the user who answered

	FlowIn, Exit, Target string
	Consult              string // the consult's other participant
	Consulted            bool   // a plain transfer that completed a consult: only the metric says so (protocol 9.3)
	WindsDown            bool   // topics say peer soon after the true cause (protocol 9.1)
	Untold               bool   // the record does not say how the leg ended (protocol 9.6)
	Error                string // of an alert that failed: the record says it instead of how it ended
	Supervises           string // the participant that a supervisor listens to
	Conference           bool
	MergedInto           string // the conversation that a merge led to
	Restarts             []Interval
	Campaign             string
	Dialer               bool // a party that only the live API shows
	Callback             string

	Outcomes []FlowOutcome // of the flow
	Routing  Routing
	MinMOS   float64 // of the audio; zero: there is none
}

// Never is the time of what does not happen.
const Never = time.Duration(-1)

// Interval is a time within a leg.
type Interval struct{ From, To time.Duration }

// Attribute is a change of a participant's data.
type Attribute struct {
	At          time.Duration
	Participant string
	Values      map[string]string
}

// TransferCommand is a command of the live API.
type TransferCommand struct {
	At                   time.Duration
	ID, Initiator        string
	User, Address, State string
	Attended             bool
	Complete             time.Duration
}

// NewStory returns an inbound call that begins at nine o'clock on a fixed day.
func NewStory(id string) *Story {
	return &Story{ID: id, Start: time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC), Direction: "inbound", Division: "d-home", Media: "voice",
		outcomeLag: 89 * time.Second}
}

func (s *Story) add(name, purpose string, start time.Duration) *Leg {
	l := &Leg{Participant: "p-" + name, Session: "s-" + name, Purpose: purpose, Media: s.Media, Message: s.Message,
		Direction: s.Direction, Provider: "Edge", Start: start, Connected: start, End: Never, WrapStart: Never, WrapEnd: Never, Due: Never}
	if s.Media != "voice" && s.Media != "callback" {
		l.Provider = "PureCloud Messaging"
	}
	s.Legs = append(s.Legs, l)
	return l
}

// Customer adds the customer's leg, connected from its start.
func (s *Story) Customer(name string, start time.Duration) *Leg {
	l := s.add(name, "customer", start)
	l.Name, l.Address = "Rotterdam", outsideAddress(s.Media, s.Message)
	if s.Media == "callback" {
		l.Callback = l.Address
	}
	return l
}

// External adds the outside party of a direct call.
func (s *Story) External(name string, start time.Duration) *Leg {
	l := s.Customer(name, start)
	l.Purpose = "external"
	return l
}

// IVR adds a flow's leg: ivr for a call, workflow for everything else.
func (s *Story) IVR(name string, start time.Duration) *Leg {
	l := s.add(name, "ivr", start)
	l.Flow = "INBOUNDCALL"
	if s.Media != "voice" {
		l.Purpose, l.Flow = "workflow", "INBOUNDSHORTMESSAGE"
	}
	return l
}

// Queue adds a visit to a queue.
func (s *Story) Queue(name string, start time.Duration, queue string) *Leg {
	l := s.add(name, "acd", start)
	l.Queue, l.Name, l.FlowIn = queue, "Queue "+queue, "ivr"
	return l
}

// Agent adds an agent's leg from its alert on. It owes a wrap-up once it was
// answered.
func (s *Story) Agent(name string, start time.Duration, user, queue string) *Leg {
	l := s.add(name, "agent", start)
	l.User, l.Queue, l.Connected, l.WrapRequired = user, queue, Never, queue != ""
	return l
}

// User adds the leg of an inside person outside of ACD.
func (s *Story) User(name string, start time.Duration, user string) *Leg {
	l := s.Agent(name, start, user, "")
	l.Purpose = "user"
	return l
}

// Voicemail adds a voicemail leg.
func (s *Story) Voicemail(name string, start time.Duration) *Leg {
	return s.add(name, "voicemail", start)
}

// System adds a party that only the live API shows, for example dialer.system.
func (s *Story) System(name, purpose string, start time.Duration) *Leg {
	l := s.add(name, purpose, start)
	l.Dialer = true
	return l
}

// On changes the medium of the leg.
func (l *Leg) On(media string) *Leg { l.Media = media; return l }

// Answer connects the leg.
func (l *Leg) Answer(at time.Duration) *Leg { l.Connected = at; return l }

// AutoAnswer connects the leg at its start, without an alert.
func (l *Leg) AutoAnswer() *Leg { return l.Answer(l.Start) }

// Dialing keeps a customer's leg from being connected until at.
func (l *Leg) Dialing(until time.Duration) *Leg { l.Connected = until; return l }

// Ends disconnects the leg, in the spelling of analytics.
func (l *Leg) Ends(at time.Duration, disconnect string) *Leg {
	l.End, l.Disconnect = at, disconnect
	return l
}

// Hold puts the other side on hold.
func (l *Leg) Hold(from, to time.Duration) *Leg {
	l.Holds = append(l.Holds, Interval{from, to})
	return l
}

// Park parks the e-mail or message.
func (l *Leg) Park(from, to time.Duration) *Leg {
	l.Parks = append(l.Parks, Interval{from, to})
	return l
}

// WrapUp adds after-call work from the end of the leg on; code may be empty.
func (l *Leg) WrapUp(until time.Duration, code string) *Leg {
	l.WrapStart, l.WrapEnd, l.WrapCode = l.End, until, code
	return l
}

// NoWrapUp says that no wrap-up is owed.
func (l *Leg) NoWrapUp() *Leg { l.WrapRequired = false; return l }

// AnsweredBy ends a visit to a queue by the agent's answer. The real queue leg
// ends some milliseconds after the agent's begins, or before.
func (l *Leg) AnsweredBy(agent *Leg, skew time.Duration) *Leg {
	l.Outcome, l.Answered = "ANSWERED", agent.User
	return l.Ends(agent.Connected+skew, "transfer")
}

// In returns the leg with its participant replaced: a second leg of somebody.
func (l *Leg) In(other *Leg) *Leg { l.Participant = other.Participant; return l }

// With changes the leg in place.
func (l *Leg) With(change func(*Leg)) *Leg { change(l); return l }

// at is the time of an offset.
func (s *Story) at(offset time.Duration) time.Time { return s.Start.Add(offset) }

func (s *Story) iso(offset time.Duration) string {
	return s.at(offset).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (s *Story) millis(offset time.Duration) int64 { return s.at(offset).UnixMilli() }

// windingDown is how soon a topic forgets the true cause of an end.
const windingDown = 150 * time.Millisecond

// disconnected is how the leg ended, as a topic has it.
func (l *Leg) disconnected(t time.Duration) string {
	if l.WindsDown && t >= l.End+windingDown {
		return topicSpelling["peer"]
	}
	return topicSpelling[l.Disconnect]
}

// done is when the leg is completely over, after-call work included; Never
// while it is not.
func (l *Leg) done() time.Duration {
	switch {
	case l.End == Never:
		return Never
	case l.WrapStart != Never:
		if l.WrapEnd == Never {
			return Never
		}
		return max(l.End, l.WrapEnd)
	case l.owesWrapUp():
		return Never
	}
	return l.End
}

// owesWrapUp reports whether the leg owes after-call work that never began.
func (l *Leg) owesWrapUp() bool {
	return l.WrapRequired && l.Connected != Never && l.WrapStart == Never && l.agentSide()
}

// legOf is the part that the user has in the conversation at the time; nil: he
// has none.
func (s *Story) legOf(user string, at time.Duration) *Leg {
	for _, l := range slices.Backward(s.Legs) {
		if done := l.done(); user != "" && l.User == user && l.Start <= at && (done == Never || done > at) {
			return l
		}
	}
	return nil
}

func (l *Leg) agentSide() bool { return l.Purpose == "agent" || l.Purpose == "user" }

// Moments returns the times at which something changes, in order.
func (s *Story) Moments() []time.Duration {
	var moments []time.Duration
	add := func(ts ...time.Duration) {
		for _, t := range ts {
			if t >= 0 {
				moments = append(moments, t)
			}
		}
	}
	for _, l := range s.Legs {
		add(l.Start, l.Connected, l.End, l.WrapStart, l.WrapEnd, l.Due)
		if l.WindsDown {
			add(l.End + windingDown)
		}
		for _, i := range slices.Concat(l.Holds, l.Parks) {
			add(i.From, i.To)
		}
	}
	for _, a := range s.Attributes {
		add(a.At)
	}
	for _, t := range s.Transfers {
		add(t.At, t.Complete)
	}
	slices.Sort(moments)
	return slices.Compact(moments)
}

// Over is when the story is completely over; Never while a leg is not.
func (s *Story) Over() time.Duration {
	over := time.Duration(0)
	for _, l := range s.Legs {
		d := l.done()
		if d == Never {
			return Never
		}
		over = max(over, d)
	}
	return over
}

func (s *Story) leg(name string) *Leg {
	for _, l := range s.Legs {
		if l.Session == "s-"+name {
			return l
		}
	}
	panic(fmt.Sprintf("genesystest: story %s has no leg %q", s.ID, name))
}

func within(is []Interval, t time.Duration) bool {
	for _, i := range is {
		if i.From <= t && (i.To == Never || t < i.To) {
			return true
		}
	}
	return false
}
