package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// width is how many characters a timeline is wide.
const width = 60

// timeline draws what is stored of a conversation: a line for each leg.
func (p *printer) timeline(c *conversation.Conversation) {
	begin, end := c.Start, c.End
	for _, l := range c.Legs() {
		if l.Start.Before(begin) {
			begin = l.Start
		}
	}
	p.say("\n%s %s, %v long, %s", p.paint(dim, "stored:"), c.Status, end.Sub(begin).Round(time.Millisecond), customer(c))
	for _, l := range c.Legs() {
		who := cmp.Or(l.Participant.UserID, l.Participant.QueueID)
		line := fmt.Sprintf("%-9s %-7s %s %s", l.Participant.Purpose, who, p.bar(l, begin, end), l.Session.DisconnectType)
		p.say("%s", strings.TrimRight(line, " "))
	}
	p.say("%s", p.paint(dim, strings.Repeat(" ", 18)+"░ alerting   █ connected   ▒ after-call work"))
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

// bar draws one leg.
func (p *printer) bar(l conversation.Leg, begin, end time.Time) string {
	place := func(t time.Time) int {
		return min(max(int(float64(width)*float64(t.Sub(begin))/float64(max(end.Sub(begin), 1))), 0), width)
	}
	cells := []rune(strings.Repeat(" ", width))
	fill := func(from, to time.Time, r rune) {
		for i := place(from); i < min(max(place(to), place(from)+1), width); i++ {
			cells[i] = r
		}
	}
	switch {
	case !l.Answered:
		fill(l.Start, l.End, '░')
	case l.Connected.After(l.Start):
		fill(l.Start, l.Connected, '░')
		fill(l.Connected, l.End, '█')
	default:
		fill(l.Start, l.End, '█')
	}
	if l.WrapUp == conversation.WrapUpDone && l.WrapUpEnd.After(l.End) {
		fill(l.End, l.WrapUpEnd, '▒')
	}
	colour := yellow
	if l.Side == conversation.AgentSide {
		colour = green
	}
	return p.paint(colour, string(cells))
}
