package conversation

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// with is a conversation with one participant and one leg.
func with(change func(c *Conversation, p *Participant, s *Session)) *Conversation {
	s := &Session{ID: "s"}
	p := &Participant{ID: "p", Sessions: []*Session{s}}
	c := &Conversation{ID: "c", Participants: []*Participant{p}}
	change(c, p, s)
	return c
}

// Every place that may name somebody.
var addressPlaces = []func(c *Conversation, p *Participant, s *Session, to string){
	func(_ *Conversation, p *Participant, _ *Session, to string) { p.Address = to },
	func(_ *Conversation, p *Participant, _ *Session, to string) { p.ANI = to },
	func(_ *Conversation, p *Participant, _ *Session, to string) { p.DNIS = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.ANI = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.DNIS = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.AddressFrom = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.AddressTo = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.AddressSelf = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.AddressOther = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) {
		s.CallbackNumbers = []string{"+31999", to}
	},
	func(c *Conversation, _ *Participant, _ *Session, to string) {
		c.Transfers = []*Transfer{{ID: "t", DestinationAddress: to}}
	},
	func(_ *Conversation, _ *Participant, s *Session, to string) {
		s.DestinationAddresses = []string{"+31999", to}
	},
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.CC = []string{"+31999", to} },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.BCC = []string{"+31999", to} },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.SessionDNIS = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.Remote = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.JourneyCustomerID = to },
	func(_ *Conversation, _ *Participant, s *Session, to string) { s.FlowTransferTargetAddress = to },
}

var userPlaces = []func(c *Conversation, p *Participant, to string){
	func(_ *Conversation, p *Participant, to string) { p.UserID = to },
	func(c *Conversation, _ *Participant, to string) {
		c.Transfers = []*Transfer{{ID: "t", InitiatorUserID: to}}
	},
	func(c *Conversation, _ *Participant, to string) {
		c.Transfers = []*Transfer{{ID: "t", DestinationUserID: to}}
	},
	func(c *Conversation, _ *Participant, to string) { c.Surveys = []*Survey{{ID: "v", UserID: to}} },
	func(c *Conversation, _ *Participant, to string) {
		c.Evaluations = []*Evaluation{{ID: "e", UserID: to}}
	},
	func(c *Conversation, _ *Participant, to string) {
		c.Evaluations = []*Evaluation{{ID: "e", EvaluatorID: to}}
	},
}

var spellings = [][]string{
	{"+31612345678", "tel:+31612345678", "TEL:+31-6-1234.5678", " tel:+31(6)1234 5678", "sip:+31612345678@10.0.0.1:5060;user=phone"},
	{"Alice@firm.example", "mailto:alice@firm.example", "alice@FIRM.example", "sip:alice;tag=1@firm.example"},
	{"a1b2-C3", "A1B2-c3"},
}

func TestAPersonIsFoundWhereverAndHoweverTheAddressIsSpelled(t *testing.T) {
	for _, same := range spellings {
		for _, asked := range same {
			for _, stated := range same {
				for i, put := range addressPlaces {
					c := with(func(c *Conversation, p *Participant, s *Session) { put(c, p, s, stated) })
					require.True(t, c.TookPart(Person{Address: asked}), "%q in place %d, asked for %q", stated, i, asked)
				}
				who := Person{Address: asked}
				plain := strings.Map(func(r rune) rune {
					if strings.ContainsRune(Separators, r) {
						return -1
					}
					return r
				}, strings.ToLower(stated))
				require.Contains(t, plain, who.Mark(), "%q has the mark of %q", stated, asked)
			}
		}
	}
}

func TestAPersonIsFoundByUserAndByExternalContact(t *testing.T) {
	for i, put := range userPlaces {
		c := with(func(c *Conversation, p *Participant, _ *Session) { put(c, p, "u-1") })
		require.True(t, c.TookPart(Person{UserID: "u-1"}), "place %d", i)
		require.False(t, c.TookPart(Person{UserID: "u-2"}))
		require.False(t, c.TookPart(Person{ExternalContactID: "u-1"}))
	}
	require.True(t, with(func(_ *Conversation, p *Participant, _ *Session) { p.ExternalContactID = "x" }).TookPart(Person{ExternalContactID: "x"}))
	require.True(t, with(func(c *Conversation, _ *Participant, _ *Session) { c.ExternalContactIDs = []string{"y", "x"} }).TookPart(Person{ExternalContactID: "x"}))
}

// What is forgotten for another person is lost.
func TestNobodyElseIsFound(t *testing.T) {
	for _, asked := range []string{"", " ", "tel:", "unknown", "anonymous", "sip:anonymous@anonymous.invalid", "+3161234567", "+316123456789", "31612345678", "alice@firm.exampl", "a1b2"} {
		for _, same := range spellings {
			for _, stated := range append(same, "", "unknown", "anonymous", "tel:anonymous") {
				for _, put := range addressPlaces {
					c := with(func(c *Conversation, p *Participant, s *Session) { put(c, p, s, stated) })
					require.False(t, c.TookPart(Person{Address: asked}), "%q is not %q", stated, asked)
				}
			}
		}
	}
	for _, put := range userPlaces {
		require.False(t, with(func(c *Conversation, p *Participant, _ *Session) { put(c, p, "") }).TookPart(Person{}))
	}
}

func TestAUserIsFoundByEveryFieldThatNamesOne(t *testing.T) {
	for i, put := range []func(*Conversation, *Session){
		func(_ *Conversation, s *Session) { s.AnsweredUserID = "u-1" },
		func(_ *Conversation, s *Session) { s.SelectedAgentID = "u-1" },
		func(_ *Conversation, s *Session) { s.ScreenMonitoredUserID = "u-1" },
		func(_ *Conversation, s *Session) { s.RequestedRoutingUserIDs = []string{"u-2", "u-1"} },
		func(_ *Conversation, s *Session) { s.Segments = []*Segment{{RequestedRoutingUserIDs: []string{"u-1"}}} },
		func(c *Conversation, _ *Session) { c.Resolutions = ListOf(Resolution{UserID: "u-1"}) },
		func(c *Conversation, _ *Session) { c.Evaluations = []*Evaluation{{ID: "e", AssigneeID: "u-1"}} },
	} {
		c := with(func(c *Conversation, _ *Participant, s *Session) { put(c, s) })
		require.True(t, c.TookPart(Person{UserID: "u-1"}), "place %d", i)
		require.False(t, c.TookPart(Person{UserID: "u"}), "place %d", i)
		require.False(t, c.TookPart(Person{}), "place %d", i)
	}
}
