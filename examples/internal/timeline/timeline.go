// Package timeline draws the legs of a conversation as bars of text.
package timeline

import (
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

const (
	// Width is how many characters a bar is wide.
	Width = 60
	// Legend says what the characters of a bar mean.
	Legend = "░ alerting   █ connected   ▒ after-call work"
)

// Span returns the time that the bars of a conversation stand for: from its first
// leg to its end, and to now while it has none.
func Span(c *conversation.Conversation, now time.Time) (begin, end time.Time) {
	begin, end = c.Start, c.End
	for _, l := range c.Legs() {
		if began := l.Began(); !began.IsZero() && (begin.IsZero() || began.Before(begin)) {
			begin = began
		}
	}
	if end.IsZero() {
		end = now
	}
	return begin, end
}

// Bar draws a leg, as a part of the time from begin to end.
func Bar(l *conversation.Leg, begin, end time.Time) string {
	place := func(t time.Time) int {
		return min(max(int(float64(Width)*float64(t.Sub(begin))/float64(max(end.Sub(begin), 1))), 0), Width)
	}
	cells := []rune(strings.Repeat(" ", Width))
	fill := func(from, to time.Time, r rune) {
		for i := place(from); i < min(max(place(to), place(from)+1), Width); i++ {
			cells[i] = r
		}
	}
	over := l.End
	if over.IsZero() {
		over = end
	}
	began := l.Began() // topic snapshots do not say since when a leg alerts
	switch {
	case began.IsZero():
	case !l.Answered:
		fill(began, over, '░')
	case l.Connected.After(began):
		fill(began, l.Connected, '░')
		fill(l.Connected, over, '█')
	default:
		fill(began, over, '█')
	}
	if l.WrapUp == conversation.WrapUpDone && l.WrapUpEnd.After(over) {
		fill(over, l.WrapUpEnd, '▒')
	}
	return string(cells)
}
