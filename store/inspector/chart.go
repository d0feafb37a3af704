package inspector

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// chart draws a conversation: a lane for each person or system, with bars for what
// happened on their legs. Places in time are in per cent of its width, so that the
// page can be as narrow as it likes.
type chart struct {
	Begin, End time.Time
	Running    bool
	Ticks      []tick
	Marks      []mark
	Lanes      []*lane
}

// tick is a time on the axis.
type tick struct{ X, Text, Anchor string }

// mark is an event on the axis.
type mark struct {
	X    string
	Seq  int64
	Type string
	At   time.Time
}

// lane is everything of one person or system.
type lane struct {
	Role string // agent, queue …
	Who  string
	Rows int // of bars, one below the other
	Bars []bar

	ends []time.Time // of each row: when its last bar ends
}

// bar is a time in which one thing went on.
type bar struct {
	Kind     string // alert, talk, hold …: also its class
	X, Width string
	Y        int
	Text     string // what it says, in words
}

// The measures of a lane, in pixels.
const (
	barHeight = 16
	rowHeight = barHeight + 6
)

// Height is the height of the lane.
func (l *lane) Height() int { return l.Rows*rowHeight + 6 }

// Says is the lane in words, for who does not see it.
func (l *lane) Says() string {
	texts := make([]string, len(l.Bars))
	for i, b := range l.Bars {
		texts[i] = b.Text
	}
	return strings.Join(texts, "; ")
}

// span is a part of a leg.
type span struct {
	kind     string
	from, to time.Time
}

func newChart(see viewer, c *conversation.Conversation, now time.Time) *chart {
	d := &chart{Begin: c.Start, End: c.End, Running: c.Status != conversation.StatusEnded}
	if d.Running || d.End.IsZero() {
		d.End = now
	}
	legs := c.Legs()
	parts := make([][]span, len(legs))
	for i := range legs {
		parts[i] = spans(&legs[i], now)
		for _, s := range parts[i] {
			if d.Begin.IsZero() || s.from.Before(d.Begin) {
				d.Begin = s.from
			}
			if s.to.After(d.End) {
				d.End = s.to
			}
		}
	}
	if d.Begin.IsZero() { // nothing is known to have begun
		d.Begin = d.End
	}
	if least := d.Begin.Add(time.Second); d.End.Before(least) {
		d.End = least
	}
	d.draw(see, legs, parts)
	d.Ticks = d.ticks()
	return d
}

func (d *chart) draw(see viewer, legs []conversation.Leg, parts [][]span) {
	lanes := map[string]*lane{}
	for i := range legs {
		l := &legs[i]
		in := lanes[l.Person]
		if in == nil {
			in = &lane{Role: string(l.Participant.Purpose), Who: see.who(l)}
			lanes[l.Person] = in
			d.Lanes = append(d.Lanes, in)
		}
		if len(parts[i]) == 0 {
			continue
		}
		begin, end := parts[i][0].from, parts[i][0].to
		for _, s := range parts[i] {
			if s.to.After(end) {
				end = s.to
			}
		}
		row := in.row(begin, end)
		for _, s := range parts[i] {
			in.Bars = append(in.Bars, bar{
				Kind: s.kind, X: d.place(s.from), Width: d.width(s.from, s.to), Y: 4 + row*rowHeight,
				Text: fmt.Sprintf("%s %s, %s to %s UTC", l.Session.MediaType, kinds[s.kind], clock(s.from), clock(s.to)),
			})
		}
	}
}

// row returns the first row of the lane that is free at that time.
func (l *lane) row(begin, end time.Time) int {
	for i, until := range l.ends {
		if !until.After(begin) {
			l.ends[i] = end
			return i
		}
	}
	l.ends = append(l.ends, end)
	l.Rows = len(l.ends)
	return len(l.ends) - 1
}

// kinds are the kinds of bars, in words.
var kinds = map[string]string{
	"alert": "alerting", "dial": "dialing", "talk": "connected", "hold": "on hold", "acw": "after-call work", "wait": "waiting in the queue",
	"flow": "in the flow", "watch": "listening in", "parked": "parked", "other": "there",
}

// spans are the parts of a leg. What runs still ends now.
func spans(l *conversation.Leg, now time.Time) (all []span) {
	begin, end := l.Began(), l.End
	if begin.IsZero() {
		return nil // nobody has said when
	}
	switch {
	case !l.Over:
		end = now
	case end.Before(begin):
		end = begin
	}
	switch side := l.Participant.Purpose.Side(); {
	case l.Supervises:
		return []span{{"watch", begin, end}}
	case side == conversation.QueueSide:
		return []span{{"wait", begin, end}}
	case side == conversation.FlowSide:
		return []span{{"flow", begin, end}}
	case side == conversation.OtherSide:
		return []span{{"other", begin, end}}
	}
	ring := "dial"
	if l.Alerted {
		ring = "alert"
	}
	connected := l.Connected
	if connected.IsZero() || connected.Before(begin) {
		connected = begin
	}
	switch {
	case !l.Answered:
		all = append(all, span{ring, begin, end})
	case connected.After(end):
		all = append(all, span{"talk", begin, end})
	default:
		if connected.After(begin) {
			all = append(all, span{ring, begin, connected})
		}
		all = append(all, span{"talk", connected, end})
	}
	all = append(all, pauses(l.Session, begin, end)...)
	switch {
	case l.WrapUp == conversation.WrapUpPending && l.Over:
		all = append(all, span{"acw", end, now})
	case l.WrapUp == conversation.WrapUpDone && l.WrapUpEnd.After(end):
		all = append(all, span{"acw", end, l.WrapUpEnd})
	}
	return all
}

// pauses are the times on hold and parked, within the leg.
func pauses(s *conversation.Session, begin, end time.Time) (all []span) {
	add := func(kind string, from, to time.Time) {
		if to.IsZero() || to.After(end) {
			to = end
		}
		if from.Before(begin) {
			from = begin
		}
		if to.After(from) {
			all = append(all, span{kind, from, to})
		}
	}
	holds := false
	for _, g := range s.Segments {
		switch g.Type {
		case conversation.SegmentHold:
			holds = true
			add("hold", g.Start, g.End)
		case conversation.SegmentParked:
			add("parked", g.Start, g.End)
		}
	}
	if !holds && s.Held {
		since := s.HoldStart
		if since.IsZero() { // topics do not say since when: it is shown since they said so last
			_, since = conversation.SessionFields().Stated(s, heldField)
		}
		add("hold", since, time.Time{})
	}
	return all
}

// heldField is the place of the field held.
var heldField = slices.IndexFunc(conversation.SessionFields().List(), func(f conversation.Field[conversation.Session]) bool { return f.Name == "held" })

// who is on a leg, as far as that may be seen.
func (v viewer) who(l *conversation.Leg) string {
	p := l.Participant
	if side := p.Purpose.Side(); side == conversation.CustomerSide || side == conversation.OtherSide {
		return v.personal(cmp.Or(p.Name, p.Address))
	}
	named := ""
	if v.Personal {
		named = p.Name
	}
	for _, text := range []string{named, p.QueueName, l.Session.FlowName, p.UserID, p.QueueID, l.Session.QueueID, l.Session.FlowID} {
		if text != "" {
			return text
		}
	}
	return ""
}

// place is where a time is in the chart, in per cent.
func (d *chart) place(t time.Time) string {
	return percent(float64(t.Sub(d.Begin)) / float64(d.End.Sub(d.Begin)))
}

// width is how wide a time is; it can always be seen.
func (d *chart) width(from, to time.Time) string {
	return percent(max(float64(to.Sub(from))/float64(d.End.Sub(d.Begin)), 0.004))
}

func percent(part float64) string {
	return strconv.FormatFloat(100*min(max(part, 0), 1), 'f', 2, 64) + "%"
}

// steps are the times between two ticks.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour,
}

// mostTicks have room on a narrow page.
const mostTicks = 4

func (d *chart) ticks() (all []tick) {
	length := d.End.Sub(d.Begin)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if length/s < mostTicks {
			step = s
			break
		}
	}
	layout := "15:04:05"
	switch {
	case length > 24*time.Hour:
		layout = "Jan 2 15:04"
	case step >= time.Minute:
		layout = "15:04"
	}
	for t := d.Begin.UTC().Truncate(step); !t.After(d.End); t = t.Add(step) {
		if t.Before(d.Begin) {
			continue
		}
		anchor := "middle"
		switch part := float64(t.Sub(d.Begin)) / float64(length); {
		case part < 0.08:
			anchor = "start"
		case part > 0.92:
			anchor = "end"
		}
		all = append(all, tick{d.place(t), t.Format(layout), anchor})
		if len(all) > 2*mostTicks { // a conversation that is open for years
			break
		}
	}
	return all
}
