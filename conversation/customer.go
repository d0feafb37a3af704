package conversation

import "cmp"

// Customer is the person at the outside of a conversation, as far as Genesys
// has said who that is.
type Customer struct {
	// Address is where the customer calls or writes from, or for outbound
	// conversations is called or written to: "+31612345678", an e-mail address,
	// or for messages the id that the platform gives the customer. It is spelled
	// in one way, whichever message said it: without a scheme such as "tel:",
	// and for a telephone number also without separators and without the host of
	// a SIP address. It is empty while it is not known, and when it is withheld.
	Address string `json:"address,omitzero"`
	// Stated is the address as Genesys writes it: "tel:+31612345678",
	// "sip:anonymous@anonymous.invalid".
	Stated string `json:"stated,omitzero"`
	// Withheld says that the caller hides the number, or that the network does
	// not have it. Genesys will not say it later.
	Withheld bool `json:"withheld,omitzero"`

	// Name is the name that Genesys gives the customer. For a call that is often
	// only a place or the number again; do not recognise anybody by it.
	Name string `json:"name,omitzero"`
	// ExternalContactID and ExternalOrganizationID are Genesys's external
	// contact; empty for a customer who is not linked with one.
	ExternalContactID      string `json:"externalContactId,omitzero"`
	ExternalOrganizationID string `json:"externalOrganizationId,omitzero"`

	// ParticipantID is the participant that is the customer. SessionID is its
	// leg that says the address, and its first leg when the participant itself
	// says it. It is empty while only media topics have shown the leg: they do
	// not name it.
	ParticipantID string `json:"participantId,omitzero"`
	SessionID     string `json:"sessionId,omitzero"`
}

// Customer returns the customer, and whether it is known where the customer
// calls or writes from: false means that nobody has said it yet. It is true for
// a withheld number, too: then more will not be known. What else is known, such
// as an external contact, is returned in any case; a guest of web messaging may
// never have more.
//
// The customer is the first participant with purpose customer to join, and
// where there is none the first with purpose external (direct and manual
// calls). Detail events do not tell one from the other (protocol 3.5): with
// them alone whoever was the first at the outside is the customer. Between
// colleagues there is none.
//
// The answer is a function of the joined state: it does not depend on which
// source spoke first, or in which order. In sequence it rests on
//
//   - the participant's address (conversation and media topics, REST; SDK
//     v150), unless that is the organisation's own, [Conversation.Address];
//   - by the direction of the leg the one who calls or the one who is called:
//     ani, dnis of a call; addressFrom, addressTo of anything else (detail
//     events, analytics records; in the live API the fromAddress and toAddress
//     of a message);
//   - of a call this side's address in the live API, self;
//   - the callback numbers of a callback, the first before the others.
//
// A number beats one that is withheld. An analytics record's addressSelf,
// addressOther and remote are not looked at: whose they are is not documented.
//
// A Before hook on conversation.created runs with the first message, which may
// not say who the customer is. Do not veto then, return events.NotYet: the hook
// is asked again with each new fact, and for the last time when
// Config.UndecidedFor has passed. Without a hook that decides, look again in one
// on a later event, such as the answer of an agent or the end.
func (c *Conversation) Customer() (customer Customer, known bool) {
	p := c.outside()
	if p == nil {
		return Customer{}, false
	}
	customer = Customer{Name: p.Name, ExternalContactID: p.ExternalContactID, ExternalOrganizationID: p.ExternalOrganizationID, ParticipantID: p.ID}
	for _, s := range p.Sessions {
		if customer.Name == "" {
			customer.Name = s.CallbackUserName
		}
	}
	consider := func(stated string, s *Session) {
		if customer.Address != "" {
			return
		}
		address, withheld := readAddress(stated)
		if address == "" && (!withheld || customer.Withheld) {
			return
		}
		customer.Address, customer.Withheld, customer.Stated, customer.SessionID = address, withheld, stated, ""
		if s != nil && !s.shadow {
			customer.SessionID = s.ID
		}
	}
	var first *Session
	if len(p.Sessions) > 0 {
		first = p.Sessions[0]
	}
	if !c.isOwn(p.Address) {
		consider(p.Address, first)
	}
	for _, s := range p.Sessions {
		consider(s.outsideAddress(c.OriginatingDirection), s)
	}
	switch c.OriginatingDirection {
	case Inbound:
		consider(p.ANI, first)
	case Outbound:
		consider(p.DNIS, first)
	}
	for _, s := range p.Sessions {
		if s.MediaType == MediaVoice {
			consider(s.AddressSelf, s)
		}
		for _, number := range s.CallbackNumbers {
			consider(number, s)
		}
	}
	return customer, customer.Address != "" || customer.Withheld
}

// isOwn reports whether an address of a participant is the organisation's own.
func (c *Conversation) isOwn(address string) bool {
	if address == "" || c.Address == "" {
		return false
	}
	own := foldedAddress(c.Address)
	return own != "" && (address == c.Address || foldedAddress(address) == own)
}

// sameCustomer reports whether the customer of both has the same address.
func sameCustomer(x, y *Conversation) bool {
	if x.outside() == y.outside() && x.Address == y.Address && x.OriginatingDirection == y.OriginatingDirection {
		return true // mostly: Merge hands a participant on of which nothing new is said
	}
	a, _ := x.Customer()
	b, _ := y.Customer()
	return a.Address == b.Address
}

// outside returns the participant that is the customer; nil when there is none.
func (c *Conversation) outside() *Participant {
	var external *Participant
	for _, p := range c.Participants {
		switch {
		case p.Purpose == PurposeCustomer:
			return p
		case p.Purpose == PurposeExternal && external == nil:
			external = p
		}
	}
	return external
}

// outsideAddress is the address of the outside on a leg of the customer: the
// one who calls or writes, or who is called or written to. direction is that
// of the conversation, for legs that have none.
func (s *Session) outsideAddress(direction Direction) string {
	if s.Direction != "" {
		direction = s.Direction
	}
	switch direction {
	case Inbound:
		return cmp.Or(s.ANI, s.AddressFrom)
	case Outbound:
		return cmp.Or(s.DNIS, s.AddressTo)
	}
	return ""
}
