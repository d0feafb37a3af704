package change

import (
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/store"
)

// Veto is what a Before hook has said of an event, with the attributes of the
// conversation that it has set.
type Veto struct {
	Hook, Reason string
	Attributes   map[string]string
}

// Asks reports whether the Before hooks are to be asked about the event.
func (p *Plan) Asks(e events.Event) bool {
	_, vetoed := p.vetoes[e.Head().ID]
	return !vetoed && p.Change.Vetoed == ""
}

// Veto has the event logged and not delivered. A veto of the conversation's
// creation leaves nothing of the change but a tombstone.
func (p *Plan) Veto(e events.Event, v Veto, now time.Time) {
	h := e.Head()
	if h.Type != events.TypeConversationCreated {
		p.SetAttributes(v.Attributes, now)
		vetoes := map[string]Veto{h.ID: v}
		for id, v := range p.vetoes {
			vetoes[id] = v
		}
		p.vetoes = vetoes
		return
	}
	c := p.Change
	reason := v.Reason
	if reason == "" {
		reason = "vetoed by " + v.Hook
	}
	*c = store.Change{ID: c.ID, Version: c.Version, From: c.From, Vetoed: reason, InTx: c.InTx}
	p.Events = nil
}

// Repeat says again, at its place among the events, what came with the veto of one in an
// attempt before: it is later than what hooks on earlier events set.
func (p *Plan) Repeat(e events.Event, now time.Time) {
	if v, vetoed := p.vetoes[e.Head().ID]; vetoed && p.Change.Vetoed == "" {
		p.SetAttributes(v.Attributes, now)
	}
}

// SetAttributes joins attributes that a Before hook has set to the
// conversation, so that the next hook sees them. They are newer than what it has,
// whatever the clock says: the hook has seen that.
func (p *Plan) SetAttributes(attributes map[string]string, now time.Time) {
	if len(attributes) == 0 {
		return
	}
	now = now.UTC().Truncate(time.Microsecond) // as stamps keep it
	newer := map[string]string{}
	for name, value := range attributes {
		by, at := p.Change.To.AttributeStated(name)
		if by == 0 || now.After(at) {
			newer[name] = value
			continue
		}
		// A clock may be coarse, or have been set back.
		p.state(map[string]string{name: value}, at.Add(time.Microsecond))
	}
	if len(newer) > 0 {
		p.state(newer, now)
	}
}

func (p *Plan) state(attributes map[string]string, at time.Time) {
	c := p.Change
	c.To = conversation.Merge(c.To, conversation.State(&conversation.Conversation{ID: c.ID, Attributes: attributes},
		conversation.Statement{By: conversation.SourceHost, At: at, Seen: at}))
}

// Log appends the events to the change, each with a delivery to every After
// hook that takes it. An announced end is kept with the conversation, so that
// what begins after it re-opens the conversation. An event of which nobody
// knows when it happened has happened now.
func (p *Plan) Log(takers func(events.Event) []string, now time.Time) error {
	p.keepEndings()
	p.tellAttributes(now)
	c := p.Change
	c.Events = nil
	for i, e := range p.Events {
		h := e.Head()
		h.Conversation = c.To
		if changed, ok := e.(*events.ConversationChanged); ok {
			changed.Compare(c.From, c.To) // Before hooks may have set attributes
		}
		if h.Time.IsZero() {
			h.Time = now.UTC().Truncate(time.Microsecond)
		}
		data, err := p.encoded(e)
		if err != nil {
			return fmt.Errorf("convtrack: %s %s of conversation %s cannot be encoded: %w", h.Type, h.ID, c.ID, err)
		}
		_, vetoed := p.vetoes[h.ID]
		entry := store.NewEvent{Event: store.Event{ID: h.ID, ConversationID: c.ID, Seq: p.lastSeq + int64(i) + 1,
			Type: string(h.Type), Time: h.Time, Rule: string(h.Rule), Data: data, Vetoed: vetoed}}
		if !vetoed {
			for _, hook := range takers(e) {
				entry.Deliveries = append(entry.Deliveries, store.NewDelivery{Hook: hook})
			}
		}
		c.Events = append(c.Events, entry)
	}
	return nil
}

// encoded returns the data of the event. Those of the host's own may be others by now: a
// Before hook has changed them.
func (p *Plan) encoded(e events.Event) ([]byte, error) {
	data, err := events.Encode(e)
	if before, own := p.data[e.Head().ID]; own && err != nil {
		return before, nil //nolint:nilerr // a Before hook has changed them so: they are kept as they were found
	}
	return data, err
}

// tellAttributes tells of a version that shows nothing new but attributes which Before
// hooks have set: nobody knew of it when the events were derived. So no Before hook is
// asked about it.
func (p *Plan) tellAttributes(now time.Time) {
	c := p.Change
	if !p.changed || c.Vetoed != "" || slices.ContainsFunc(p.Events, func(e events.Event) bool { return e.Head().Type == events.TypeConversationChanged }) {
		return
	}
	if e := events.ChangedIn(c.Version+1, c.From, c.To, now); e != nil {
		p.Events = append(slices.Clip(p.Events), e)
	}
}

func (p *Plan) keepEndings() {
	c := p.Change
	for _, e := range p.Events {
		if ended, ok := e.(*events.ConversationEnded); ok && !ended.ConversationEnd.IsZero() {
			c.To = conversation.Merge(c.To, conversation.State(&conversation.Conversation{ID: c.ID, Endings: []time.Time{ended.ConversationEnd}},
				conversation.Statement{By: conversation.SourceHost}))
		}
	}
}
