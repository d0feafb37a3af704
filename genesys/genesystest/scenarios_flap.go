package genesystest

import "fmt"

// flapping are stories in which the same thing happens many times in short
// order.
func flapping() []Scenario {
	return []Scenario{
		{Name: "four holds within 750 ms", Section: "3.10", Added: 4,
			Want:    []string{"created", "connected user-a", "disconnected user-a client 0", "ended"},
			Further: []string{"alerted user-a", "left user-a disconnected 0", "queued q-1", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, a := answered("c-hold-flap", "voice", "")
				for i := range 4 {
					from := sec(40 + 0.2*float64(i))
					a.Hold(from, from+80*milli)
				}
				a.Ends(sec(100), "client").WrapUp(sec(110), "w-1")
				customer.Ends(sec(100.015), "peer")
				return s
			}},
		{Name: "two agents are seen eight times", Section: "3.10", Added: 5,
			Want:    []string{"created", "connected user-a", "ended"},
			Further: []string{"alerted user-a", "alerted user-a", "alerted user-a", "alerted user-a", "alerted user-a", "alerted user-b", "alerted user-b", "alerted user-b", "left user-a customerLeft 0", "queued q-1", "unanswered user-a declined", "unanswered user-a declined", "unanswered user-a declined", "unanswered user-a declined", "unanswered user-b timedOut", "unanswered user-b timedOut", "unanswered user-b timedOut", "wrappedUp user-a w-1"},
			Story: func() *Story {
				s, customer, acd := inbound("c-eight", "voice", "", "q-1")
				for i := range 7 {
					user := []string{"user-a", "user-b"}[i%2]
					at := 13 + 10*float64(i)
					s.Agent(fmt.Sprint("a", i), sec(at), user, "q-1").Ends(sec(at+8), []string{"client", "system"}[i%2])
				}
				a := s.Agent("a", sec(90), "user-a", "q-1").Answer(sec(95))
				acd.AnsweredBy(a, 10*milli)
				customer.Ends(sec(150), "endpoint").Peer = a.Session
				a.Ends(sec(150.01), "peer").WrapUp(sec(160), "w-1")
				return s
			}},
	}
}
