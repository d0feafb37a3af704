package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/examples/internal/timeline"
)

// timeline draws what is stored of a conversation: a line for each leg.
func (p *printer) timeline(c *conversation.Conversation) {
	begin, end := timeline.Span(c, time.Now())
	p.say("\n%s %s, %v long, %s", p.paint(dim, "stored:"), c.Status, end.Sub(begin).Round(time.Millisecond), customer(c))
	for _, l := range c.Legs() {
		who := cmp.Or(l.Participant.UserID, l.Participant.QueueID)
		colour := yellow
		if l.Side == conversation.AgentSide {
			colour = green
		}
		bar := p.paint(colour, timeline.Bar(&l, begin, end))
		line := fmt.Sprintf("%-9s %-7s %s %s", l.Participant.Purpose, who, bar, l.Session.DisconnectType)
		p.say("%s", strings.TrimRight(line, " "))
	}
	p.say("%s", p.paint(dim, strings.Repeat(" ", 18)+timeline.Legend))
	for _, t := range c.AgentTimes() {
		p.say("%s worked on it for %v, %v of that after the call", t.UserID, t.Handle.Round(time.Millisecond), t.WrapUp.Round(time.Millisecond))
	}
}

// customer says who the customer is.
func customer(c *conversation.Conversation) string {
	switch customer, known := c.Customer(); {
	case !known:
		return "the customer is not known"
	case customer.Withheld:
		return "the customer's number is withheld"
	default:
		return "the customer is " + customer.Address
	}
}
