package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
)

// printer writes for people to read.
type printer struct {
	out    io.Writer
	colour bool
	failed func(error) // the output cannot be written
	mu     sync.Mutex
}

func (p *printer) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(p.out, format+"\n", args...); err != nil {
		p.failed(err)
	}
}

// The colours of a terminal.
const (
	dim    = "2"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (p *printer) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// event writes a Common Event as one line.
func (p *printer) event(e events.Event) {
	h := e.Head()
	name := p.paint(cyan, fmt.Sprintf("%-22s", h.Type))
	when := h.Time.UTC().Format("15:04:05.000")
	p.say("%s  %s  %s", p.paint(dim, when), name, what(e))
}

// what says what an event is about.
func what(e events.Event) string {
	switch e := e.(type) {
	case *events.ConversationCreated:
		return fmt.Sprintf("%s %s", e.Direction, join(e.MediaTypes))
	case *events.ParticipantAdded:
		return strings.TrimSpace(fmt.Sprintf("%s %s", e.Purpose, who(e.UserID, e.QueueID)))
	case *events.AgentConnected:
		return fmt.Sprintf("%s took it%s", e.UserID, suffix(" from queue ", e.QueueID))
	case *events.AgentTransferred:
		target := cmp.Or(e.To.UserID, suffix("queue ", e.To.QueueID), e.To.Address, "somewhere unknown")
		return fmt.Sprintf("%s transferred it to %s (%s)", e.From.UserID, target, e.TransferType)
	case *events.AgentDisconnected:
		return fmt.Sprintf("%s hung up (%s)", e.UserID, e.DisconnectType)
	case *events.ConversationEnded:
		return fmt.Sprintf("after %v", e.ConversationEnd.Sub(e.ConversationStart).Round(time.Millisecond))
	case *events.ConversationReopened:
		return "it goes on"
	case *events.ConversationQueued:
		return "waits in queue " + e.QueueID
	case *events.AgentAlerted:
		return "it rings at " + e.UserID
	case *events.AgentUnanswered:
		return fmt.Sprintf("%s did not answer (%s)", e.UserID, e.Reason)
	case *events.AgentLeft:
		return fmt.Sprintf("%s is off it after %v (%s)", e.UserID, time.Duration(e.ConnectedDurationMs)*time.Millisecond, e.Reason)
	case *events.AgentWrappedUp:
		return fmt.Sprintf("%s wrapped up with %s", e.UserID, cmp.Or(e.WrapUpName, e.WrapUpCode))
	case *events.SurveyCompleted:
		return "survey" + score(" gave ", e.TotalScore)
	case *events.EvaluationReleased:
		return "evaluation of " + e.UserID + score(" gave ", e.TotalScore)
	}
	return ""
}

func who(user, queue string) string {
	return cmp.Or(user, queue)
}

func score(before string, score *float64) string {
	if score == nil {
		return ""
	}
	return fmt.Sprintf("%s%g of 100", before, *score)
}

func suffix(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func join(media []conversation.MediaType) string {
	var names []string
	for _, m := range media {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}
