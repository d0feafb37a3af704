package conversation

import (
	"slices"
	"strings"
)

// Person is somebody, by what Genesys knows the person by. Of several fields
// each selects by itself.
type Person struct {
	// Address is a telephone number, an e-mail address, or the id that a platform
	// for messages gives somebody, in any of the spellings of Customer.Address
	// and Customer.Stated.
	Address string
	// ExternalContactID is the external contact of a customer.
	ExternalContactID string
	// UserID is the Genesys user of an agent.
	UserID string
}

// IsZero reports whether nothing is known of the person.
func (p *Person) IsZero() bool { return *p == Person{} }

// TookPart reports whether the person took part in the conversation: whether a
// participant, a leg, a transfer, a survey or an evaluation of it, in whatever role (who
// is written to in copy, who was to be asked first, who evaluates), has the person's
// address, external contact or user.
func (c *Conversation) TookPart(p Person) bool {
	has := addressed(p.Address)
	user := func(ids ...string) bool { return p.UserID != "" && slices.Contains(ids, p.UserID) }
	for _, x := range c.Participants {
		if user(x.UserID) || p.ExternalContactID != "" && x.ExternalContactID == p.ExternalContactID ||
			has(x.Address, x.ANI, x.DNIS) {
			return true
		}
		for _, s := range x.Sessions {
			if has(s.ANI, s.DNIS, s.SessionDNIS, s.AddressFrom, s.AddressTo, s.AddressSelf, s.AddressOther, s.Remote,
				s.JourneyCustomerID, s.FlowTransferTargetAddress) ||
				has(s.CallbackNumbers...) || has(s.DestinationAddresses...) || has(s.CC...) || has(s.BCC...) ||
				user(s.AnsweredUserID, s.SelectedAgentID, s.ScreenMonitoredUserID) || user(s.RequestedRoutingUserIDs...) ||
				slices.ContainsFunc(s.Segments, func(g *Segment) bool { return user(g.RequestedRoutingUserIDs...) }) {
				return true
			}
		}
	}
	if p.ExternalContactID != "" && slices.Contains(c.ExternalContactIDs, p.ExternalContactID) {
		return true
	}
	return slices.ContainsFunc(c.Transfers, func(t *Transfer) bool {
		return user(t.InitiatorUserID, t.DestinationUserID) || has(t.DestinationAddress)
	}) || slices.ContainsFunc(c.Surveys, func(s *Survey) bool { return user(s.UserID) }) ||
		slices.ContainsFunc(c.Evaluations, func(e *Evaluation) bool { return user(e.UserID, e.EvaluatorID, e.AssigneeID) }) ||
		slices.ContainsFunc(c.Resolutions.All(), func(r Resolution) bool { return user(r.UserID) })
}

// addressed returns whether one of some addresses, as they are stated, is the
// address. Capital letters make no difference.
func addressed(address string) func(stated ...string) bool {
	want := foldedAddress(address)
	if want == "" {
		return func(...string) bool { return false }
	}
	return func(stated ...string) bool {
		return slices.ContainsFunc(stated, func(s string) bool { return foldedAddress(s) == want })
	}
}

func foldedAddress(stated string) string {
	if stated == "" {
		return ""
	}
	address, _ := readAddress(stated)
	if isPlainNumber(address) {
		return address
	}
	return fold(address)
}

// fold writes the letters A to Z small, as every database can.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// Mark returns a text that every spelling of the person's address has in it,
// once the letters A to Z are small and the signs of Separators are left out: a
// database can look for it before [Conversation.TookPart] decides. It is empty
// when the address says nothing.
func (p *Person) Mark() string {
	user, _, _ := strings.Cut(foldedAddress(p.Address), "@")
	return withoutSeparators(user)
}

func withoutSeparators(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(Separators, r) {
			return -1
		}
		return r
	}, s)
}

// Separators are the signs that may stand between the digits of a telephone
// number (RFC 3966).
const Separators = " -.()"
