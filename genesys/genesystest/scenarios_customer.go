package genesystest

// customers are about who is at the outside.
func customers() []Scenario {
	return []Scenario{
		{Name: "caller withholds the number", Section: "7.14", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-withheld", "voice", "")
				customer.Name, customer.Address = "anonymous", "sip:anonymous@anonymous.invalid"
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(120), "w-1")
				return s
			}},
		{Name: "outbound call for a queue", Section: "7.11, 7.14", Added: 2,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"left user-a disconnected 0", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s := NewStory("c-outbound")
				s.Direction = "outbound"
				s.Agent("a", 0, "user-a", "q-1").Answer(sec(1)).Ends(sec(60), "client").WrapUp(sec(70), "w-1")
				customer := s.Customer("cust", sec(1.2)).Dialing(sec(9)).Ends(sec(60.02), "peer")
				customer.Address, customer.Contact = "tel:+4930123456", "ec-1"
				return s
			}},
		{Name: "withheld caller leaves a number to call back", Section: "7.10, 7.14", Added: 5,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, caller, acd := inbound("c-leaves-number", "voice", "", "q-1")
				caller.Address = "tel:Restricted"
				caller.Ends(sec(60), "endpoint")
				acd.Ends(sec(60.01), "peer").Outcome = "ABANDON"
				s.Media = "callback"
				s.Customer("cust-callback", sec(59)).In(caller).Ends(sec(160.02), "peer")
				waiting := s.Queue("acd-callback", sec(59.1), "q-1")
				a := s.Agent("a", sec(65), "user-a", "q-1").Answer(sec(70)).Ends(sec(160), "client").WrapUp(sec(170), "w-1")
				waiting.AnsweredBy(a, 10*milli)
				return s
			}},
		{Name: "guest of web messaging without an address", Section: "7.14", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-guest", "message", "webmessaging")
				customer.Name, customer.Address, customer.Contact = "Guest", "", "ec-2"
				a.Ends(sec(100), "client").WrapUp(sec(110), "w-1")
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "e-mail of somebody known", Section: "7.14", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-mail", "email", "")
				customer.Name, customer.Contact = "Jo Doe", "ec-3"
				a.Ends(sec(300), "client").WrapUp(sec(310), "w-1")
				customer.Ends(sec(300.015), "peer")
				return s
			}},
	}
}
