package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"strings"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/examples/internal/timeline"
	"github.com/dcmkit/convtrack/store"
)

func openCommand() *command {
	return &command{
		name: "open", args: "[-json] [-personal] ID", store: true,
		does: "Shows one conversation: its legs as a timeline, what was announced of it, and what became of the deliveries",
		more: "Ids, times and kinds are shown. -personal adds who the customer is and, with -json,\neverything that is stored. Times are UTC.",
		flags: func(f *flag.FlagSet) action {
			var o opening
			f.BoolVar(&o.json, "json", false, "write one line of JSON")
			f.BoolVar(&o.personal, "personal", false, "show what is personal, too")
			return o.do
		},
	}
}

// opening is what the flags of open say.
type opening struct{ json, personal bool }

func (o *opening) do(ctx context.Context, p *program, args []string) error {
	if len(args) != 1 {
		return wrongUsage("give the id of one conversation")
	}
	id := args[0]
	return p.tracked(ctx, slog.DiscardHandler, func(t *convtrack.Tracker) error {
		c, err := t.Get(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return errors.New("the conversation is not tracked: nobody has heard of it, it was vetoed or forgotten, or a Before hook refuses it (see: convtrackctl failed list)")
		}
		if err != nil {
			return err
		}
		announced, err := t.Timeline(ctx, id)
		if err != nil {
			return err
		}
		if o.json {
			return p.out.json(o.document(c, announced))
		}
		o.draw(p.out, c, announced)
		return nil
	})
}

// draw writes the timeline.
func (o *opening) draw(to *terminal, c *conversation.Conversation, announced []convtrack.Announcement) {
	begin, end := timeline.Span(c, time.Now())
	to.say("conversation %s: %s, %s %s", c.ID, c.Status, c.OriginatingDirection, media(c))
	length := end.Sub(begin).Round(time.Millisecond).String()
	if c.End.IsZero() {
		length += " so far"
	}
	to.say("from %s, %s", at(begin), length)
	if o.personal {
		to.say("customer: %s", customer(c))
	}
	to.say("")
	for _, l := range c.Legs() {
		to.say("%-9s %s  %s %s", l.Participant.Purpose, timeline.Bar(&l, begin, end), cmp.Or(l.Participant.UserID, l.Participant.QueueID), l.Session.DisconnectType)
	}
	to.say("%9s %s", "", timeline.Legend)
	to.say("")
	for _, a := range announced {
		to.say("%s  %-24s %s", at(a.Logged.Time), a.Logged.Type, about(a.Logged.Data))
		for _, d := range a.Logged.Deliveries {
			to.say("%26shook %s: %s%s", "", d.Hook, d.State, tries(d.Attempts, d.Error))
		}
	}
}

func media(c *conversation.Conversation) string {
	var names []string
	for _, m := range c.MediaTypes() {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}

func customer(c *conversation.Conversation) string {
	is, known := c.Customer()
	switch {
	case is.Withheld:
		return "the number is withheld"
	case !known:
		return "not known"
	}
	return strings.TrimSpace(is.Address + " " + is.Name)
}

func tries(n int, failed string) string {
	text := ""
	if n > 0 {
		text = ", " + count(n, "failed try", "failed tries")
	}
	if failed != "" {
		text += ": " + inLine(failed)
	}
	return text
}

// harmless are the fields of an event's data that name nobody outside of Genesys.
var harmless = []string{"purpose", "userId", "queueId", "transferType", "disconnectType", "reason", "wrapUpCode"}

// about says what an event is about, as far as that is not personal.
func about(data []byte) string {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return ""
	}
	var said []string
	for _, name := range harmless {
		if text, is := fields[name].(string); is && text != "" {
			said = append(said, name+"="+text)
		}
	}
	return strings.Join(said, " ")
}
