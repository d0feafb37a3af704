package genesystest

// The addresses of the organisation and of a customer.
const (
	ownNumber, ownMail, ownPage          = "tel:+31201234567", "service@dcm.example", "page-1"
	theirNumber, theirMail, theirProfile = "tel:+31612345678", "customer@mail.example", "31612345678"
)

// outsideAddress is from where customers call or write.
func outsideAddress(media, message string) string {
	switch media {
	case "email":
		return theirMail
	case "message":
		if message == "webmessaging" {
			return "5d0f3b7e-guest" // an id that means something to the messenger alone
		}
		return theirProfile
	case "chat":
		return "visitor-1"
	}
	return theirNumber
}

// ownAddress is where the organisation is called or written to.
func ownAddress(media string) string {
	switch media {
	case "email":
		return ownMail
	case "message", "chat":
		return ownPage
	}
	return ownNumber
}

// ownAddress is the conversation's address in the live API: that of the
// organisation, as the outside sees it (SDK v150).
func (s *Story) ownAddress() string {
	if len(s.Legs) > 0 {
		return ownAddress(s.Legs[0].Media)
	}
	return ownNumber
}

// ends are who calls or writes, and who is called or written to. The legs
// inside carry those of the customer (protocol 7.15). A leg of an outside party
// is seen from the organisation; the others are as the conversation began.
func (s *Story) ends(l *Leg) (from, to string) {
	outside, direction := l, l.Direction
	if !l.outside() {
		direction = s.Direction
		for _, o := range s.Legs {
			if o.outside() && o.Media == l.Media {
				outside = o
				break
			}
		}
	}
	theirs := outside.Address
	if direction == "outbound" {
		return ownAddress(l.Media), theirs
	}
	return theirs, ownAddress(l.Media)
}

// setAddresses gives a session of an analytics record or a detail event its
// addresses: numbers for a call, numbers to call for a callback, from and to for anything else.
func (s *Story) setAddresses(o Object, l *Leg) {
	from, to := s.ends(l)
	switch l.Media {
	case "voice":
		set(o, "ani", from)
		set(o, "dnis", to)
	case "callback":
	default:
		set(o, "addressFrom", from)
		set(o, "addressTo", to)
	}
	if l.Callback != "" {
		o["callbackNumbers"] = []string{l.Callback}
	}
}

// setLiveAddresses gives a leg of the live API its addresses (protocol 3.6).
func (s *Story) setLiveAddresses(o Object, l *Leg) {
	if !l.outside() {
		return
	}
	from, to := s.ends(l)
	switch l.Media {
	case "voice":
		other := from
		if other == l.Address {
			other = to
		}
		setAddress(o, "self", l.Address)
		setAddress(o, "other", other)
	case "message":
		setAddress(o, "fromAddress", from)
		setAddress(o, "toAddress", to)
	}
}

func setAddress(o Object, name, address string) {
	if address != "" {
		o[name] = Object{"addressNormalized": address, "addressRaw": address}
	}
}

// outside reports whether the leg is that of a party outside of the organisation.
func (l *Leg) outside() bool { return l.Purpose == "customer" || l.Purpose == "external" }
