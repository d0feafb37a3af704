package genesystest

import "time"

// consulting goes on until agent "a" has consulted user-b, who answered at 45.
// As captures have it, the customer's participant stands on all sides of the
// consult, and the agent who consults has an attribute (protocol 9.3).
func consulting(id string) (s *Story, customer, a, b *Leg) {
	s, customer, a = answered(id, "voice", "")
	b = s.User("b", sec(41), "user-b").Answer(sec(45)).NoWrapUp()
	s.consult(sec(40), customer, a, b)
	return s, customer, a, b
}

func (s *Story) consult(at time.Duration, customer, initiator *Leg, consulted ...*Leg) {
	for _, l := range append(consulted, customer, initiator) {
		l.Consult = customer.Participant
	}
	s.Attributes = append(s.Attributes, Attribute{At: at, Participant: initiator.Participant, Values: map[string]string{"consultInitiator": "true"}})
}

// captured are what captures of live organisations showed (protocol 9).
func captured() []Scenario {
	return append(consulted(), endings()...)
}

func consulted() []Scenario {
	return []Scenario{
		{Name: "consult completed, told as a plain transfer", Section: "9.3", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "transferred user-a consult agent user-b", "disconnected user-b client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 1", "left user-b disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a, b := consulting("c-consult-plain")
				a.Hold(sec(40), sec(55)).Ends(sec(55), "transfer").WrapUp(sec(65), "w-1").Consulted = true
				b.Ends(sec(90), "client")
				customer.Ends(sec(90.015), "peer")
				return s
			}},
		{Name: "consult completed, winding down", Section: "9.1, 9.3", Added: 5,
			Want:    []string{"created", "connected user-a", "connected user-b", "transferred user-a consult agent user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a transferred 1", "left user-b customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a, b := consulting("c-consult-down")
				a.Ends(sec(55), "consultTransfer").WrapUp(sec(65), "w-1").WindsDown = true
				customer.Ends(sec(90), "endpoint")
				b.Ends(sec(90.01), "peer")
				return s
			}},
		{Name: "consulted agent does not answer", Section: "9.2", Added: 5,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a disconnected 0", "queued q-1", "unanswered user-b timedOut", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-consult-noanswer", "voice", "")
				b := s.User("b", sec(41), "user-b").Ends(sec(60), "noAnswerTransfer").NoWrapUp()
				s.consult(sec(40), customer, a, b)
				a.Ends(sec(90), "client").WrapUp(sec(95), "w-1")
				customer.Ends(sec(90.015), "peer")
				return s
			}},
		{Name: "consult rolls to voicemail", Section: "9.2", Added: 6,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-a disconnected 0", "queued q-1", "unanswered user-b timedOut", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-consult-voicemail", "voice", "")
				b := s.User("b", sec(41), "user-b").Ends(sec(60), "noAnswerTransfer").NoWrapUp()
				s.Voicemail("vm", sec(60.1)).Ends(sec(75), "client")
				s.consult(sec(40), customer, a, b)
				a.Ends(sec(90), "client").WrapUp(sec(95), "w-1")
				customer.Ends(sec(90.015), "peer")
				return s
			}},
		{Name: "consult cancelled, then a blind transfer to a queue", Section: "9.3", Added: 7,
			Want:    []string{"created", "connected user-a", "connected user-b", "transferred user-a blind queue q-2", "connected user-c", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "alerted user-c", "left user-a transferred 0", "left user-b other 1", "left user-c customerLeft 0", "queued q-1", "queued q-2", "wrappedUp user-a w-1", "wrappedUp user-c w-2"},
			Story: func() *Story {
				s, customer, a, b := consulting("c-consult-then-blind")
				b.Ends(sec(55), "peer")
				a.Ends(sec(70), "transfer").WrapUp(sec(80), "w-1")
				q2 := s.Queue("acd2", sec(70.03), "q-2")
				c := s.Agent("c", sec(75), "user-c", "q-2").Answer(sec(78))
				q2.AnsweredBy(c, 10*milli)
				customer.Ends(sec(120), "endpoint")
				c.Ends(sec(120.01), "peer").WrapUp(sec(130), "w-2")
				return s
			}},
		{Name: "two agents hand it to each other and back", Section: "9.5", Added: 5,
			Want: []string{"created", "connected user-a", "transferred user-a blind agent user-b", "connected user-b", "transferred user-b blind agent user-a",
				"connected user-a", "transferred user-a blind agent user-b", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-a", "alerted user-b", "alerted user-b", "left user-a transferred 0", "left user-a transferred 0", "left user-b customerLeft 0", "left user-b transferred 0", "queued q-1", "wrappedUp user-a w-1", "wrappedUp user-a w-1", "wrappedUp user-b w-1", "wrappedUp user-b w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-back-and-forth", "voice", "")
				a.Ends(sec(40), "transfer").WrapUp(sec(44), "w-1")
				s.Agent("b", sec(40.02), "user-b", "").Answer(sec(45)).Ends(sec(60), "transfer").WrapUp(sec(62), "w-1")
				s.Agent("a2", sec(60.02), "user-a", "").Answer(sec(65)).Ends(sec(80), "transfer").WrapUp(sec(82), "w-1")
				b := s.Agent("b2", sec(80.02), "user-b", "").Answer(sec(85))
				customer.Ends(sec(120), "endpoint")
				b.Ends(sec(120.01), "peer").WrapUp(sec(125), "w-1")
				return s
			}},
	}
}

func endings() []Scenario {
	return []Scenario{
		{Name: "blind transfer, winding down", Section: "9.1", Added: 6,
			Want:    []string{"created", "connected user-a", "transferred user-a blind queue q-2", "connected user-c", "ended"},
			Further: []string{"alerted user-a", "alerted user-c", "left user-a transferred 0", "left user-c customerLeft 0", "queued q-1", "queued q-2", "wrappedUp user-a w-1", "wrappedUp user-c w-2"},
			Story: func() *Story {
				s, customer, a := answered("c-blind-down", "voice", "")
				a.Ends(sec(70), "transfer").WrapUp(sec(80), "w-1").WindsDown = true
				q2 := s.Queue("acd2", sec(70.03), "q-2")
				c := s.Agent("c", sec(75), "user-c", "q-2").Answer(sec(78))
				q2.AnsweredBy(c, 10*milli)
				customer.Ends(sec(120), "endpoint")
				c.Ends(sec(120.01), "peer").WrapUp(sec(130), "w-2")
				return s
			}},
		{Name: "agent hangs up, winding down", Section: "9.1", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-client-down", "voice", "")
				a.Ends(sec(70), "client").WrapUp(sec(80), "w-1").WindsDown = true
				customer.Ends(sec(70.015), "peer")
				return s
			}},
		{Name: "a supervisor watches the agent's screen", Section: "9.4", Added: 5,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-screen", "voice", "")
				m := s.User("m", sec(40), "user-m").On("screenmonitoring").AutoAnswer().Ends(sec(70), "client").NoWrapUp()
				m.Supervises = a.Participant
				a.Ends(sec(100), "client").WrapUp(sec(110), "w-1")
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "a record that does not say how legs ended, nor that all is over", Section: "9.6", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-untold", "voice", "")
				customer.Ends(sec(100), "endpoint").Untold = true
				a.Ends(sec(100.01), "peer").WrapUp(sec(110), "w-1").Untold = true
				s.leg("flow").Untold, s.leg("acd").Untold = true, true
				s.NoRecordEnd = true
				return s
			}},
		{Name: "an alert fails with an error", Section: "9.6", Added: 5,
			Want:    []string{"created", "connected user-b", "ended"},
			Further: []string{"alerted user-a", "alerted user-b", "left user-b customerLeft 0", "queued q-1", "unanswered user-a other", "wrappedUp user-b w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-alert-error", "voice", "", "q-1")
				s.Agent("a", sec(13), "user-a", "q-1").Ends(sec(14), "error").Error = "error.ininedgecontrol.connection.station"
				b := s.Agent("b", sec(18), "user-b", "q-1").Answer(sec(22))
				acd.AnsweredBy(b, 10*milli)
				customer.Ends(sec(80), "endpoint")
				b.Ends(sec(80.01), "peer").WrapUp(sec(90), "w-1")
				return s
			}},
	}
}
