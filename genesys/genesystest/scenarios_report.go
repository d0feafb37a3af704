package genesystest

// reports are about what report writers ask for beside who talked to whom.
func reports() []Scenario {
	return []Scenario{
		{Name: "two outcomes of a flow at one time", Section: "7.16", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-outcomes", "voice", "")
				s.leg("flow").Outcomes = []FlowOutcome{{ID: "o-a", Value: "SUCCESS", Milestone: "m-1", From: sec(1), To: sec(4)}, {ID: "o-b", Value: "FAILURE", From: sec(2), To: sec(4)}}
				customer.Ends(sec(200), "endpoint")
				a.Ends(sec(200.01), "peer").WrapUp(sec(220), "w-1")
				return s
			}},
		{Name: "one outcome of a flow twice, told after the end", Section: "7.16", Added: 2,
			Want: []string{"created", "ended"},
			Story: func() *Story {
				s := NewStory("c-outcome-twice")
				s.Customer("cust", 0).Ends(sec(9), "endpoint")
				flow := s.IVR("flow", 80*milli).Ends(sec(9.01), "peer")
				flow.Exit = "DISCONNECT"
				flow.Outcomes = []FlowOutcome{{ID: "o-a", Value: "FAILURE", From: sec(1), To: sec(3)}, {ID: "o-a", Value: "SUCCESS", From: sec(4), To: sec(8)}}
				return s
			}},
		{Name: "bullseye routing gives up a skill", Section: "6.9", Added: 4,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "left user-a customerLeft 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-bullseye", "voice", "")
				a.Routing = Routing{Language: "lang-1", Priority: 7, Skills: []string{"skill-1"}, Removed: []string{"skill-2"}, Ring: 2}
				s.leg("acd").Routing = a.Routing
				customer.Ends(sec(100), "endpoint")
				a.Ends(sec(100.01), "peer").WrapUp(sec(120), "w-1")
				return s
			}},
		{Name: "a call of bad quality", Section: "6.9", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-bad-quality", "voice", "")
				a.Ends(sec(60), "client").WrapUp(sec(70), "w-1")
				customer.Ends(sec(60.02), "peer")
				a.MinMOS, customer.MinMOS = 4.88, 2.31
				return s
			}},
	}
}
