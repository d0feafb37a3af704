package storetest

import (
	"fmt"
	"slices"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// named states one thing of a call.
func named(put func(c *conversation.Conversation, p *conversation.Participant, s *conversation.Session)) func(*conversation.Conversation) {
	return func(c *conversation.Conversation) {
		call(c)
		put(c, c.Participants[1], c.Participants[1].Sessions[0])
	}
}

// people are conversations, each of which names somebody in one place.
var people = map[string]struct {
	fill func(*conversation.Conversation)
	who  conversation.Person
}{
	"address of a participant": {named(func(_ *conversation.Conversation, p *conversation.Participant, _ *conversation.Session) {
		p.Address = "sip:+31-20-111@pbx.example"
	}),
		conversation.Person{Address: "tel:+3120111"}},
	"number that called": {named(func(_ *conversation.Conversation, p *conversation.Participant, _ *conversation.Session) {
		p.ANI = "tel:+3120112"
	}),
		conversation.Person{Address: "+31 20 112"}},
	"number that was called": {named(func(_ *conversation.Conversation, p *conversation.Participant, _ *conversation.Session) {
		p.DNIS = "+3120113"
	}),
		conversation.Person{Address: "+3120113"}},
	"number that called, of a leg": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.ANI = "+3120114"
	}),
		conversation.Person{Address: "+3120114"}},
	"number that was called, of a leg": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.DNIS = "+3120115"
	}),
		conversation.Person{Address: "+3120115"}},
	"sender": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.AddressFrom = "Alice.O'Neil@Firm.example"
	}),
		conversation.Person{Address: "alice.o'neil@firm.example"}},
	"receiver": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.AddressTo = "100%_bob@firm.example"
	}),
		conversation.Person{Address: "100%_bob@firm.example"}},
	"this side": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.AddressSelf = "Zoë@firm.example"
	}),
		conversation.Person{Address: "Zoë@firm.example"}},
	"other side": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.AddressOther = "a1B2-c3"
	}),
		conversation.Person{Address: "A1b2-c3"}},
	"callback": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.CallbackNumbers = []string{"+31201", "+3120116"}
	}),
		conversation.Person{Address: "+3120116"}},
	"in copy, with a name in quotes": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.CC = []string{`"Jan \ de Vries"@firm.example`}
	}),
		conversation.Person{Address: `"jan \ de vries"@firm.example`}},
	"target of a transfer": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Transfers = []*conversation.Transfer{{ID: "t", DestinationAddress: "+3120117"}}
	}), conversation.Person{Address: "+3120117"}},
	"customer of a journey": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.JourneyCustomerID = "Journey@firm.example"
	}), conversation.Person{Address: "journey@firm.example"}},
	"target of a flow's transfer": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.FlowTransferTargetAddress = "tel:+3120118"
	}), conversation.Person{Address: "+31 20 118"}},
	"external contact": {named(func(_ *conversation.Conversation, p *conversation.Participant, _ *conversation.Session) {
		p.ExternalContactID = "x-1"
	}),
		conversation.Person{ExternalContactID: "x-1"}},
	"external contact of the conversation": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.ExternalContactIDs = []string{"x-2", "x-3"}
	}), conversation.Person{ExternalContactID: "x-3"}},
	"user": {named(func(_ *conversation.Conversation, p *conversation.Participant, _ *conversation.Session) {
		p.UserID = "u-1"
	}),
		conversation.Person{UserID: "u-1"}},
	"user who transferred": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Transfers = []*conversation.Transfer{{ID: "t", InitiatorUserID: "u-2"}}
	}), conversation.Person{UserID: "u-2"}},
	"user to whom was transferred": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Transfers = []*conversation.Transfer{{ID: "t", DestinationUserID: "u-3"}}
	}), conversation.Person{UserID: "u-3"}},
	"user of a survey": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Surveys = []*conversation.Survey{{ID: "s", UserID: "u-4"}}
	}), conversation.Person{UserID: "u-4"}},
	"user of an evaluation": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Evaluations = []*conversation.Evaluation{{ID: "e", UserID: "u-5"}}
	}), conversation.Person{UserID: "u-5"}},
	"user who was chosen": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.SelectedAgentID = "u-7"
	}), conversation.Person{UserID: "u-7"}},
	"user who answered": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.AnsweredUserID = "ü \"8\" <u>"
	}), conversation.Person{UserID: "ü \"8\" <u>"}},
	"user whose screen was watched": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.ScreenMonitoredUserID = "u-9"
	}), conversation.Person{UserID: "u-9"}},
	"user who was to be asked first": {named(func(_ *conversation.Conversation, _ *conversation.Participant, s *conversation.Session) {
		s.RequestedRoutingUserIDs = []string{"u-10", "u-11"}
	}), conversation.Person{UserID: "u-11"}},
	"user of a resolution": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Resolutions = conversation.ListOf(conversation.Resolution{UserID: "u-12"})
	}), conversation.Person{UserID: "u-12"}},
	"user who is to evaluate": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Evaluations = []*conversation.Evaluation{{ID: "e", AssigneeID: "u-13"}}
	}), conversation.Person{UserID: "u-13"}},
	"evaluator": {named(func(c *conversation.Conversation, _ *conversation.Participant, _ *conversation.Session) {
		c.Evaluations = []*conversation.Evaluation{{ID: "e", EvaluatorID: "u-6"}}
	}), conversation.Person{UserID: "u-6"}},
}

func finding(rule define) {
	populate := func(t *trial) {
		t.Helper()
		for id, p := range people {
			t.write(createdAs(partial(id, p.fill)))
		}
		t.write(&store.Change{ID: "vetoed", Vetoed: "not ours"})
	}

	rule("the conversations of a person are found wherever they name the person, and no others", func(t *trial) {
		populate(t)
		for id, p := range people {
			t.same(fmt.Sprintf("what is found of %+v", p.who), t.foundAll(store.PersonQuery{Person: p.who}), []string{id})
		}
		for _, nobody := range []conversation.Person{{}, {Address: "+3120"}, {Address: "%"}, {Address: "anonymous"}, {UserID: "x-1"}, {UserID: "u-"}, {ExternalContactID: "u-1"}, {ExternalContactID: "x-"}} {
			t.same(fmt.Sprintf("what is found of %+v", nobody), t.foundAll(store.PersonQuery{Person: nobody}), []string(nil))
		}
	})

	rule("each field of a person selects by itself", func(t *trial) {
		populate(t)
		t.same("what is found", t.foundAll(store.PersonQuery{Person: conversation.Person{Address: "+3120112", ExternalContactID: "x-1", UserID: "u-1"}}),
			[]string{"external contact", "number that called", "user"})
	})

	rule("a person is found in what hooks refused", func(t *trial) {
		t.write(&store.Change{ID: "r", Refused: refusal("h", 1, merged(partial("r", people["sender"].fill)))},
			&store.Change{ID: "s", Refused: refusal("h", 1, merged(partial("s", people["user"].fill)))})
		t.same("what is found", t.foundAll(store.PersonQuery{Person: people["sender"].who}), []string{"r"})
		t.same("what is found", t.foundAll(store.PersonQuery{Person: people["user"].who}), []string{"s"})
	})

	rule("a person is found in what hooks have not decided on", func(t *trial) {
		for i, overruled := range []bool{false, true} {
			id := fmt.Sprintf("c-%d", i)
			undecided := refusal("h", 1, merged(partial(id, people["sender"].fill)))
			undecided.Attempts, undecided.Since, undecided.Next, undecided.Overruled = 0, at(1), at(600), overruled
			t.write(&store.Change{ID: id, Refused: undecided, Pending: []store.Pending{{EventID: undecided.EventID, Due: undecided.Next}}})
		}
		t.same("what is found", t.foundAll(store.PersonQuery{Person: people["sender"].who}), []string{"c-0", "c-1"})
	})

	rule("a person of many conversations is found page by page, in the order of the ids", func(t *trial) {
		var want []string
		for i := range 25 {
			id := fmt.Sprintf("c-%02d", i)
			c := partial(id, call)
			if i%3 > 0 {
				c = partial(id, people["receiver"].fill, func(c *conversation.Conversation) {
					c.Participants[0].Address = people["receiver"].who.Address // twice in a conversation
				})
				want = append(want, id)
			}
			t.write(createdAs(c))
		}
		for _, limit := range []int{0, 1, 4, 17, 1000} {
			t.same(fmt.Sprintf("what is found with a limit of %d", limit), t.foundAll(store.PersonQuery{Person: people["receiver"].who, Limit: limit}), want)
		}
		page, err := t.store.Find(t.ctx, store.PersonQuery{Person: people["receiver"].who, Limit: 4})
		t.ok("Find", err)
		if len(page.IDs) > 4 || !slices.IsSorted(page.IDs) || page.Next == "" {
			t.Errorf("the page is %+v", page)
		}
	})

	rule("a cursor of another listing is refused by Find", func(t *trial) {
		populate(t)
		other := t.list(store.Query{Limit: 1}).Next
		for _, after := range []string{"nonsense", other} {
			_, err := t.store.Find(t.ctx, store.PersonQuery{Person: people["user"].who, After: after})
			t.is("Find", err, store.ErrCursor)
		}
	})

	rule("a forgotten conversation is not found", func(t *trial) {
		populate(t)
		for id, p := range people {
			t.forget(id)
			t.same("what is found", t.foundAll(store.PersonQuery{Person: p.who}), []string(nil))
		}
	})

	rule("pages of a person go on behind the last id of the one before, though that is forgotten", func(t *trial) {
		var want, got []string
		for i := range 12 {
			want = append(want, fmt.Sprintf("c-%02d", i))
			t.write(createdAs(partial(want[i], people["user"].fill)))
		}
		for q := (store.PersonQuery{Person: people["user"].who, Limit: 3}); ; {
			page, err := t.store.Find(t.ctx, q)
			t.ok("Find", err)
			got = append(got, page.IDs...)
			t.forget(page.IDs...)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		t.same("what is found", got, want)
	})
}

func forgettingForGood(rule define) {
	rule("what is forgotten stays so when the store is opened again", func(t *trial) {
		t.full("c")
		t.forget("c", "n")
		t.reopen()
		t.isForgotten("c")
		t.isForgotten("n")
		t.is("a new conversation", t.refuse(created("c")), store.ErrConflict)
	})
}

func forgettingForOthers(rule define) {
	rule("what one process forgets is forgotten for all", func(t *trial) {
		other := &trial{TB: t.TB, ctx: t.ctx, cancel: t.cancel, harness: t.harness, store: t.harness.Another(t.TB, t.store)}
		t.full("c")
		r := other.load("c")
		t.forget("c", "n")
		other.isForgotten("c")
		t.is("a new conversation", other.refuse(created("n")), store.ErrConflict)
		t.is("a change", other.refuse(next(r, partial("c", tagged("late")))), store.ErrConflict)
		t.isForgotten("c")
	})
}
