package observe

import "github.com/dcmkit/convtrack/conversation"

// customerFacts are about who is outside.
func customerFacts() []Fact {
	return []Fact{
		{"outbound-address", "7.14", "that it is the customer's number in outbound calls, too, is U: one that equals the conversation's is not believed", "a customer's address is the customer's own in outbound conversations, too", outboundAddress},
		{"guest-address", "7.14", "The legs that say nothing of it: those of web messaging guests. (U)", "the legs of guests of web messaging have no address", guestAddress},
		{"withheld-number", "7.14", "How Genesys spells a number that is withheld is unknown (U)", "a number that is withheld is spelled in a way that is understood", withheldNumber},
	}
}

// eachOutside goes through the outside parties of a live body.
func eachOutside(s *observation, do func(participant object)) {
	if s.by != Snapshots && s.by != Live {
		return
	}
	for _, p := range s.body.objects("participants") {
		if purpose := p.text("purpose"); purpose == "customer" || purpose == "external" {
			do(p)
		}
	}
}

func outboundAddress(t *tally) detector {
	return detector{see: func(s *observation) {
		eachOutside(s, func(p object) {
			theirs, ours := conversation.Address(p.text("address")), conversation.Address(s.body.text("address"))
			p.legs(func(_ string, leg object) {
				if leg.text("direction") == "outbound" && theirs != "" && ours != "" {
					t.say(p.text("id"), theirs != ours)
				}
			})
		})
	}}
}

func guestAddress(t *tally) detector {
	return detector{see: func(s *observation) {
		eachOutside(s, func(p object) {
			for _, leg := range p.objects("messages") {
				if leg.text("type") == "webmessaging" {
					has := p.text("address") != "" || leg.object("fromAddress") != nil && leg.text("direction") != "outbound"
					t.say(leg.text("id"), !has)
				}
			}
		})
	}}
}

func withheldNumber(t *tally) detector {
	return detector{see: func(s *observation) {
		eachOutside(s, func(p object) {
			if address := p.text("address"); address != "" && p.objects("calls") != nil && conversation.Address(address) == "" {
				t.say(p.text("id"), true)
			}
		})
	}}
}
