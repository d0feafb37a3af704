package genesystest

import "time"

// Scenario is a story with what must be announced of it.
type Scenario struct {
	Name    string
	Section string // of genesys/PROTOCOL.md
	Story   func() *Story

	// Added is how many participants are announced.
	Added int
	// Want is everything else that is announced, in the order of its time and in the
	// words of [Say]: "connected user-a".
	Want []string
	// Further is what is announced where a hook takes it, in the same words and
	// the order of the alphabet. Surveys and evaluations are told by records and by
	// the quality API only.
	Further []string
	// FurtherMistake is what detail events alone make one believe of that.
	FurtherMistake []string
	// DetailLacks is what detail events cannot know.
	DetailLacks []string
	// DetailMistake is what detail events alone make one believe.
	DetailMistake []string
	// LiveParties is how many of the participants only the live API shows.
	LiveParties int
	// Live is what only somebody who listened at the time is told, in
	// addition: that the conversation had ended before it was re-opened.
	Live []string
	// Judged is what the surveys and evaluations have come to, in words as
	// "evaluation e-1 Finished released 84.21/100" and "survey v-1 Sent".
	Judged []string
}

func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

const milli = time.Millisecond

// inbound begins a call or message through a flow into a queue: the customer
// at 0, the flow until 5, then the queue.
func inbound(id, media, message, queue string) (s *Story, customer, acd *Leg) {
	s = NewStory(id)
	s.Media, s.Message = media, message
	customer = s.Customer("cust", 0)
	flow := s.IVR("flow", 80*milli).Ends(sec(5), "transfer")
	flow.Exit, flow.Target = "TRANSFER", "ACD"
	acd = s.Queue("acd", sec(5.03), queue)
	return s, customer, acd
}

// answered goes on until agent "a" of user-a has answered at 21.48.
func answered(id, media, message string) (s *Story, customer, agent *Leg) {
	s, customer, acd := inbound(id, media, message, "q-1")
	agent = s.Agent("a", sec(13), "user-a", "q-1").Answer(sec(21.48))
	acd.AnsweredBy(agent, 20*milli)
	customer.Peer = agent.Session
	return s, customer, agent
}

// Scenarios returns the scenarios of the rules: what real conversations do,
// over all media.
func Scenarios() []Scenario {
	var all []Scenario
	for _, group := range [][]Scenario{answering(), transferring(), ending(), wrappingUp(), unusualVoice(), chats(), emails(), messages(), callbacks(), outbound(), customers(),
		judging(), flapping(), captured(), reports()} {
		all = append(all, group...)
	}
	return all
}

func answering() []Scenario {
	return []Scenario{
		{Name: "answered call, customer hangs up", Section: "7.2, 7.8", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-answered", "voice", "")
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(120), "w-1")
				return s
			}},
		{Name: "answered call, queue ends before the agent connects", Section: "7.2", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-skew", "voice", "")
				s.leg("acd").Ends(sec(21.47), "transfer")
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(120), "w-1")
				return s
			}},
		{Name: "auto-answer without alert", Section: "7.2", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-auto", "voice", "", "q-1")
				a := s.Agent("a", sec(9), "user-a", "q-1").AutoAnswer().Ends(sec(60), "client").WrapUp(sec(70), "w-1")
				acd.AnsweredBy(a, 10*milli)
				customer.Ends(sec(60.015), "peer")
				return s
			}},
		{Name: "agent declines, another answers", Section: "7.3", Added: 5,
			Want:    []string{"created", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-b customerLeft 0", "queued q-1", "unanswered user-a declined", "wrappedUp user-b w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-decline", "voice", "", "q-1")
				s.Agent("a", sec(13), "user-a", "q-1").Ends(sec(17), "client")
				b := s.Agent("b", sec(18), "user-b", "q-1").Answer(sec(22))
				acd.AnsweredBy(b, 10*milli)
				customer.Ends(sec(80), "endpoint")
				b.Ends(sec(80.01), "peer").WrapUp(sec(90), "w-1")
				return s
			}},
		{Name: "declined alert with after-call work", Section: "7.3, trap 8", Added: 5,
			Want:    []string{"created", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-b customerLeft 0", "queued q-1", "unanswered user-a declined", "wrappedUp user-b w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-decline-acw", "voice", "", "q-1")
				s.Agent("a", sec(13), "user-a", "q-1").Ends(sec(17), "client").WrapUp(sec(74), "w-9")
				b := s.Agent("b", sec(18), "user-b", "q-1").Answer(sec(22))
				acd.AnsweredBy(b, 10*milli)
				customer.Ends(sec(80), "endpoint")
				b.Ends(sec(80.01), "peer").WrapUp(sec(90), "w-1")
				return s
			}},
		{Name: "alert times out and is re-routed", Section: "7.3", Added: 5,
			Want:    []string{"created", "connected user-b", "disconnected user-b client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-b disconnected 0", "queued q-1", "unanswered user-a timedOut", "wrappedUp user-b w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-timeout-alert", "voice", "", "q-1")
				s.Agent("a", sec(13), "user-a", "q-1").Ends(sec(43), "system")
				b := s.Agent("b", sec(44), "user-b", "q-1").Answer(sec(50))
				acd.AnsweredBy(b, 10*milli)
				b.Ends(sec(99), "client").WrapUp(sec(110), "w-1")
				customer.Ends(sec(99.015), "peer")
				return s
			}},
		{Name: "the same agent is alerted three times", Section: "7.1, 7.3", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "alerted user-a", "alerted user-a", "left user-a customerLeft 0", "queued q-1", "unanswered user-a declined", "unanswered user-a timedOut", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-thrice", "voice", "", "q-1")
				s.Agent("a1", sec(13), "user-a", "q-1").Ends(sec(43), "system")
				s.Agent("a2", sec(60), "user-a", "q-1").Ends(sec(64), "client")
				a := s.Agent("a3", sec(80), "user-a", "q-1").Answer(sec(85))
				acd.AnsweredBy(a, -10*milli)
				customer.Ends(sec(200), "endpoint")
				a.Ends(sec(200.01), "peer").WrapUp(sec(220), "w-1")
				return s
			}},
		{Name: "customer leaves while the agent is alerted", Section: "7.3", Added: 4,
			Want:    []string{"created", "ended"},
			Further: []string{"alerted user-a", "queued q-1", "unanswered user-a customerLeft"},
			Story: func() *Story {
				s, customer, acd := inbound("c-left-alerting", "voice", "", "q-1")
				s.Agent("a", sec(13), "user-a", "q-1").Ends(sec(16.02), "peer")
				customer.Ends(sec(16), "endpoint")
				acd.Outcome = "ABANDON"
				acd.Ends(sec(16.01), "peer")
				return s
			}},
	}
}

func transferring() []Scenario {
	return []Scenario{
		{Name: "blind transfer to a queue", Section: "7.5, 7.15", Added: 6,
			Want:    []string{"created", "connected user-a", "transferred user-a blind queue q-2", "connected user-b", "disconnected user-b client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 0", "left user-b disconnected 0", "queued q-1", "queued q-2", "wrappedUp user-a w-1", "wrappedUp user-b w-2"},
			Story:   BlindTransferToQueue},
		{Name: "blind transfer to an agent", Section: "7.4", Added: 5,
			Want:    []string{"created", "connected user-a", "transferred user-a blind agent user-b", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 0", "left user-b customerLeft 0", "queued q-1", "wrappedUp user-a w-1", "wrappedUp user-b w-2"},
			Story: func() *Story {
				s, customer, a := answered("c-blind-agent", "voice", "")
				a.Ends(sec(60), "transfer").WrapUp(sec(75), "w-1")
				b := s.Agent("b", sec(60.03), "user-b", "").Answer(sec(66)).Ends(sec(120.01), "peer")
				b.WrapRequired = true
				b.WrapUp(sec(130), "w-2")
				customer.Ends(sec(120), "endpoint")
				return s
			}},
		{Name: "blind transfer to an agent with a transfer command", Section: "7.4", Added: 5,
			Want:    []string{"created", "connected user-a", "transferred user-a blind agent user-b", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 0", "left user-b customerLeft 0", "queued q-1", "wrappedUp user-a w-1", "wrappedUp user-b w-2"},
			Story: func() *Story {
				s, customer, a := answered("c-blind-command", "voice", "")
				s.Transfers = []TransferCommand{{At: sec(59.9), Complete: sec(60), ID: "t-1", Initiator: "user-a", User: "user-b", State: "complete"}}
				a.Ends(sec(60), "transfer").WrapUp(sec(75), "w-1")
				b := s.Agent("b", sec(60.03), "user-b", "").Answer(sec(66)).Ends(sec(120.01), "peer")
				b.WrapUp(sec(130), "w-2")
				customer.Ends(sec(120), "endpoint")
				return s
			}},
		{Name: "blind transfer to a queue and back", Section: "7.5", Added: 7,
			Want: []string{"created", "connected user-a", "transferred user-a blind queue q-2", "connected user-b",
				"transferred user-b blind queue q-1", "connected user-a", "disconnected user-a endpoint 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-a", "alerted user-b", "left user-a disconnected 0", "left user-a transferred 0", "left user-b transferred 0", "queued q-1", "queued q-1", "queued q-2", "wrappedUp user-a w-1", "wrappedUp user-a w-3", "wrappedUp user-b w-2"},
			Story: func() *Story {
				s, customer, a := answered("c-and-back", "voice", "")
				a.Ends(sec(60), "transfer").WrapUp(sec(70), "w-1")
				q2 := s.Queue("acd2", sec(60.028), "q-2")
				b := s.Agent("b", sec(62), "user-b", "q-2").Answer(sec(65))
				q2.AnsweredBy(b, 13*milli)
				b.Ends(sec(100), "transfer").WrapUp(sec(110), "w-2")
				q3 := s.Queue("acd3", sec(100.03), "q-1")
				a2 := s.Agent("a2", sec(104), "user-a", "q-1").Answer(sec(108))
				q3.AnsweredBy(a2, 12*milli)
				a2.Ends(sec(150), "endpoint").WrapUp(sec(160), "w-3")
				customer.Ends(sec(150.01), "peer")
				return s
			}},
		{Name: "blind transfer to an outside number", Section: "7.4, 7.13", Added: 5,
			Want:    []string{"created", "connected user-a", "transferred user-a blind address tel:+4930123456", "ended"},
			Further: []string{"alerted user-a", "left user-a transferred 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-blind-outside", "voice", "")
				a.Ends(sec(60), "transfer").WrapUp(sec(75), "w-1")
				out := s.External("out", sec(60.05)).Ends(sec(120), "endpoint")
				out.Address, out.Direction, out.Name = "tel:+4930123456", "outbound", ""
				customer.Ends(sec(120.01), "peer")
				return s
			}},
		{Name: "consult transfer completed", Section: "7.6", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "transferred user-a consult agent user-b", "disconnected user-b client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 1", "left user-b disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-consult", "voice", "")
				a.Hold(sec(40), sec(55)).Ends(sec(55), "consultTransfer").WrapUp(sec(65), "w-1")
				s.User("a-consult", sec(40), "user-a").AutoAnswer().In(a).Ends(sec(55.01), "peer").NoWrapUp().With(func(l *Leg) { l.Purpose = "agent" })
				b := s.User("b", sec(41), "user-b").Answer(sec(45)).Ends(sec(90), "client").NoWrapUp()
				b.Consult, a.Consult = a.Participant, b.Participant
				customer.Ends(sec(90.015), "peer")
				return s
			}},
		{Name: "consult transfer to a queue completed", Section: "7.6", Added: 6,
			Want:    []string{"created", "connected user-a", "connected user-b", "transferred user-a consult agent user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 1", "left user-b customerLeft 0", "queued q-1", "queued q-2", "wrappedUp user-a w-1", "wrappedUp user-b w-2"},
			Story: func() *Story {
				s, customer, a := answered("c-consult-queue", "voice", "")
				a.Hold(sec(40), sec(70)).Ends(sec(70), "consultTransfer").WrapUp(sec(80), "w-1")
				q2 := s.Queue("acd2", sec(40.03), "q-2")
				b := s.Agent("b", sec(45), "user-b", "q-2").Answer(sec(50))
				q2.AnsweredBy(b, 10*milli)
				b.Consult, a.Consult = a.Participant, b.Participant
				customer.Ends(sec(120), "endpoint")
				b.Ends(sec(120.01), "peer").WrapUp(sec(130), "w-2")
				return s
			}},
		{Name: "consult cancelled", Section: "7.6", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a customerLeft 0", "left user-b other 1", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-consult-cancelled", "voice", "")
				a.Hold(sec(40), sec(55))
				b := s.User("b", sec(41), "user-b").Answer(sec(45)).Ends(sec(55), "peer").NoWrapUp()
				b.Consult = a.Participant
				customer.Ends(sec(90), "endpoint")
				a.Ends(sec(90.01), "peer").WrapUp(sec(100), "w-1")
				return s
			}},
		{Name: "customer gone during a consult", Section: "7.6", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a disconnected 0", "left user-b customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-consult-gone", "voice", "")
				a.Hold(sec(40), sec(50))
				b := s.User("b", sec(41), "user-b").Answer(sec(45)).Ends(sec(70.01), "peer").NoWrapUp()
				b.Consult = a.Participant
				customer.Ends(sec(50), "endpoint")
				a.Ends(sec(70), "client").WrapUp(sec(80), "w-1")
				return s
			}},
		{Name: "forwarded and not available are rules of the system", Section: "7.6, 7.13", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a other 0", "left user-b other 0", "queued q-1", "wrappedUp user-a w-1", "wrappedUp user-b w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-forwarded", "voice", "")
				a.Ends(sec(60), "forwardTransfer").WrapUp(sec(70), "w-1")
				b := s.Agent("b", sec(60.1), "user-b", "q-1").Answer(sec(64)).Ends(sec(90), "notAvailableTransfer").WrapUp(sec(95), "w-1")
				_ = b
				customer.Ends(sec(90.02), "system")
				return s
			}},
		{Name: "attended transfer of a message to a person", Section: "7.4", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "transferred user-a blind agent user-b", "disconnected user-b client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 1", "left user-b disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-attended", "message", "webmessaging")
				s.Transfers = []TransferCommand{{At: sec(50), Complete: sec(58), ID: "t-1", Initiator: "user-a", User: "user-b", State: "complete", Attended: true}}
				b := s.Agent("b", sec(50.1), "user-b", "").Answer(sec(57.9)).Ends(sec(99), "client").NoWrapUp()
				_ = b
				a.Ends(sec(58), "transfer").WrapUp(sec(60), "w-1")
				customer.Ends(sec(99.015), "peer")
				return s
			}},
	}
}

// BlindTransferToQueue is the story of section 7.15: a call goes through an
// IVR and queue q-1 to agent A, who transfers it blindly to queue q-2, where
// agent B answers and hangs up.
func BlindTransferToQueue() *Story {
	s, customer, a := answered("c0000000-0000-4000-8000-000000000001", "voice", "")
	s.RecordStart = 10 * milli
	a.Ends(sec(121.5), "transfer").WrapUp(sec(141.5), "w-1")
	q2 := s.Queue("acd2", sec(121.53), "q-2")
	q2.FlowIn = "agent"
	b := s.Agent("b", sec(127), "user-b", "q-2").Answer(sec(130))
	q2.AnsweredBy(b, 10*milli)
	b.Ends(sec(300), "client").WrapUp(sec(330), "w-2")
	customer.Peer = b.Session
	customer.Ends(sec(300.015), "peer")
	return s
}

func ending() []Scenario {
	return []Scenario{
		{Name: "agent hangs up at the phone", Section: "7.8", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a endpoint 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-phone", "voice", "")
				a.Ends(sec(100), "endpoint").WrapUp(sec(110), "w-1")
				customer.Ends(sec(100.02), "peer")
				return s
			}},
		{Name: "a timer ends it", Section: "7.8", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a system 0", "queued q-1"},
			Story: func() *Story {
				s, customer, a := answered("c-timer", "voice", "")
				a.Ends(sec(100), "timeout").WrapUp(sec(110), "")
				customer.Ends(sec(100.02), "timeout")
				return s
			}},
		{Name: "the platform ends it", Section: "7.8", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a system 0", "queued q-1", "wrappedUp user-a ININ-WRAP-UP-TIMEOUT"},
			Story: func() *Story {
				s, customer, a := answered("c-system", "voice", "")
				a.Ends(sec(100), "system").WrapUp(sec(110), "ININ-WRAP-UP-TIMEOUT")
				customer.Ends(sec(100.02), "system")
				return s
			}},
		{Name: "abandoned in the IVR", Section: "7.2, 7.12", Added: 2,
			Want: []string{"created", "ended"},
			Story: func() *Story {
				s := NewStory("c-ivr")
				s.Customer("cust", 0).Ends(sec(4), "endpoint")
				s.IVR("flow", 80*milli).Ends(sec(4.01), "peer").Exit = "DISCONNECT"
				return s
			}},
		{Name: "abandoned in the queue", Section: "7.3", Added: 3,
			Want:    []string{"created", "ended"},
			Further: []string{"queued q-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-abandoned", "voice", "", "q-1")
				customer.Ends(sec(30), "endpoint")
				acd.Ends(sec(30.01), "peer").Outcome = "ABANDON"
				return s
			}},
		{Name: "flow-out of the queue to another queue", Section: "7.5", Added: 5,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "queued q-2", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-flow-out", "voice", "", "q-1")
				acd.Ends(sec(30), "transfer").Outcome = "FLOW_OUT"
				q2 := s.Queue("acd2", sec(30.03), "q-2")
				a := s.Agent("a", sec(40), "user-a", "q-2").Answer(sec(45))
				q2.AnsweredBy(a, 10*milli)
				customer.Ends(sec(90), "endpoint")
				a.Ends(sec(90.01), "peer").WrapUp(sec(95), "w-1")
				return s
			}},
		{Name: "voicemail", Section: "3.5", Added: 4,
			Want:    []string{"created", "ended"},
			Further: []string{"queued q-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-voicemail", "voice", "", "q-1")
				acd.Ends(sec(30), "transfer").Outcome = "FLOW_OUT"
				s.Voicemail("vm", sec(30.05)).Ends(sec(54.01), "peer")
				customer.Ends(sec(54), "endpoint")
				return s
			}},
		{Name: "takeover by a supervisor", Section: "3.3, 7.13", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "left user-a other 0", "left user-b customerLeft 0", "queued q-1", "wrappedUp user-a w-1", "wrappedUp user-b w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-takeover", "message", "webmessaging")
				a.Ends(sec(60), "takeover").WrapUp(sec(70), "w-1")
				b := s.Agent("b", sec(60.1), "user-b", "q-1").AutoAnswer().Ends(sec(90.01), "peer").WrapUp(sec(95), "w-1")
				_ = b
				customer.Ends(sec(90), "client")
				return s
			}},
	}
}

func wrappingUp() []Scenario {
	return []Scenario{
		{Name: "wrap-up still pending", Section: "7.9", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1"},
			Story: func() *Story {
				s, customer, a := answered("c-pending", "voice", "")
				a.Ends(sec(100), "client").WrapUp(Never, "")
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "wrap-up without a code", Section: "7.9", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1"},
			Story: func() *Story {
				s, customer, a := answered("c-no-code", "voice", "")
				a.Ends(sec(100), "client").WrapUp(sec(110), "")
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "wrap-up begins before the end", Section: "7.9", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-early-wrap-up", "voice", "")
				a.Ends(sec(100), "client").WrapUp(sec(110), "w-1").WrapStart = sec(98)
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "zero-length wrap-up", Section: "7.9", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-zero-wrap-up", "voice", "")
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(100.01), "w-1")
				return s
			}},
		{Name: "no wrap-up owed", Section: "7.9, 7.12", Added: 4,
			Want:        []string{"created", "connected user-a", "ended"},
			Further:     []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1"},
			DetailLacks: []string{"ended"}, // they do not say that none is owed
			Story: func() *Story {
				s, customer, a := answered("c-no-wrap-up", "voice", "")
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").NoWrapUp()
				return s
			}},
		{Name: "record begins after its first segment", Section: "6.3", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-late-start", "voice", "")
				s.RecordStart = 30 * milli
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(110), "w-1")
				return s
			}},
		{Name: "record without an end", Section: "6.3, 7.12", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-no-record-end", "voice", "")
				s.NoRecordEnd = true
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(110), "w-1")
				return s
			}},
	}
}

func unusualVoice() []Scenario {
	return []Scenario{
		{Name: "conference, an agent leaves it", Section: "7.7", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "disconnected user-a client 1", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a disconnected 1", "left user-b customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-conference", "voice", "")
				b := s.User("b", sec(40), "user-b").Answer(sec(45)).NoWrapUp()
				a.Ends(sec(80), "client").WrapUp(sec(85), "w-1")
				customer.Ends(sec(120), "endpoint")
				b.Ends(sec(120.01), "peer")
				for _, l := range []*Leg{customer, a, b} {
					l.Conference = true
				}
				return s
			}},
		{Name: "merged into another conversation", Section: "7.7", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a other 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-merged", "voice", "")
				a.Ends(sec(60), "conferenceTransfer").WrapUp(sec(65), "w-1").MergedInto = "c-other"
				customer.Ends(sec(60.02), "conferenceTransfer").MergedInto = "c-other"
				return s
			}},
		{Name: "internal call between two users", Section: "7.1, 3.4", Added: 2,
			Want:    []string{"created", "connected user-a", "connected user-b", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a disconnected 0", "left user-b other 0"},
			Story: func() *Story {
				s := NewStory("c-internal")
				s.User("a", 0, "user-a").Answer(sec(1)).Ends(sec(60), "client").NoWrapUp()
				s.User("b", sec(0.5), "user-b").Answer(sec(5)).Ends(sec(60.02), "peer").NoWrapUp()
				return s
			}},
		{Name: "supervisor listens in", Section: "6.4", Added: 5,
			Want:          []string{"created", "connected user-a", "ended"},
			Further:       []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			DetailMistake: []string{"connected user-m", "disconnected user-m client 1"}, FurtherMistake: []string{"left user-m disconnected 1"},
			Story: func() *Story {
				s, customer, a := answered("c-monitored", "voice", "")
				m := s.User("m", sec(40), "user-m").AutoAnswer().Ends(sec(70), "client").NoWrapUp()
				m.Supervises = a.Participant
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(110), "w-1")
				return s
			}},
		{Name: "held and resumed", Section: "6.4", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-held", "voice", "")
				a.Hold(sec(30), sec(40)).Hold(sec(50), sec(52)).Ends(sec(100), "client").WrapUp(sec(110), "w-1")
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "bot, then queue", Section: "7.1", Added: 5,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-bot", "voice", "")
				bot := s.IVR("bot", sec(1)).Ends(sec(4.9), "transfer")
				bot.Purpose, bot.Flow = "botflow", "BOT"
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(110), "w-1")
				return s
			}},
	}
}

func chats() []Scenario {
	return []Scenario{
		{Name: "customer closes the chat", Section: "7.8, 7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-chat", "chat", "")
				customer.Ends(sec(100), "client")
				a.Ends(sec(100.01), "peer").WrapUp(sec(110), "w-1")
				return s
			}},
		{Name: "agent closes the chat beside a co-browse", Section: "7.1, 7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-cobrowse", "chat", "")
				s.Agent("a-co", sec(40), "user-a", "q-1").On("cobrowse").Answer(sec(41)).In(a).Ends(sec(60), "client").NoWrapUp()
				s.Customer("cust-co", sec(40)).On("cobrowse").In(customer).Ends(sec(60.01), "peer")
				a.Ends(sec(100), "client").WrapUp(sec(110), "w-1")
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "the customer's chat times out", Section: "7.8", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-chat-timeout", "chat", "")
				customer.Ends(sec(100), "timeout")
				a.Ends(sec(100.01), "peer").WrapUp(sec(110), "w-1")
				return s
			}},
	}
}

func emails() []Scenario {
	return []Scenario{
		{Name: "e-mail with several sends", Section: "7.10, trap 11", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-sends", "email", "")
				a.Restarts = []Interval{{sec(100), sec(100.2)}, {sec(200), sec(200.1)}}
				a.Ends(sec(300), "client").WrapUp(sec(310), "w-1")
				customer.Ends(sec(300.02), "peer")
				return s
			}},
		{Name: "e-mail parked and resumed", Section: "7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-parked", "email", "")
				a.Park(sec(60), sec(4000)).Ends(sec(5000), "client").WrapUp(sec(5010), "w-1")
				customer.Ends(sec(5000.02), "peer")
				return s
			}},
		{Name: "e-mail re-opened by the agent as user", Section: "7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Live:    []string{"ended", "reopened s-again"},
			Story: func() *Story {
				s, customer, a := answered("c-reconnected", "email", "")
				a.Ends(sec(100), "client").WrapUp(sec(110), "w-1")
				customer.Ends(sec(100.02), "peer")
				s.User("again", sec(90000), "user-a").AutoAnswer().Ends(sec(90100), "client").NoWrapUp()
				return s
			}},
		{Name: "marked as spam", Section: "7.8", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a other 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-spam", "email", "")
				a.Ends(sec(60), "spam").WrapUp(sec(61), "w-1")
				customer.Ends(sec(60.02), "spam")
				return s
			}},
	}
}

func messages() []Scenario {
	return []Scenario{
		{Name: "six sessions of one agent", Section: "7.1, 7.5", Added: 9,
			Want: []string{"created",
				"connected user-a", "transferred user-a blind queue q-2", "connected user-a", "transferred user-a blind queue q-3",
				"connected user-a", "transferred user-a blind queue q-4", "connected user-a", "transferred user-a blind queue q-5",
				"connected user-a", "transferred user-a blind queue q-6", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "left user-a transferred 0", "left user-a transferred 0", "left user-a transferred 0", "left user-a transferred 0", "left user-a transferred 0", "queued q-1", "queued q-2", "queued q-3", "queued q-4", "queued q-5", "queued q-6", "wrappedUp user-a w-1", "wrappedUp user-a w-1", "wrappedUp user-a w-1", "wrappedUp user-a w-1", "wrappedUp user-a w-1", "wrappedUp user-a w-1"},
			Story:   sixSessions},
		{Name: "re-opened twice", Section: "7.10", Added: 9,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "connected user-b", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "alerted user-a", "alerted user-b", "left user-a customerLeft 0", "left user-a disconnected 0", "left user-b customerLeft 0", "queued q-1", "queued q-1", "queued q-1", "wrappedUp user-a w-1", "wrappedUp user-a w-1", "wrappedUp user-b w-1"},
			Live:    []string{"ended", "reopened s-cust2", "ended", "reopened s-cust3"},
			Story:   reopenedTwice},
		{Name: "closed for inactivity", Section: "7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a system 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-inactive", "message", "whatsapp")
				a.Ends(sec(1000), "inactivity").WrapUp(sec(1010), "w-1")
				customer.Ends(sec(1000.02), "inactivity")
				return s
			}},
		{Name: "recorded end two months after the last activity", Section: "6.8, 7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-two-months", "message", "sms")
				a.Ends(sec(1000), "client").WrapUp(sec(1010), "w-1")
				customer.Ends(sec(1000.02), "peer")
				s.RecordEnd = 61 * 24 * time.Hour
				return s
			}},
	}
}

func sixSessions() *Story {
	s, customer, a := answered("c-six", "message", "webmessaging")
	s.GroupAgents = true
	last := a
	for i := 2; i <= 6; i++ {
		t := sec(60 * float64(i))
		last.Ends(t, "transfer").WrapUp(t+1855*milli, "w-1")
		queue := s.Queue("acd"+string(rune('0'+i)), t+28*milli, "q-"+string(rune('0'+i)))
		queue.FlowIn = "agent"
		last = s.Agent("a"+string(rune('0'+i)), t+2029*milli, "user-a", queue.Queue).AutoAnswer()
		queue.AnsweredBy(last, 13*milli)
	}
	last.Ends(sec(500), "client").WrapUp(sec(505), "w-1")
	customer.Ends(sec(500.015), "peer")
	return s
}

func reopenedTwice() *Story {
	s, customer, a := answered("c-reopened", "message", "whatsapp")
	a.Ends(sec(100), "client").WrapUp(sec(110), "w-1")
	customer.Ends(sec(100.015), "peer")
	again := func(n string, t float64, user, queue string) {
		c := s.Customer("cust"+n, sec(t)).Ends(sec(t+60), "client")
		q := s.Queue("acd"+n, sec(t+0.1), queue)
		agent := s.Agent("b"+n, sec(t+2), user, queue).Answer(sec(t+8)).Ends(sec(t+60.01), "peer").WrapUp(sec(t+70), "w-1")
		q.AnsweredBy(agent, 10*milli)
		_ = c
	}
	again("2", 7200, "user-b", "q-1")
	again("3", 90000, "user-a", "q-1")
	return s
}

func callbacks() []Scenario {
	return []Scenario{
		{Name: "callback answered and dialed", Section: "7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story:   func() *Story { return callback("c-callback", 0) }},
		{Name: "callback with repeated unanswered alerts", Section: "7.10", Added: 5,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "alerted user-b", "left user-a disconnected 0", "queued q-1", "unanswered user-b timedOut", "unanswered user-b timedOut", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s := callback("c-callback-alerts", sec(100))
				s.Agent("b1", sec(10), "user-b", "q-1").On("callback").Ends(sec(40), "system")
				s.Agent("b2", sec(50), "user-b", "q-1").On("callback").Ends(sec(80), "system")
				return s
			}},
		{Name: "scheduled callback", Section: "7.10", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s := callback("c-scheduled", sec(7200))
				for _, name := range []string{"cust", "acd"} {
					l := s.leg(name)
					l.Due, l.Connected = sec(7200), sec(7200)
				}
				return s
			}},
	}
}

// callback waits, is answered wait after 5 s and dialed; the agent completes
// it after the call.
func callback(id string, wait time.Duration) *Story {
	s := NewStory(id)
	s.Media = "callback"
	customer := s.Customer("cust", 0).Ends(wait+sec(100.02), "peer")
	customer.Callback = "tel:+31612345678"
	acd := s.Queue("acd", sec(0.1), "q-1")
	a := s.Agent("a", wait+sec(5), "user-a", "q-1").Answer(wait+sec(10)).Ends(wait+sec(100), "client").WrapUp(wait+sec(110), "w-1")
	acd.AnsweredBy(a, 10*milli)
	s.Media = "voice"
	s.Agent("a-call", wait+sec(20), "user-a", "q-1").Answer(wait+sec(21)).In(a).Ends(wait+sec(90.01), "peer").NoWrapUp().Direction = "outbound"
	out := s.External("out", wait+sec(20.5)).Dialing(wait+sec(30)).Ends(wait+sec(90), "endpoint")
	out.Direction = "outbound"
	return s
}

func outbound() []Scenario {
	return []Scenario{
		{Name: "predictive dialer", Section: "7.11", Added: 4, LiveParties: 1,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s := NewStory("c-dialer")
				s.Direction = "outbound"
				customer := s.Customer("cust", 0).Dialing(sec(8))
				customer.Campaign = "camp-1"
				s.System("dialer", "dialer.system", 0).Ends(sec(8.5), "transfer")
				acd := s.Queue("acd", sec(8), "q-1")
				a := s.Agent("a", sec(8.2), "user-a", "q-1").AutoAnswer()
				a.Direction = "inbound"
				acd.AnsweredBy(a, 10*milli)
				a.Ends(sec(60), "client").WrapUp(sec(70), "w-1")
				customer.Ends(sec(60.015), "peer")
				return s
			}},
		{Name: "preview dial skipped", Section: "7.11", Added: 3,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a ININ-OUTBOUND-PREVIEW-SKIPPED"},
			Story: func() *Story {
				s := NewStory("c-preview")
				s.Direction, s.Media = "outbound", "callback"
				customer := s.Customer("cust", 0).Ends(sec(30.01), "peer")
				customer.Campaign = "camp-1"
				acd := s.Queue("acd", sec(0.1), "q-1")
				a := s.Agent("a", sec(5), "user-a", "q-1").Answer(sec(10)).Ends(sec(30), "client").WrapUp(sec(30), "ININ-OUTBOUND-PREVIEW-SKIPPED")
				a.Campaign = "camp-1"
				acd.AnsweredBy(a, 10*milli)
				return s
			}},
		{Name: "agentless", Section: "7.11", Added: 2,
			Want: []string{"created", "ended"},
			Story: func() *Story {
				s := NewStory("c-agentless")
				s.Direction = "outbound"
				customer := s.Customer("cust", 0).Dialing(sec(8)).Ends(sec(40), "endpoint")
				customer.Campaign = "camp-1"
				flow := s.IVR("flow", sec(8.1)).Ends(sec(40.01), "peer")
				flow.Flow = "OUTBOUNDCALL"
				return s
			}},
		{Name: "nobody could be called", Section: "7.11", Added: 1,
			Want: []string{"created", "ended"},
			Story: func() *Story {
				s := NewStory("c-uncallable")
				s.Direction = "outbound"
				s.Customer("cust", 0).Dialing(Never).Ends(sec(20), "uncallable").Campaign = "camp-1"
				return s
			}},
		{Name: "manual outbound call", Section: "7.11", Added: 2,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"left user-a disconnected 0"},
			Story: func() *Story {
				s := NewStory("c-manual")
				s.Direction = "outbound"
				s.User("a", 0, "user-a").Answer(sec(1)).Ends(sec(60), "client").NoWrapUp()
				s.External("out", sec(1)).Dialing(sec(9)).Ends(sec(60.02), "peer")
				return s
			}},
	}
}
